#include "cli/flags.h"

#include <inttypes.h>

#include "client/validate.h"

static const struct {
	char letter;
	const char *name;
} letters[] = {
	{ 'f', "follow" },
	{ 'h', "help" },
	{ 'n', "lines" },
	{ 'q', "quiet" },
	{ 'V', "version" },
	{ 'y', "yes" },
};

char flag_letter(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (str_eq(str_from(letters[i].name), str_from(name)))
			return letters[i].letter;
	return 0;
}

const char *flag_of_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (letters[i].letter == letter)
			return letters[i].name;
	return NULL;
}

/* Does the name of a row, its underscores taken for dashes, read like this? */
static bool spelled_like(const char *name, str typed)
{
	for (size_t i = 0; i < typed.len; i++) {
		char c = name[i] == '_' ? '-' : name[i];

		if (c == '\0' || c != typed.ptr[i])
			return false;
	}
	/* "continue_" is --continue: C has taken the word. */
	return name[typed.len] == '\0' || strcmp(name + typed.len, "_") == 0;
}

const struct flag *flag_get(const struct flag *table, str name)
{
	for (const struct flag *f = table; f && f->name; f++)
		if (spelled_like(f->name, name))
			return f;
	return NULL;
}

str flag_spelling(struct arena *a, const struct flag *f)
{
	char *s = arena_cstr(a, str_from(f->name));

	for (char *p = s; *p; p++)
		if (*p == '_')
			*p = p[1] ? '-' : '\0';
	return str_from(s);
}

/* The three tiers, about the flag as it was typed. */
static struct err *wrong_value(struct arena *a, const struct flag_use *use, struct invalid *why)
{
	why->field = use->name;
	why->input = use->has_value ? arena_printf(a, "%.*s %.*s", STRF(use->spelled), STRF(use->value))
				    : use->spelled;
	return invalid_err(a, why);
}

static struct err *wrong_form(struct arena *a, const struct flag *f, const struct flag_use *use)
{
	struct invalid why;

	if (f->kind == FLAG_BOOL)
		invalid_because(&why, use->name, use->value, "bad_format",
				arena_printf(a, "%.*s takes no value", STRF(use->spelled)),
				arena_printf(a, "%.*s alone", STRF(use->spelled)));
	else
		invalid_because(&why, use->name, use->value, "missing",
				arena_printf(a, "%.*s needs a value", STRF(use->spelled)),
				arena_printf(a, "%.*s %s", STRF(use->spelled), f->value));
	return wrong_value(a, use, &why);
}

static struct err *set_word(struct arena *a, const struct flag *f, const struct flag_use *use,
			    void *flags)
{
	struct invalid why;
	int value;

	if (!valid_word(a, use->name, use->value, f->words, &value, &why))
		return wrong_value(a, use, &why);
	/* An enum is an int to both compilers; the struct's member has that size. */
	memcpy((char *)flags + f->offset, &value, sizeof(value));
	return NULL;
}

static struct err *set_number(struct arena *a, const struct flag *f, const struct flag_use *use,
			      void *flags)
{
	struct invalid why;
	i64 value;
	bool ok = f->kind == FLAG_DURATION
			  ? valid_duration(a, use->value, f->min, f->max, &value, &why)
			  : valid_number(a, use->name, use->value, f->min, f->max, &value, &why);

	if (!ok)
		return wrong_value(a, use, &why);
	memcpy((char *)flags + f->offset, &value, sizeof(value));
	return NULL;
}

static struct err *set_text(struct arena *a, const struct flag *f, const struct flag_use *use,
			    void *flags)
{
	i64 len = (i64)use->value.len;
	struct invalid why;

	if (len < f->min || len > f->max) {
		invalid_because(&why, use->name, use->value,
				len == 0 ? "missing" : len < f->min ? "too_short" : "too_long",
				arena_printf(a, "the value of %.*s has %" PRId64 " bytes", STRF(use->spelled), len),
				arena_printf(a, "%" PRId64 " to %" PRId64 " bytes", f->min, f->max));
		return wrong_value(a, use, &why);
	}
	memcpy((char *)flags + f->offset, &use->value, sizeof(str));
	return NULL;
}

struct err *flag_set(struct arena *a, const struct flag *f, const struct flag_use *use, void *flags)
{
	char *member = (char *)flags + f->offset;

	if ((f->kind == FLAG_BOOL && use->has_value) || (flag_takes_next(f) && !use->has_value))
		return wrong_form(a, f, use);
	switch (f->kind) {
	case FLAG_BOOL: memcpy(member, &(bool){ true }, sizeof(bool)); return NULL;
	case FLAG_STR: return set_text(a, f, use, flags);
	case FLAG_I64:
	case FLAG_DURATION: return set_number(a, f, use, flags);
	case FLAG_CHOICE:
		if (!use->has_value) {
			memcpy(member, &(int){ 1 }, sizeof(int));
			return NULL;
		}
		return set_word(a, f, use, flags);
	case FLAG_ENUM: return set_word(a, f, use, flags);
	case FLAG_FIELDS:
		memcpy(member, use->has_value ? &use->value : &S(""), sizeof(str));
		return NULL;
	}
	return NULL;
}
