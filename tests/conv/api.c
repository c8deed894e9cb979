#include "conv/api.h"

#define API S("/api/v1/")

static bool is_word(const struct json *types, str word)
{
	if (types->type == JSON_STR)
		return str_eq(types->s, word);
	for (const struct json *t = types->first; t; t = t->next)
		if (str_eq(t->s, word))
			return true;
	return false;
}

static str word_of(const struct json *value)
{
	switch (value->type) {
	case JSON_NULL: return S("null");
	case JSON_BOOL: return S("boolean");
	case JSON_INT: return S("integer");
	case JSON_NUM: return S("number");
	case JSON_STR: return S("string");
	case JSON_ARR: return S("array");
	case JSON_OBJ: return S("object");
	}
	return S("");
}

/* "#/components/schemas/problem" */
static const struct json *resolve(const struct json *root, const struct json *schema)
{
	str ref = json_get_str(schema, S("$ref")), part;

	if (!ref.ptr)
		return schema;
	str_cut(&ref, '/', &part);
	schema = root;
	while (schema && str_cut(&ref, '/', &part))
		schema = json_get(schema, part);
	return schema;
}

static bool say(struct arena *a, str *ret_why, str what, const char *why)
{
	*ret_why = arena_printf(a, "'%.*s' %s", STRF(what), why);
	return false;
}

static bool object_fits(struct arena *a, const struct json *root, const struct json *schema,
			const struct json *value, str *ret_why)
{
	const struct json *required = json_get(schema, S("required"));
	const struct json *properties = json_get(schema, S("properties"));

	for (const struct json *r = required ? required->first : NULL; r; r = r->next)
		if (!json_get(value, r->s))
			return say(a, ret_why, r->s, "is missing");
	for (const struct json *m = value->first; m; m = m->next) {
		const struct json *of = json_get(properties, m->key);

		if (!of)
			return say(a, ret_why, m->key, "is not described");
		if (!schema_fits(a, root, of, m, ret_why))
			return false;
	}
	return true;
}

static bool array_fits(struct arena *a, const struct json *root, const struct json *schema,
		       const struct json *value, str *ret_why)
{
	const struct json *items = json_get(schema, S("items"));

	if ((i64)value->count < json_get_int(schema, S("minItems"), 0) ||
	    (i64)value->count > json_get_int(schema, S("maxItems"), INT64_MAX))
		return say(a, ret_why, value->key, "has too many or too few items");
	for (const struct json *i = value->first; items && i; i = i->next)
		if (!schema_fits(a, root, items, i, ret_why))
			return false;
	return true;
}

bool schema_fits(struct arena *a, const struct json *root, const struct json *schema,
		 const struct json *value, str *ret_why)
{
	const struct json *types, *words;

	schema = resolve(root, schema);
	if (!schema)
		return say(a, ret_why, S("$ref"), "leads nowhere");
	types = json_get(schema, S("type"));
	words = json_get(schema, S("enum"));
	if (types && !is_word(types, word_of(value)) &&
	    !(value->type == JSON_INT && is_word(types, S("number"))))
		return say(a, ret_why, value->key, "is of another type than described");
	if (words && value->type == JSON_STR && !is_word(words, value->s))
		return say(a, ret_why, value->key, "is none of the words described");
	if (value->type == JSON_INT && (value->i < json_get_int(schema, S("minimum"), INT64_MIN) ||
					value->i > json_get_int(schema, S("maximum"), INT64_MAX)))
		return say(a, ret_why, value->key, "is out of the range described");
	if (value->type == JSON_OBJ && json_get(schema, S("properties")))
		return object_fits(a, root, schema, value, ret_why);
	if (value->type == JSON_ARR)
		return array_fits(a, root, schema, value, ret_why);
	return true;
}

/* "/api/v1/topics/{topic}" */
static bool path_fits(str template, str path)
{
	str want, have;

	while (str_cut(&template, '/', &want)) {
		if (!str_cut(&path, '/', &have))
			return false;
		if (str_starts(want, S("{")) ? !have.len : !str_eq(want, have))
			return false;
	}
	return !path.ptr;
}

static struct err *description(struct play *p, struct arena *a, const struct json **ret_root)
{
	struct http_result_text answer;

	if (!p->api) {
		TRY(wire_http(p->arena, p->broker.port, S("GET"), S("/api/v1/openapi.json"), NULL, 0,
			      STR_NONE, &answer));
		if (answer.status != 200)
			return FAIL(a, CONFLICT, "no openapi.json: %d", answer.status);
		TRY(json_parse(p->arena, answer.body, &p->api));
	}
	*ret_root = p->api;
	return NULL;
}

static const struct json *operation(const struct json *root, str method, str path)
{
	const struct json *paths = json_get(root, S("paths"));
	str query = path, plain;

	str_cut(&query, '?', &plain);
	if (str_eq(method, S("HEAD")))
		method = S("GET");
	for (const struct json *p = paths->first; p; p = p->next) {
		if (!path_fits(p->key, plain))
			continue;
		for (const struct json *m = p->first; m; m = m->next)
			if (str_eq_nocase(m->key, method))
				return m;
	}
	return NULL;
}

struct err *api_check(struct play *p, struct arena *a, str method, str path,
		      const struct http_result_text *answer)
{
	const struct json *root, *op, *schema, *value;
	bool bad = answer->status >= 400;
	str why;

	if (!str_starts(path, API) || str_starts(path, S("/api/v1/openapi.json")) || !answer->body.len)
		return NULL;
	TRY(description(p, a, &root));
	op = operation(root, method, path);
	if (!op)
		return NULL; /* 404 and 405; what is no part of the API */
	schema = json_get(json_get(op, S("responses")), arena_printf(a, "%d", answer->status));
	schema = json_get(resolve(root, schema), S("content"));
	schema = json_get(json_get(schema, bad ? S("application/problem+json") : S("application/json")), S("schema"));
	if (!schema)
		return FAIL(a, CONFLICT, "openapi.json describes no answer %d", answer->status);
	TRY(json_parse(p->arena, answer->body, &value));
	if (!schema_fits(a, root, schema, value, &why))
		return FAIL(a, CONFLICT, "not as openapi.json has it: %.*s in %.*s", STRF(why), STRF(answer->body));
	return NULL;
}
