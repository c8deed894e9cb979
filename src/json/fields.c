/*
 * fields.c - from a parsed object into the struct of a field table.
 *
 * Members are taken in the order of the text and looked up in the table beginning with the
 * field after the last one found, so that a sender who keeps to the table's order pays one
 * comparison a member.
 */
#include "json/fields.h"

#include <assert.h>
#include <stdarg.h>

#include "json/text.h"

enum {
	FIELDS_MAX = 64,   /* fields of one table: one bit each */
	VALUE_QUOTED = 40, /* bytes of a value shown in an error */
	WHY_MAX = 512,     /* bytes of what is wrong with a field */
	HINT_DISTANCE = 2, /* edits up to which a word is offered as "did you mean" */
};

/* Where we are, innermost first; lives on the stack of the decoder. */
struct path {
	const struct path *up;
	const char *name;
	ptrdiff_t index; /* -1: the field itself, else an item of it */
};

struct decoder {
	struct arena *a;
	unsigned unknown;
};

static struct err *decode_object(struct decoder *d, const struct path *up, const struct json *obj,
				 const struct json_field *fields, char *args) MUST_CHECK;

static str path_text(struct arena *a, const struct path *path)
{
	str up = path->up ? path_text(a, path->up) : S("");
	const char *dot = path->up ? "." : "";

	if (path->index < 0)
		return arena_printf(a, "%.*s%s%s", STRF(up), dot, path->name);
	return arena_printf(a, "%.*s%s%s[%td]", STRF(up), dot, path->name, path->index);
}

