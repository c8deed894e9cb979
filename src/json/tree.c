#include "json/json.h"

const struct json *json_get(const struct json *obj, str key)
{
	if (!obj || obj->type != JSON_OBJ)
		return NULL;
	for (const struct json *v = obj->first; v; v = v->next)
		if (str_eq(v->key, key))
			return v;
	return NULL;
}

str json_get_str(const struct json *obj, str key)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == JSON_STR ? v->s : STR_NONE;
}

i64 json_get_int(const struct json *obj, str key, i64 fallback)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == JSON_INT ? v->i : fallback;
}

bool json_get_bool(const struct json *obj, str key)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == JSON_BOOL && v->b;
}

const char *json_type_name(enum json_type type)
{
	switch (type) {
	case JSON_NULL: return "null";
	case JSON_BOOL: return "boolean";
	case JSON_INT:
	case JSON_NUM: return "number";
	case JSON_STR: return "string";
	case JSON_ARR: return "array";
	case JSON_OBJ: return "object";
	}
	return "?";
}
