/*
 * fields_out.c - the other two products of a field table: the encoder and the schema.
 */
#include "json/fields.h"

#include <assert.h>

/* True if the member stands for "not given" and may be left out. */
static bool is_absent(const struct json_field *f, const void *at)
{
	const struct json_list *list = at;

	switch (f->kind) {
	case JSON_K_STR:
	case JSON_K_HEX: return !((const str *)at)->ptr;
	case JSON_K_I64: return *(const i64 *)at == 0;
	case JSON_K_BOOL:
	case JSON_K_OBJ: return !*(const bool *)at;
	case JSON_K_ANY: return !*(const struct json *const *)at;
	case JSON_K_ENUM: return *(const int *)at == 0;
	case JSON_K_STRS:
	case JSON_K_LIST: return !list->present && list->n == 0;
	}
	return true;
}

static void encode_list(struct json_out *o, const struct json_field *f,
			const struct json_list *list)
{
	const struct json_list_type *type = f->sub;

	json_arr(o);
	for (size_t i = 0; i < list->n; i++) {
		json_obj(o);
		json_encode(o, type->fields, (const char *)list->items + i * type->size);
		json_obj_end(o);
	}
	json_arr_end(o);
}

static void encode_strs(struct json_out *o, const struct strs *list)
{
	json_arr(o);
	for (size_t i = 0; i < list->n; i++)
		json_str(o, list->items[i].ptr ? list->items[i] : S(""));
	json_arr_end(o);
}

static void encode_enum(struct json_out *o, const struct json_field *f, int value)
{
	const char *const *words = f->sub;

	/* Checked step by step: a value past the table is our bug, not something to read. */
	for (int i = 0; i < value; i++)
		assert(words[i]);
	assert(value >= 0 && words[value]);
	json_str(o, words[value][0] ? str_from(words[value]) : STR_NONE);
}

static void encode_value(struct json_out *o, const struct json_field *f, const void *at)
{
	switch (f->kind) {
	case JSON_K_STR:
	case JSON_K_HEX: json_str(o, *(const str *)at); break;
	case JSON_K_I64: json_int(o, *(const i64 *)at); break;
	case JSON_K_BOOL: json_bool(o, *(const bool *)at); break;
	case JSON_K_STRS: encode_strs(o, at); break;
	case JSON_K_LIST: encode_list(o, f, at); break;
	case JSON_K_ENUM: encode_enum(o, f, *(const int *)at); break;
	case JSON_K_ANY:
		if (is_absent(f, at))
			json_null(o);
		else
			json_value(o, *(const struct json *const *)at);
		break;
	case JSON_K_OBJ:
		if (is_absent(f, at)) {
			json_null(o);
			break;
		}
		json_obj(o);
		json_encode(o, f->sub, at);
		json_obj_end(o);
		break;
	}
}

void json_encode(struct json_out *o, const struct json_field *fields, const void *args)
{
	for (const struct json_field *f = fields; f->name; f++) {
		const void *at = (const char *)args + f->offset;

		if (!(f->need & REQ) && is_absent(f, at))
			continue;
		json_key(o, str_from(f->name));
		encode_value(o, f, at);
	}
}

static void schema_object(struct json_out *o, const struct json_field *fields, bool nullable);

static void schema_items(struct json_out *o, const struct json_field *f)
{
	const struct json_list_type *type = f->sub;

	json_put_str(o, "type", S("array"));
	if (f->min)
		json_put_int(o, "minItems", f->min);
	json_put_int(o, "maxItems", f->max ? f->max : FIELD_LIST_MAX);
	json_key(o, S("items"));
	json_obj(o);
	if (f->kind == JSON_K_LIST)
		schema_object(o, type->fields, false);
	else
		json_put_str(o, "type", S("string"));
	json_obj_end(o);
}

static void schema_text(struct json_out *o, const struct json_field *f)
{
	bool hex = f->kind == JSON_K_HEX;

	json_put_raw(o, "type", f->need & NULLABLE ? S("[\"string\",\"null\"]") : S("\"string\""));
	if (hex)
		json_put_str(o, "pattern", S("^[0-9a-f]*$"));
	/* We count bytes, the schema characters of up to four bytes: it must not refuse more. */
	if (f->min)
		json_put_int(o, "minLength", hex ? f->min : (f->min + 3) / 4);
	if (f->max)
		json_put_int(o, "maxLength", f->max);
}

static void schema_field(struct json_out *o, const struct json_field *f)
{
	switch (f->kind) {
	case JSON_K_STR:
	case JSON_K_HEX: schema_text(o, f); break;
	case JSON_K_I64:
		json_put_str(o, "type", S("integer"));
		if (f->min || f->max) {
			json_put_int(o, "minimum", f->min);
			json_put_int(o, "maximum", f->max);
		}
		break;
	case JSON_K_BOOL: json_put_str(o, "type", S("boolean")); break;
	case JSON_K_ANY: break;
	case JSON_K_STRS:
	case JSON_K_LIST: schema_items(o, f); break;
	case JSON_K_OBJ: schema_object(o, f->sub, f->need & NULLABLE); break;
	case JSON_K_ENUM:
		json_put_str(o, "type", S("string"));
		json_key(o, S("enum"));
		json_arr(o);
		for (const char *const *word = f->sub; *word; word++)
			if (**word)
				json_str(o, str_from(*word));
		json_arr_end(o);
		break;
	}
	if (f->need & SECRET)
		json_put_bool(o, "writeOnly", true);
	json_put_opt(o, "description", str_from(f->doc));
}

/* The members of an object's schema, within the object that is open in o. */
static void schema_object(struct json_out *o, const struct json_field *fields, bool nullable)
{
	bool any = false;

	json_put_raw(o, "type", nullable ? S("[\"object\",\"null\"]") : S("\"object\""));
	json_key(o, S("properties"));
	json_obj(o);
	for (const struct json_field *f = fields; f->name; f++) {
		json_key(o, str_from(f->name));
		json_obj(o);
		schema_field(o, f);
		json_obj_end(o);
		any = any || (f->need & REQ);
	}
	json_obj_end(o);
	if (!any)
		return;
	json_key(o, S("required"));
	json_arr(o);
	for (const struct json_field *f = fields; f->name; f++)
		if (f->need & REQ)
			json_str(o, str_from(f->name));
	json_arr_end(o);
}

void json_schema_field(struct json_out *o, const struct json_field *f)
{
	json_obj(o);
	schema_field(o, f);
	json_obj_end(o);
}

void json_schema(struct json_out *o, const struct json_field *fields)
{
	json_obj(o);
	schema_object(o, fields, false);
	json_obj_end(o);
}
