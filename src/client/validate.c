#include "client/validate.h"

#include <inttypes.h>

#include "base/clock.h"
#include "proto/limits.h"

enum { NEAREST_MAX = 3 };

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
	return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_group_char(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

static bool all_of(str s, bool (*is)(char c))
{
	for (size_t i = 0; i < s.len; i++)
		if (!is(s.ptr[i]))
			return false;
	return true;
}

static str lower(struct arena *a, str s)
{
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < s.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return str_of(p, s.len);
}

bool invalid_because(struct invalid *ret_why, str field, str input, const char *code, str reason,
		     str expected)
{
	*ret_why = (struct invalid){ .field = field, .input = input, .code = str_from(code),
				     .reason = reason, .expected = expected };
	return false;
}

bool valid_pubkey(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
{
	const str field = S("pubkey");
	const str expected = S("64 hex characters, as 'claudemesh peers --json' shows them");

	if (str_empty(text))
		return invalid_because(ret_why, field, text, "missing", S("no key given"), expected);
	if (text.len != 64)
		return invalid_because(ret_why, field, text, "wrong_length",
			     arena_printf(a, "a key has 64 characters, this has %zu", text.len),
			     expected);
	if (!all_of(text, is_hex))
		return invalid_because(ret_why, field, text, "non_hex", S("a key has hex digits only"), expected);
	*ret_value = lower(a, text);
	return true;
}

bool valid_pubkey_prefix(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
{
	const str field = S("pubkey");
	const str expected = arena_printf(a, "%d to 64 hex characters", PREFIX_MIN);

	if (str_empty(text))
		return invalid_because(ret_why, field, text, "missing", S("no key given"), expected);
	if (text.len < PREFIX_MIN)
		return invalid_because(ret_why, field, text, "too_short",
			arena_printf(a, "the beginning of a key needs %d characters, this has %zu",
				     PREFIX_MIN, text.len),
			expected);
	if (text.len > 64)
		return invalid_because(ret_why, field, text, "too_long",
			     arena_printf(a, "a key has 64 characters, this has %zu", text.len),
			     expected);
	if (!all_of(text, is_hex))
		return invalid_because(ret_why, field, text, "non_hex", S("a key has hex digits only"), expected);
	*ret_value = lower(a, text);
	return true;
}

bool valid_message_id(struct arena *a, str text, str *ret_value, bool *ret_is_prefix,
		      struct invalid *ret_why)
{
	const str field = S("messageId");
	const str expected =
		arena_printf(a, "%d to %d letters and digits, as 'claudemesh send' prints them",
			     PREFIX_MIN, MESSAGE_ID_MAX);

	if (str_empty(text))
		return invalid_because(ret_why, field, text, "missing", S("no message id given"), expected);
	if (text.len < PREFIX_MIN)
		return invalid_because(ret_why, field, text, "too_short",
			     arena_printf(a, "a message id needs %d characters, this has %zu",
					  PREFIX_MIN, text.len),
			     expected);
	if (text.len > MESSAGE_ID_MAX)
		return invalid_because(ret_why, field, text, "too_long",
			     arena_printf(a, "a message id has at most %d characters, this has %zu",
					  MESSAGE_ID_MAX, text.len),
			     expected);
	if (!all_of(text, is_alnum))
		return invalid_because(ret_why, field, text, "bad_charset",
			     S("a message id has letters and digits only"), expected);
	*ret_value = arena_dup(a, text);
	*ret_is_prefix = text.len < MESSAGE_ID_MAX;
	return true;
}

/* ^[a-z0-9]+(-[a-z0-9]+)*$ */
static bool slug_shaped(str s)
{
	char before = '-';

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!is_lower(c) && !is_digit(c) && (c != '-' || before == '-'))
			return false;
		before = c;
	}
	return before != '-';
}

bool valid_slug(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
{
	const str field = S("slug");
	const str expected = S(
		"2 to 64 lower-case letters and digits, with single '-' between them, as 'claudemesh "
		"list' shows");

	if (str_empty(text))
		return invalid_because(ret_why, field, text, "missing", S("no mesh given"), expected);
	if (text.len < SLUG_MIN || text.len > SLUG_MAX)
		return invalid_because(ret_why, field, text, "wrong_length",
			     arena_printf(a, "a mesh slug has %d to %d characters, this has %zu",
					  SLUG_MIN, SLUG_MAX, text.len),
			     expected);
	if (!slug_shaped(text))
		return invalid_because(ret_why, field, text, "bad_format", S("it is not shaped like a mesh slug"),
			     expected);
	*ret_value = arena_dup(a, text);
	return true;
}

bool valid_word(struct arena *a, str field, str text, const char *const words[], int *ret_value,
		struct invalid *ret_why)
{
	str expected = STR_NONE, known[32];
	size_t n = 0;

	for (int i = 1; words[i]; i++) {
		if (str_eq_nocase(text, str_from(words[i]))) {
			*ret_value = i;
			return true;
		}
		expected = i == 1 ? str_from(words[i])
				  : arena_printf(a, "%.*s, %s", STRF(expected), words[i]);
		if (n < ARRAY_LEN(known))
			known[n++] = str_from(words[i]);
	}
	invalid_because(ret_why, field, text, str_empty(text) ? "missing" : "bad_format",
	      str_empty(text) ? arena_printf(a, "no %.*s given", STRF(field))
			      : arena_printf(a, "there is no %.*s '%.*s'", STRF(field), STRF(text)),
	      arena_printf(a, "one of %.*s", STRF(expected)));
	ret_why->nearest = nearest(text, known, n);
	return false;
}

bool valid_priority(struct arena *a, str text, enum priority *ret_value, struct invalid *ret_why)
{
	int value;

	if (!valid_word(a, S("priority"), text, priority_words, &value, ret_why))
		return false;
	*ret_value = (enum priority)value;
	return true;
}

bool valid_status(struct arena *a, str text, enum status *ret_value, struct invalid *ret_why)
{
	int value;

	if (!valid_word(a, S("status"), text, status_words, &value, ret_why))
		return false;
	*ret_value = (enum status)value;
	return true;
}

static str duration_text(struct arena *a, i64 ms)
{
	static const struct {
		i64 ms;
		const char *unit;
	} units[] = {
		{ 86400000, "d" },
		{ 3600000, "h" },
		{ 60000, "m" },
		{ 1000, "s" },
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (ms >= units[i].ms && ms % units[i].ms == 0)
			return arena_printf(a, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
	return arena_printf(a, "%" PRId64 " ms", ms);
}

bool valid_duration(struct arena *a, str text, i64 min_ms, i64 max_ms, i64 *ret_ms,
		    struct invalid *ret_why)
{
	const str least = duration_text(a, min_ms), most = duration_text(a, max_ms);
	const str expected = arena_printf(a, "a number and s, m, h or d, from %.*s to %.*s",
					  STRF(least), STRF(most));
	i64 ms;

	if (str_empty(text))
		return invalid_because(ret_why, S("duration"), text, "missing", S("no duration given"), expected);
	if (!time_from_duration(text, &ms))
		return invalid_because(ret_why, S("duration"), text, "bad_format", S("it is not a duration"),
			     expected);
	if (ms < min_ms)
		return invalid_because(ret_why, S("duration"), text, "too_short", S("that is too short"), expected);
	if (ms > max_ms)
		return invalid_because(ret_why, S("duration"), text, "too_long", S("that is too long"), expected);
	*ret_ms = ms;
	return true;
}

bool valid_number(struct arena *a, str field, str text, i64 min, i64 max, i64 *ret_value,
		  struct invalid *ret_why)
{
	const str expected = arena_printf(a, "a whole number from %" PRId64 " to %" PRId64, min,
					  max);
	i64 value;

	if (str_empty(text))
		return invalid_because(ret_why, field, text, "missing",
			     arena_printf(a, "no %.*s given", STRF(field)), expected);
	if (!str_to_i64(text, &value))
		return invalid_because(ret_why, field, text, "bad_format", S("it is not a whole number"), expected);
	if (value < min)
		return invalid_because(ret_why, field, text, "too_short", S("it is too small"), expected);
	if (value > max)
		return invalid_because(ret_why, field, text, "too_long", S("it is too large"), expected);
	*ret_value = value;
	return true;
}

bool valid_group(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
{
	const str expected = arena_printf(a, "1 to %d letters, digits, '_', '-', '.' and '/'",
					  NAME_BYTES_MAX);

	if (str_starts(text, S("@")))
		text = str_skip(text, 1);
	if (str_empty(text))
		return invalid_because(ret_why, S("group"), text, "missing", S("no group given"), expected);
	if (text.len > NAME_BYTES_MAX)
		return invalid_because(ret_why, S("group"), text, "too_long",
			     arena_printf(a, "a group name has at most %d characters, this has %zu",
					  NAME_BYTES_MAX, text.len),
			     expected);
	if (!all_of(text, is_group_char))
		return invalid_because(ret_why, S("group"), text, "bad_charset",
			     S("it has characters that no group name has"), expected);
	*ret_value = arena_dup(a, text);
	return true;
}

static bool is_topic_char(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

bool valid_topic(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
{
	const str field = S("topic");
	const str expected = arena_printf(a, "1 to %d letters, digits, '_', '-' and '.'", TOPIC_NAME_BYTES_MAX);
	str name = str_starts(text, S("#")) ? str_skip(text, 1) : text;

	if (str_empty(name))
		return invalid_because(ret_why, field, text, "missing", S("no topic given"), expected);
	if (name.len > TOPIC_NAME_BYTES_MAX)
		return invalid_because(ret_why, field, text, "too_long",
				       arena_printf(a, "the name of a topic has at most %d characters, this has %zu",
						    TOPIC_NAME_BYTES_MAX, name.len),
				       expected);
	if (!all_of(name, is_topic_char))
		return invalid_because(ret_why, field, text, "bad_charset",
				       S("it has characters that no topic's name has"), expected);
	*ret_value = arena_dup(a, name);
	return true;
}

static bool is_control(char c)
{
	return (u8)c < 0x20 || c == 0x7f;
}

bool valid_name(struct arena *a, str field, str text, size_t max, str *ret_value,
		struct invalid *ret_why)
{
	const str expected = arena_printf(a, "1 to %zu bytes of text on one line", max);
	str name = str_trim(text);

	if (str_empty(name))
		return invalid_because(ret_why, field, text, "missing",
				       arena_printf(a, "no %.*s given", STRF(field)), expected);
	if (name.len > max)
		return invalid_because(ret_why, field, text, "too_long",
				       arena_printf(a, "a %.*s has at most %zu bytes, this has %zu",
						    STRF(field), max, name.len),
				       expected);
	for (size_t i = 0; i < name.len; i++)
		if (is_control(name.ptr[i]))
			return invalid_because(ret_why, field, text, "bad_charset",
					       arena_printf(a, "a %.*s has no control characters",
							    STRF(field)),
					       expected);
	*ret_value = arena_dup(a, name);
	return true;
}

bool valid_target(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
{
	const str field = S("target");
	const str expected =
		arena_printf(a, "a name, a key or its first %d digits or more, '@group' or '*'", PREFIX_MIN);
	str who = str_trim(text);

	if (str_empty(who))
		return invalid_because(ret_why, field, text, "missing", S("no recipient given"), expected);
	if (str_starts(who, S("#")))
		return invalid_because(ret_why, field, text, "bad_format",
				       S("that names a topic, not a peer"), expected);
	if (str_starts(who, S("@"))) {
		if (!valid_group(a, who, ret_value, ret_why))
			return false;
		*ret_value = arena_dup(a, who);
		return true;
	}
	if (who.len > 64 && all_of(who, is_hex))
		return invalid_because(ret_why, field, text, "wrong_length",
				       arena_printf(a, "a key has 64 characters, this has %zu", who.len),
				       expected);
	if (!valid_name(a, field, who, NAME_BYTES_MAX, ret_value, ret_why)) {
		ret_why->expected = expected;
		return false;
	}
	return true;
}

static str lower_short(str s, char room[64])
{
	if (s.len > 64)
		return s;
	for (size_t i = 0; i < s.len; i++)
		room[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] - 'A' + 'a')
							     : s.ptr[i];
	return str_of(room, s.len);
}

str nearest(str text, const str *words, size_t n)
{
	/* A third of the letters may be wrong, at most NEAREST_MAX of them. */
	size_t best = MIN(text.len / 3 + 1, (size_t)NEAREST_MAX) + 1;
	char text_room[64], word_room[64];
	str found = STR_NONE, typed = lower_short(text, text_room);

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(typed, lower_short(words[i], word_room));

		if (d < best && d < words[i].len) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

struct err *invalid_err(struct arena *a, const struct invalid *why)
{
	struct err *e = str_empty(why->nearest)
				? FAIL(a, BAD_REQUEST, "%.*s; expected: %.*s", STRF(why->reason),
				       STRF(why->expected))
				: FAIL(a, BAD_REQUEST, "%.*s; expected: %.*s; did you mean '%.*s'?",
				       STRF(why->reason), STRF(why->expected), STRF(why->nearest));

	return err_explain(a, e,
			   &(struct err_tiers){ .field = why->field,
						.input = why->input,
						.code = why->code,
						.reason = why->reason,
						.expected = why->expected,
						.nearest = why->nearest });
}