static struct err *field_fail(struct decoder *d, const struct path *path, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static struct err *field_fail(struct decoder *d, const struct path *path, const char *fmt, ...)
{
	char why[WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return FAIL(d->a, BAD_REQUEST, "field '%.*s': %s", STRF(path_text(d->a, path)), why);
}

static struct err *fail_type(struct decoder *d, const struct path *path, const char *want,
			     const struct json *got)
{
	return field_fail(d, path, "expected %s, got %s", want, json_type_name(got->type));
}

/* "2 to 64 characters", "at least 1 item", "at most 20 bytes" */
static struct err *fail_size(struct decoder *d, const struct path *path, const char *unit, i64 min,
			     i64 max, size_t got)
{
	str range;

	if (min == max)
		range = arena_printf(d->a, "exactly %lld", (long long)max);
	else if (min > 0)
		range = arena_printf(d->a, "%lld to %lld", (long long)min, (long long)max);
	else
		range = arena_printf(d->a, "at most %lld", (long long)max);
	return field_fail(d, path, "expected %.*s %s, got %zu", STRF(range), unit, got);
}

static bool size_fits(size_t n, i64 min, i64 max)
{
	return (i64)n >= min && (i64)n <= max;
}

static struct err *decode_str(struct decoder *d, const struct path *path, const struct json *v,
			      const struct json_field *f, str *ret)
{
	bool hex = f->kind == JSON_K_HEX;
	i64 max = f->max ? f->max : FIELD_STR_MAX;

	if (v->type != JSON_STR)
		return fail_type(d, path, hex ? "hex digits" : "a string", v);
	if (!size_fits(v->s.len, f->min, max))
		return fail_size(d, path, hex ? "hex digits" : "bytes", f->min, max, v->s.len);
	for (size_t i = 0; hex && i < v->s.len; i++) {
		char c = v->s.ptr[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return field_fail(d, path, "character %zu is not a lower-case hex digit",
					  i + 1);
	}
	*ret = v->s;
	return NULL;
}

static struct err *decode_i64(struct decoder *d, const struct path *path, const struct json *v,
			      const struct json_field *f, i64 *ret)
{
	bool bounded = f->min || f->max;

	if (v->type == JSON_NUM)
		return field_fail(d, path, "%.*s is no whole number of 64 bits",
				  STRF(text_quotable(d->a, v->s, VALUE_QUOTED)));
	if (v->type != JSON_INT)
		return fail_type(d, path, "a whole number", v);
	if (bounded && v->i < f->min)
		return field_fail(d, path, "%lld is less than %lld", (long long)v->i,
				  (long long)f->min);
	if (bounded && v->i > f->max)
		return field_fail(d, path, "%lld is more than %lld", (long long)v->i,
				  (long long)f->max);
	*ret = v->i;
	return NULL;
}

/* "'soon' is not one of now, next, low (did you mean 'now'?)" */
static struct err *fail_word(struct decoder *d, const struct path *path, const char *const *words,
			     str got)
{
	str shown = text_quotable(d->a, got, VALUE_QUOTED), list = S(""), hint = S("");
	size_t nearest = HINT_DISTANCE + 1;
	const char *word = NULL;

	for (size_t i = 0; words[i]; i++) {
		size_t distance = str_distance(got, str_from(words[i]));

		if (!words[i][0])
			continue;
		list = arena_printf(d->a, "%.*s%s%s", STRF(list), list.len ? ", " : "", words[i]);
		/* As many edits as letters is no likeness. */
		if (distance < nearest && distance < strlen(words[i])) {
			nearest = distance;
			word = words[i];
		}
	}
	if (word)
		hint = arena_printf(d->a, " (did you mean '%s'?)", word);
	return field_fail(d, path, "'%.*s' is not one of %.*s%.*s", STRF(shown), STRF(list),
			  STRF(hint));
}

static struct err *decode_enum(struct decoder *d, const struct path *path, const struct json *v,
			       const struct json_field *f, int *ret)
{
	const char *const *words = f->sub;

	if (v->type != JSON_STR)
		return fail_type(d, path, "a string", v);
	for (int i = 0; words[i]; i++) {
		if (words[i][0] && str_eq(v->s, str_from(words[i]))) {
			*ret = i;
			return NULL;
		}
	}
	return fail_word(d, path, words, v->s);
}

static struct err *check_array(struct decoder *d, const struct path *path, const struct json *v,
			       const struct json_field *f)
{
	i64 max = f->max ? f->max : FIELD_LIST_MAX;

	if (v->type != JSON_ARR)
		return fail_type(d, path, "an array", v);
	if (!size_fits(v->count, f->min, max))
		return fail_size(d, path, "items", f->min, max, v->count);
	return NULL;
}

static struct err *decode_strs(struct decoder *d, const struct path *path, const struct json *v,
			       const struct json_field *f, struct strs *ret)
{
	static const struct json_field item_field = { .kind = JSON_K_STR };
	struct path at = { path->up, path->name, 0 };

	TRY(check_array(d, path, v, f));
	*ret = (struct strs){ .n = v->count, .present = true };
	if (v->count)
		ret->items = NEW_ARRAY(d->a, str, v->count);
	for (const struct json *item = v->first; item; item = item->next, at.index++)
		TRY(decode_str(d, &at, item, &item_field, &ret->items[at.index]));
	return NULL;
}

static struct err *decode_list(struct decoder *d, const struct path *path, const struct json *v,
			       const struct json_field *f, struct json_list *ret)
{
	const struct json_list_type *type = f->sub;
	struct path at = { path->up, path->name, 0 };

	TRY(check_array(d, path, v, f));
	*ret = (struct json_list){ .n = v->count, .present = true };
	if (v->count)
		ret->items = arena_array(d->a, type->size, v->count);
	for (const struct json *item = v->first; item; item = item->next, at.index++)
		TRY(decode_object(d, &at, item, type->fields,
				  (char *)ret->items + (size_t)at.index * type->size));
	return NULL;
}

static struct err *decode_field(struct decoder *d, const struct path *path, const struct json *v,
				const struct json_field *f, void *at)
{
	switch (f->kind) {
	case JSON_K_STR:
	case JSON_K_HEX: return decode_str(d, path, v, f, at);
	case JSON_K_I64: return decode_i64(d, path, v, f, at);
	case JSON_K_ENUM: return decode_enum(d, path, v, f, at);
	case JSON_K_STRS: return decode_strs(d, path, v, f, at);
	case JSON_K_LIST: return decode_list(d, path, v, f, at);
	case JSON_K_OBJ: *(bool *)at = true; return decode_object(d, path, v, f->sub, at);
	case JSON_K_ANY: *(const struct json **)at = v; return NULL;
	case JSON_K_BOOL:
		if (v->type != JSON_BOOL)
			return fail_type(d, path, "true or false", v);
		*(bool *)at = v->b;
		return NULL;
	}
	abort(); /* a kind that this file does not know */
}

static bool name_is(const char *name, str key)
{
	/* Keys hold no NUL, so this cannot read past the end of name. */
	return strncmp(name, key.ptr, key.len) == 0 && name[key.len] == '\0';
}

/* Index of the field called key, looked for from `from` on and around; n if there is none. */
static size_t field_find(const struct json_field *fields, size_t n, size_t from, str key)
{
	for (size_t i = from; i < n; i++)
		if (name_is(fields[i].name, key))
			return i;
	for (size_t i = 0; i < from; i++)
		if (name_is(fields[i].name, key))
			return i;
	return n;
}

static struct err *decode_object(struct decoder *d, const struct path *up, const struct json *obj,
				 const struct json_field *fields, char *args)
{
	size_t n = 0, next = 0;
	u64 seen = 0;

	while (fields[n].name)
		n++;
	assert(n <= FIELDS_MAX);
	if (!obj || obj->type != JSON_OBJ) {
		const char *got = obj ? json_type_name(obj->type) : "nothing";

		if (up)
			return fail_type(d, up, "an object", obj);
		return FAIL(d->a, BAD_REQUEST, "expected an object, got %s", got);
	}
	for (const struct json *v = obj->first; v; v = v->next) {
		size_t i = field_find(fields, n, next, v->key);
		struct path at = { .up = up, .index = -1 };

		if (i == n) {
			d->unknown++;
			continue;
		}
		next = i + 1;
		if (v->type == JSON_NULL) {
			if (fields[i].need & NULLABLE)
				seen |= (u64)1 << i;
			continue;
		}
		at.name = fields[i].name;
		TRY(decode_field(d, &at, v, &fields[i], args + fields[i].offset));
		seen |= (u64)1 << i;
	}
	for (size_t i = 0; i < n; i++) {
		struct path at = { up, fields[i].name, -1 };

		if ((fields[i].need & REQ) && !(seen >> i & 1))
			return FAIL(d->a, BAD_REQUEST, "field '%.*s' is missing",
				    STRF(path_text(d->a, &at)));
	}
	return NULL;
}

struct err *json_decode(struct arena *a, const struct json *obj, const struct json_field *fields,
			void *args, size_t args_size, unsigned *ret_unknown)
{
	struct decoder d = { .a = a };

	memset(args, 0, args_size);
	TRY(decode_object(&d, NULL, obj, fields, args));
	if (ret_unknown)
		*ret_unknown = d.unknown;
	return NULL;
}
