#include "json/json.h"

#include "json/text.h"

enum {
	KEYS_PAIRWISE = 16, /* objects up to this size are checked for duplicates without sorting */
	KEY_QUOTED = 64,    /* bytes of a key shown in an error */
};

struct scan {
	struct arena *a;
	const char *start, *p, *end;
	int depth;
};

static struct err *scan_value(struct scan *s, struct json *v) MUST_CHECK;

/* All complaints have the same shape; `at` is counted from 0. */
static struct err *scan_fail(const struct scan *s, const char *at, const char *what)
{
	if (at == s->end)
		return FAIL(s->a, BAD_JSON, "not JSON: %s, but the text ends at byte %zu", what,
			    (size_t)(at - s->start));
	return FAIL(s->a, BAD_JSON, "not JSON: %s at byte %zu", what, (size_t)(at - s->start));
}

static inline void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static inline bool take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* Four hex digits at p; -1 if they are not there. */
static int hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

static char *put_utf8(char *out, u32 c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (char)(0xe0 | c >> 12);
		} else {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

/* \uXXXX, *p behind the 'u'. */
static struct err *unescape_code(const struct scan *s, const char **p, const char *end, char **out)
{
	const char *at = *p - 2;
	int unit = hex4(*p, end), low;
	u32 code;

	if (unit < 0)
		return scan_fail(s, at, "\\u without four hex digits");
	if (unit == 0)
		return scan_fail(s, at, "U+0000 is not allowed");
	*p += 4;
	code = (u32)unit;
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return scan_fail(s, at, "second half of a surrogate pair without the first");
	if (unit >= 0xd800 && unit <= 0xdbff) {
		low = end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex4(*p + 2, end) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return scan_fail(s, at,
					 "first half of a surrogate pair without the second");
		*p += 6;
		code = 0x10000 + ((code - 0xd800) << 10) + ((u32)low - 0xdc00);
	}
	*out = put_utf8(*out, code);
	return NULL;
}

/* What a one-letter escape stands for; 0 if there is no such escape. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/': return c;
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return 0;
	}
}

/* Decodes text between two quotes that holds escapes; never longer than the source. */
static struct err *unescape(const struct scan *s, str text, str *ret)
{
	const char *p = text.ptr, *end = p + text.len;
	char *begin = arena_alloc(s->a, text.len), *out = begin;
	u64 high = 0;

	while (p < end) {
		const char *stop = text_plain_run(p, end, &high);

		memcpy(out, p, (size_t)(stop - p));
		out += stop - p;
		p = stop;
		if (p == end)
			break;
		/* A backslash, never the last byte: scan_string() has made sure. */
		p += 2;
		if (p[-1] == 'u') {
			TRY(unescape_code(s, &p, end, &out));
			continue;
		}
		*out = short_escape(p[-1]);
		if (!*out++)
			return scan_fail(s, p - 2, "unknown escape");
	}
	*ret = str_of(begin, (size_t)(out - begin));
	return NULL;
}

/* s->p is behind the opening quote; leaves it behind the closing one. */
static inline struct err *scan_string(struct scan *s, str *ret)
{
	const char *begin = s->p, *p = begin;
	bool escapes = false;
	u64 high = 0;
	str text;

	for (;;) {
		p = text_plain_run(p, s->end, &high);
		if (p == s->end)
			return scan_fail(s, p, "a string is not closed");
		if (*p == '"')
			break;
		if (*p != '\\')
			return scan_fail(s, p, "control character in a string");
		escapes = true;
		if (s->end - p < 2)
			return scan_fail(s, s->end, "a string is not closed");
		/* The escaped byte is looked at in unescape(); if it is a control character or the
		 * start of a multi-byte sequence, it fails there. */
		p += 2;
	}
	s->p = p + 1;
	text = str_of(begin, (size_t)(p - begin));
	if (high && !str_is_utf8(text))
		return scan_fail(s, begin, "invalid UTF-8 in the string");
	if (escapes)
		return unescape(s, text, ret);
	*ret = text;
	return NULL;
}

static bool skip_digits(struct scan *s)
{
	const char *begin = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > begin;
}

static struct err *scan_number(struct scan *s, struct json *v)
{
	const char *begin = s->p;
	bool whole = true;

	take(s, '-');
	if (!take(s, '0') && !skip_digits(s))
		return scan_fail(s, s->p, "expected a digit");
	if (take(s, '.')) {
		whole = false;
		if (!skip_digits(s))
			return scan_fail(s, s->p, "expected a digit");
	}
	if (take(s, 'e') || take(s, 'E')) {
		whole = false;
		if (!take(s, '+'))
			take(s, '-');
		if (!skip_digits(s))
			return scan_fail(s, s->p, "expected a digit");
	}
	v->s = str_of(begin, (size_t)(s->p - begin));
	v->type = whole && str_to_i64(v->s, &v->i) ? JSON_INT : JSON_NUM;
	return NULL;
}

static int key_order(const void *x, const void *y)
{
	const struct json *a = *(const struct json *const *)x, *b = *(const struct json *const *)y;
	int order = str_cmp(a->key, b->key);

	/* Equal keys in source order, so that the second one is reported. */
	return order ? order : a->raw.ptr < b->raw.ptr ? -1 : 1;
}

static struct err *fail_twice(const struct scan *s, const struct json *second)
{
	return FAIL(s->a, BAD_JSON,
		    "not JSON: key '%.*s' twice in one object, second value at byte %zu",
		    STRF(text_quotable(s->a, second->key, KEY_QUOTED)),
		    (size_t)(second->raw.ptr - s->start));
}

static struct err *check_keys(const struct scan *s, const struct json *obj)
{
	const struct json **sorted;
	size_t n = 0;

	if (obj->count <= KEYS_PAIRWISE) {
		for (const struct json *x = obj->first; x; x = x->next)
			for (const struct json *y = obj->first; y != x; y = y->next)
				if (str_eq(x->key, y->key))
					return fail_twice(s, x);
		return NULL;
	}
	sorted = NEW_ARRAY(s->a, const struct json *, obj->count);
	for (const struct json *x = obj->first; x; x = x->next)
		sorted[n++] = x;
	qsort(sorted, n, sizeof(*sorted), key_order);
	for (size_t i = 1; i < n; i++)
		if (str_eq(sorted[i - 1]->key, sorted[i]->key))
			return fail_twice(s, sorted[i]);
	return NULL;
}

static struct err *scan_members(struct scan *s, struct json *v)
{
	struct json **tail = &v->first;

	do {
		struct json *member = NEW(s->a, struct json);

		skip_space(s);
		if (!take(s, '"'))
			return scan_fail(s, s->p, "expected a key in quotes");
		TRY(scan_string(s, &member->key));
		skip_space(s);
		if (!take(s, ':'))
			return scan_fail(s, s->p, "expected ':'");
		TRY(scan_value(s, member));
		*tail = member;
		tail = &member->next;
		v->count++;
	} while (take(s, ','));
	if (!take(s, '}'))
		return scan_fail(s, s->p, "expected ',' or '}'");
	return check_keys(s, v);
}

static struct err *scan_items(struct scan *s, struct json *v)
{
	struct json **tail = &v->first;

	do {
		struct json *item = NEW(s->a, struct json);

		TRY(scan_value(s, item));
		*tail = item;
		tail = &item->next;
		v->count++;
	} while (take(s, ','));
	if (!take(s, ']'))
		return scan_fail(s, s->p, "expected ',' or ']'");
	return NULL;
}

/* s->p is at the opening bracket. */
static struct err *scan_nested(struct scan *s, struct json *v)
{
	bool is_obj = *s->p == '{';

	v->type = is_obj ? JSON_OBJ : JSON_ARR;
	if (s->depth == JSON_DEPTH_MAX)
		return scan_fail(s, s->p, "nested too deeply");
	s->p++;
	s->depth++;
	skip_space(s);
	if (!take(s, is_obj ? '}' : ']'))
		TRY(is_obj ? scan_members(s, v) : scan_items(s, v));
	s->depth--;
	return NULL;
}

static struct err *scan_word(struct scan *s, struct json *v)
{
	static const struct {
		str word;
		enum json_type type;
		bool b;
	} words[] = {
		{ S("true"), JSON_BOOL, true },
		{ S("false"), JSON_BOOL, false },
		{ S("null"), JSON_NULL, false },
	};
	str rest = str_of(s->p, (size_t)(s->end - s->p));

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_starts(rest, words[i].word))
			continue;
		s->p += words[i].word.len;
		v->type = words[i].type;
		v->b = words[i].b;
		return NULL;
	}
	return scan_fail(s, s->p, "expected a value");
}

/* A value with the space around it. */
static struct err *scan_value(struct scan *s, struct json *v)
{
	skip_space(s);
	v->raw.ptr = s->p;
	if (s->p == s->end) {
		return scan_fail(s, s->p, "expected a value");
	} else if (*s->p == '"') {
		s->p++;
		v->type = JSON_STR;
		TRY(scan_string(s, &v->s));
	} else if (*s->p == '{' || *s->p == '[') {
		TRY(scan_nested(s, v));
	} else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) {
		TRY(scan_number(s, v));
	} else {
		TRY(scan_word(s, v));
	}
	v->raw.len = (size_t)(s->p - v->raw.ptr);
	skip_space(s);
	return NULL;
}

struct err *json_parse(struct arena *a, str text, const struct json **ret_value)
{
	const char *begin = text.ptr ? text.ptr : "";
	struct scan s = { .a = a, .start = begin, .p = begin, .end = begin + text.len };
	struct json *v = NEW(a, struct json);

	TRY(scan_value(&s, v));
	if (s.p != s.end)
		return scan_fail(&s, s.p, "expected the end of the text");
	*ret_value = v;
	return NULL;
}
