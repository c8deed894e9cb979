#include "cli/argument.h"

#include "client/validate.h"
#include "proto/limits.h"

static bool check_id(struct arena *a, str text, struct invalid *why)
{
	bool is_prefix;
	str value;

	return valid_message_id(a, text, &value, &is_prefix, why);
}

static bool check_target(struct arena *a, str text, struct invalid *why)
{
	str value;

	return valid_target(a, text, &value, why);
}

static bool check_topic(struct arena *a, str text, struct invalid *why)
{
	str value;

	return valid_topic(a, text, &value, why);
}

/* A peer or a topic. */
static bool check_to(struct arena *a, str text, struct invalid *why)
{
	str to = str_trim(text);

	return str_starts(to, S("#")) ? check_topic(a, to, why) : check_target(a, text, why);
}

static bool check_group(struct arena *a, str text, struct invalid *why)
{
	str value;

	return valid_group(a, text, &value, why);
}

static bool check_status(struct arena *a, str text, struct invalid *why)
{
	enum status value;

	return valid_status(a, text, &value, why);
}

static bool check_slug(struct arena *a, str text, struct invalid *why)
{
	str value;

	return valid_slug(a, text, &value, why);
}

static bool check_mesh_name(struct arena *a, str text, struct invalid *why)
{
	str value;

	return valid_name(a, S("name"), text, NAME_BYTES_MAX, &value, why);
}

bool argument_bool(str text, bool *ret_value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "true", true },   { "yes", true }, { "1", true }, { "on", true },
		{ "false", false }, { "no", false }, { "0", false }, { "off", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(text, str_from(words[i].word))) {
			*ret_value = words[i].value;
			return true;
		}
	}
	return false;
}

static bool check_bool(struct arena *a, str text, struct invalid *why)
{
	bool value;

	return argument_bool(text, &value) ||
	       invalid_because(why, S("value"), text, "bad_format",
			       arena_printf(a, "'%.*s' is neither true nor false", STRF(text)),
			       S("true, yes, on, 1 or false, no, off, 0"));
}

static const struct {
	const char *form;
	bool (*check)(struct arena *a, str text, struct invalid *why);
	enum offer offer;
} forms[] = {
	{ "WHO", check_target, OFFER_PEER },
	{ "PEER", check_target, OFFER_PEER },
	{ "WHO|#TOPIC", check_to, OFFER_PEER },
	{ "TOPIC", check_topic, OFFER_TOPIC },
	{ "ID", check_id, OFFER_NOTHING },
	{ "GROUP", check_group, OFFER_GROUP },
	{ "STATUS", check_status, OFFER_WORDS },
	{ "true|false", check_bool, OFFER_WORDS },
	{ "NAME", check_mesh_name, OFFER_NOTHING },
	{ "SLUG", NULL, OFFER_MESH }, /* config.c, which knows those joined */
	{ "NEW", check_slug, OFFER_NOTHING },
	{ "FILE", NULL, OFFER_FILE },
	{ "COMMAND", NULL, OFFER_COMMAND },
};

str argument_name(str form)
{
	if (str_starts(form, S("[")) && str_ends(form, S("]"))) {
		form = str_skip(form, 1);
		form.len--;
	}
	if (str_ends(form, S("...")))
		form.len -= 3;
	return form;
}

/* "bash|zsh|fish": one of these words. */
static struct err *check_words(struct arena *a, str form, str value)
{
	const char *words[16] = { "" };
	struct invalid why;
	size_t n = 1;
	int found;
	str word;

	while (n < ARRAY_LEN(words) - 1 && str_cut(&form, '|', &word))
		words[n++] = arena_cstr(a, word);
	return valid_word(a, S("word"), value, words, &found, &why) ? NULL : invalid_err(a, &why);
}

struct err *argument_check(struct arena *a, str form, str value)
{
	str name = argument_name(form);
	struct invalid why;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (!str_eq(str_from(forms[i].form), name))
			continue;
		return !forms[i].check || forms[i].check(a, value, &why) ? NULL : invalid_err(a, &why);
	}
	return str_index(name, '|') >= 0 ? check_words(a, name, value) : NULL;
}

enum offer argument_offer(str form, str *ret_words)
{
	str name = argument_name(form);

	enum offer offer = str_index(name, '|') >= 0 ? OFFER_WORDS : OFFER_NOTHING;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (str_eq(str_from(forms[i].form), name))
			offer = forms[i].offer;
	*ret_words = offer != OFFER_WORDS ? STR_NONE : str_eq(name, S("STATUS")) ? S("idle|working|dnd") : name;
	return offer;
}
