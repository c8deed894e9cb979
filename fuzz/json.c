/*
 * json.c - the JSON parser, writer, canonical form and field tables on any text.
 *
 * The parser must accept what jansson accepts, with the same values. They differ on purpose
 * in two things: we refuse nesting past JSON_DEPTH_MAX, jansson refuses numbers that a
 * 64-bit integer or a double cannot hold. (jansson 2.14 also loses a NUL byte behind a number
 * or a word; we refuse NUL anywhere.) What was accepted must survive writing and
 * parsing again; what decodes into the table must survive encoding and decoding.
 */
#include "json/fields.h"

/* jansson uses a few of our names for other things. */
#define json_type jansson_type
#define json_null jansson_null
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef json_type
#undef json_null
#undef JSON_NULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum mood { MOOD_ABSENT, MOOD_GOOD, MOOD_BAD };
static const char *const mood_words[] = { "", "good", "bad", NULL };
#define JSON_C_mood enum mood
#define JSON_KIND_mood JSON_K_ENUM
#define JSON_SUB_mood mood_words

#define ITEM_ARGS(F, T) \
	F(T, str, name, REQ, 1, 9, "item name") \
	F(T, i64, n, OPT, -9, 9, "small number")
JSON_LIST(item, ITEM_ARGS);
#define JSON_C_items struct item_list
#define JSON_KIND_items JSON_K_LIST
#define JSON_SUB_items &item_list_type

#define BOX_ARGS(F, T) \
	F(T, items, items, REQ, 0, 3, "list within an object") \
	F(T, strs, s, OPT, 0, 2, "texts")
JSON_OBJECT(box, BOX_ARGS);
#define JSON_C_box struct box_args
#define JSON_KIND_box JSON_K_OBJ
#define JSON_SUB_box box_fields

#define FUZZ_ARGS(F, T) \
	F(T, str, s, OPT, 0, 20, "text") \
	F(T, hex, h, OPT, 2, 4, "hex digits") \
	F(T, i64, i, OPT, 0, 0, "any number") \
	F(T, bool, b, OPT, 0, 0, "flag") \
	F(T, mood, m, OPT, 0, 0, "word") \
	F(T, strs, l, OPT, 1, 0, "texts") \
	F(T, any, a, OPT, 0, 0, "anything") \
	F(T, box, o, OPT, 0, 0, "object") \
	F(T, items, items, OPT, 0, 0, "list")
JSON_ARGS(fuzz, FUZZ_ARGS);

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz/json: %s\n", what);
	abort();
}

static void check_equal(const struct json *ours, const json_t *theirs)
{
	const json_t *child;
	size_t i = 0;

	switch (ours->type) {
	case JSON_NULL: check(json_typeof(theirs) == JANSSON_NULL, "null"); break;
	case JSON_BOOL:
		check(json_typeof(theirs) == (ours->b ? JSON_TRUE : JSON_FALSE), "bool");
		break;
	case JSON_INT:
		check(json_typeof(theirs) == JSON_INTEGER && json_integer_value(theirs) == ours->i,
		      "integer");
		break;
	case JSON_NUM: {
		CLEANUP(arena_freep) struct arena *a = arena_new();

		check(json_typeof(theirs) == JSON_REAL &&
			      json_real_value(theirs) == strtod(arena_cstr(a, ours->s), NULL),
		      "real");
		break;
	}
	case JSON_STR:
		check(json_typeof(theirs) == JSON_STRING &&
			      str_eq(ours->s,
				     str_of(json_string_value(theirs), json_string_length(theirs))),
		      "string");
		break;
	case JSON_ARR:
		check(json_typeof(theirs) == JSON_ARRAY && json_array_size(theirs) == ours->count,
		      "array");
		for (const struct json *v = ours->first; v; v = v->next, i++)
			check_equal(v, json_array_get(theirs, i));
		check(i == ours->count, "count of an array");
		break;
	case JSON_OBJ:
		check(json_typeof(theirs) == JSON_OBJECT && json_object_size(theirs) == ours->count,
		      "object");
		for (const struct json *v = ours->first; v; v = v->next, i++) {
			CLEANUP(arena_freep) struct arena *a = arena_new();

			child = json_object_get(theirs, arena_cstr(a, v->key));
			check(child != NULL, "member");
			check_equal(v, child);
		}
		check(i == ours->count, "count of an object");
		break;
	}
}

static void compare_with_jansson(str text, const struct json *ours, const struct err *e)
{
	json_error_t error;
	json_t *theirs = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
				    &error);

	if (ours && theirs)
		check_equal(ours, theirs);
	else if (ours)
		check(json_error_code(&error) == json_error_numeric_overflow,
		      "only jansson refused it");
	else if (theirs)
		check(str_contains(e->text, S("nested too deeply")), "only we refused it");
	if (e)
		check(e->code == ERR_BAD_JSON && str_is_utf8(e->text), "error");
	json_decref(theirs);
}

typedef void writer(struct json_out *o, const struct json *v);

static str write_all(struct arena *a, writer *write, const struct json *v, size_t max)
{
	struct buf buf = buf_make(max);
	struct json_out out = json_out(&buf);
	str text;

	write(&out, v);
	check(!buf.full && out.depth == 0, "size of what was written");
	text = arena_dup(a, buf_str(&buf));
	buf_done(&buf);
	return text;
}

/* Writing, parsing and writing again gives the same text. */
static void check_round_trip(struct arena *a, writer *write, const struct json *v, size_t max)
{
	str once = write_all(a, write, v, max);
	const struct json *again;

	check(!json_parse(a, once, &again), "what was written is not JSON");
	check(str_eq(once, again->raw), "raw is not the whole text");
	check(str_eq(once, write_all(a, write, again, max)), "round trip");
}

static str encode(struct arena *a, const struct fuzz_args *args, size_t max)
{
	struct buf buf = buf_make(max);
	struct json_out out = json_out(&buf);
	str text;

	json_obj(&out);
	json_encode(&out, fuzz_fields, args);
	json_obj_end(&out);
	check(!buf.full && out.depth == 0, "size of what was encoded");
	text = arena_dup(a, buf_str(&buf));
	buf_done(&buf);
	return text;
}

static void check_fields(struct arena *a, const struct json *v, size_t max)
{
	struct fuzz_args args, again;
	unsigned unknown;
	struct err *e = json_decode(a, v, fuzz_fields, &args, sizeof(args), &unknown);
	str text;

	if (e) {
		check(e->code == ERR_BAD_REQUEST && str_is_utf8(e->text), "error of a field");
		return;
	}
	text = encode(a, &args, max);
	check(!json_parse(a, text, &v), "what was encoded is not JSON");
	check(!json_decode(a, v, fuzz_fields, &again, sizeof(again), &unknown),
	      "what was encoded is refused");
	check(unknown == 0, "what was encoded is unknown");
	check(str_eq(text, encode(a, &again, max)), "encode is not the inverse of decode");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	/* Longest growth: "1e20," becomes 22 bytes. */
	size_t max = 8 * size + 64;
	const struct json *v = NULL;
	struct err *e = json_parse(a, str_of(data, size), &v);

	check((v == NULL) == (e != NULL), "result and error");
	if (size && memchr(data, 0, size))
		check(e != NULL, "a NUL byte is accepted");
	else
		compare_with_jansson(str_of(data, size), v, e);
	if (!v)
		return 0;
	check_round_trip(a, json_value, v, max);
	check_round_trip(a, json_canonical, v, max);
	check_round_trip(a, json_canonical_audit, v, max);
	check_fields(a, v, max);
	return 0;
}
