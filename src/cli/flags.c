#include "cli/flags.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "client/validate.h"

static const struct {
	char letter;
	const char *name;
} letters[] = {
	{ 'h', "help" },
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
	return name[typed.len] == '\0';
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
			*p = '-';
	return str_from(s);
}

static struct err *set_word(struct arena *a, const struct flag *f, const struct flag_use *use,
			    void *flags)
{
	CLEANUP(buf_done) struct buf list = buf_make(512);
	str words[32], near;
	size_t n = 0;

	for (; f->words[n + 1] && n < ARRAY_LEN(words); n++) {
		int value = (int)n + 1;

		words[n] = str_from(f->words[value]);
		if (str_eq(use->value, words[n])) {
			/* An enum is an int to both compilers; the struct's member has that size. */
			memcpy((char *)flags + f->offset, &value, sizeof(value));
			return NULL;
		}
		buf_printf(&list, "%s%.*s", n ? ", " : "", STRF(words[n]));
	}
	near = nearest(use->value, words, n);
	return str_empty(near)
		       ? FAIL(a, BAD_REQUEST, "'%.*s' is no value of %.*s: it takes %.*s",
			      STRF(use->value), STRF(use->spelled), STRF(buf_str(&list)))
		       : FAIL(a, BAD_REQUEST, "'%.*s' is no value of %.*s, did you mean '%.*s'?",
			      STRF(use->value), STRF(use->spelled), STRF(near));
}

static struct err *set_number(struct arena *a, const struct flag *f, const struct flag_use *use,
			      void *flags)
{
	bool duration = f->kind == FLAG_DURATION;
	i64 value;

	if (duration ? !time_from_duration(use->value, &value) : !str_to_i64(use->value, &value))
		return FAIL(a, BAD_REQUEST, "'%.*s' is no value of %.*s: it takes %s",
			    STRF(use->value), STRF(use->spelled),
			    duration ? "a time such as 90s, 15m, 2h, 7d" : "a whole number");
	if (value < f->min || value > f->max)
		return duration ? FAIL(a, BAD_REQUEST,
				       "%.*s is out of range: at least %" PRId64
				       "s, at most %" PRId64 "d",
				       STRF(use->spelled), f->min / 1000, f->max / 86400000)
				: FAIL(a, BAD_REQUEST,
				       "%.*s is out of range: %" PRId64 " to %" PRId64,
				       STRF(use->spelled), f->min, f->max);
	memcpy((char *)flags + f->offset, &value, sizeof(value));
	return NULL;
}

struct err *flag_set(struct arena *a, const struct flag *f, const struct flag_use *use, void *flags)
{
	char *member = (char *)flags + f->offset;

	if (f->kind == FLAG_BOOL && use->has_value)
		return FAIL(a, BAD_REQUEST, "%.*s takes no value", STRF(use->spelled));
	if (flag_takes_next(f) && !use->has_value)
		return FAIL(a, BAD_REQUEST, "%.*s needs a value: %.*s %s", STRF(use->spelled),
			    STRF(use->spelled), f->value);
	switch (f->kind) {
	case FLAG_BOOL: memcpy(member, &(bool){ true }, sizeof(bool)); return NULL;
	case FLAG_STR:
		if ((i64)use->value.len < f->min || (i64)use->value.len > f->max)
			return FAIL(a, BAD_REQUEST,
				    "the value of %.*s must have %" PRId64 " to %" PRId64 " bytes",
				    STRF(use->spelled), f->min, f->max);
		memcpy(member, &use->value, sizeof(str));
		return NULL;
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
