#include "engine/openapi.h"

#include "engine/rest.h"
#include "json/fields.h"

enum { PATH_MAX_BYTES = 256 };

static const struct {
	int status;
	const char *what;
} problems[] = {
	{ 400, "The body is not JSON, or a time is none." },
	{ 401, "No API key, or none that is good (any more)." },
	{ 403, "The API key is not for this." },
	{ 404, "Nothing has that name or id." },
	{ 409, "The state does not allow it." },
	{ 413, "Over a size limit." },
	{ 415, "The body is of another content type." },
	{ 422, "A field is missing, of the wrong type or out of range; the text names it." },
	{ 429, "Too much for now; Retry-After says when to ask again." },
	{ 503, "Nothing was changed; the same request may succeed later." },
};

/* "/api/v1/topics/:topic" is "/api/v1/topics/{topic}" there. */
static str template_of(const char *path, char text[PATH_MAX_BYTES])
{
	size_t n = 0;
	bool open = false;

	for (const char *p = path; *p && n + 3 < PATH_MAX_BYTES; p++) {
		if (*p == ':') {
			open = true;
			text[n++] = '{';
			continue;
		}
		if (*p == '/' && open) {
			open = false;
			text[n++] = '}';
		}
		text[n++] = *p;
	}
	if (open)
		text[n++] = '}';
	return str_of(text, n);
}

static void write_parameters(struct json_out *o, const struct op *op)
{
	json_key(o, S("parameters"));
	json_arr(o);
	for (const struct json_field *f = op->fields; f->name; f++) {
		const char *header = rest_header_of(f->name);
		bool in_path = rest_in_path(op->rest, f->name);

		if (!in_path && !header && !rest_in_query(op->rest))
			continue;
		json_obj(o);
		json_put_str(o, "name", str_from(header ? header : f->name));
		json_put_str(o, "in", in_path ? S("path") : header ? S("header") : S("query"));
		json_put_bool(o, "required", in_path || f->need & REQ);
		json_put_str(o, "description", str_from(f->doc));
		json_key(o, S("schema"));
		json_schema_field(o, f);
		if (f->kind == JSON_K_STRS) {
			json_put_str(o, "style", S("form"));
			json_put_bool(o, "explode", false);
		}
		json_obj_end(o);
	}
	json_arr_end(o);
}

/* The fields that are in the body. */
static bool in_body(const struct op *op, const struct json_field *f)
{
	return !rest_in_query(op->rest) && !rest_in_path(op->rest, f->name) && !rest_header_of(f->name);
}

static void write_body_schema(struct json_out *o, const struct op *op)
{
	bool any = false;

	json_obj(o);
	json_put_str(o, "type", S("object"));
	json_key(o, S("properties"));
	json_obj(o);
	for (const struct json_field *f = op->fields; f->name; f++) {
		if (!in_body(op, f))
			continue;
		json_key(o, str_from(f->name));
		json_schema_field(o, f);
		any = any || f->need & REQ;
	}
	json_obj_end(o);
	if (any) {
		json_key(o, S("required"));
		json_arr(o);
		for (const struct json_field *f = op->fields; f->name; f++)
			if (in_body(op, f) && f->need & REQ)
				json_str(o, str_from(f->name));
		json_arr_end(o);
	}
	json_obj_end(o);
}

static void write_body(struct json_out *o, const struct op *op)
{
	bool any = false, needed = false;

	for (const struct json_field *f = op->fields; f->name; f++) {
		any = any || in_body(op, f);
		needed = needed || (in_body(op, f) && f->need & REQ);
	}
	if (!any)
		return;
	json_key(o, S("requestBody"));
	json_obj(o);
	json_put_bool(o, "required", needed);
	json_key(o, S("content"));
	json_obj(o);
	json_key(o, S("application/json"));
	json_obj(o);
	json_key(o, S("schema"));
	write_body_schema(o, op);
	json_obj_end(o);
	if (op->rest->flags & REST_TEXT) {
		json_key(o, S("text/plain"));
		json_raw(o, S("{\"schema\":{\"type\":\"string\",\"description\":\"the field `text`\"}}"));
	}
	json_obj_end(o);
	json_obj_end(o);
}

static void write_success(struct json_out *o, const struct op *op)
{
	char status[8];

	snprintf(status, sizeof(status), "%d", op->rest->status);
	json_key(o, str_from(status));
	json_obj(o);
	json_put_str(o, "description", str_from(op->doc));
	json_key(o, S("content"));
	json_obj(o);
	if (op->rest->flags & REST_STREAM) {
		json_key(o, S("text/event-stream"));
		json_raw(o, S("{\"schema\":{\"type\":\"string\"}}"));
	} else {
		json_key(o, S("application/json"));
		json_obj(o);
		json_key(o, S("schema"));
		json_schema(o, op->reply_fields);
		json_obj_end(o);
	}
	json_obj_end(o);
	json_obj_end(o);
}

static void write_answers(struct json_out *o, const struct op *op)
{
	char status[8], ref[64];

	json_key(o, S("responses"));
	json_obj(o);
	write_success(o, op);
	if (strcmp(op->rest->method, "GET") == 0 && !(op->rest->flags & REST_STREAM)) {
		json_key(o, S("304"));
		json_raw(o, S("{\"description\":\"As If-None-Match has it.\"}"));
	}
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		snprintf(status, sizeof(status), "%d", problems[i].status);
		snprintf(ref, sizeof(ref), "#/components/responses/%s", status);
		json_key(o, str_from(status));
		json_obj(o);
		json_put_str(o, "$ref", str_from(ref));
		json_obj_end(o);
	}
	json_obj_end(o);
}

static void write_operation(struct json_out *o, const struct op *op)
{
	static const char *const caps[] = { [CAP_SEND] = "send", [CAP_READ] = "read",
					    [CAP_STATE_WRITE] = "state_write", [CAP_ADMIN] = "admin" };

	json_obj(o);
	json_put_str(o, "operationId", str_from(op->name));
	json_put_str(o, "summary", str_from(op->doc));
	if (op->rest->cap)
		json_put_str(o, "x-capability", str_from(caps[op->rest->cap]));
	if (op->rest->errors[0])
		json_put_str(o, "x-errors", str_from(op->rest->errors));
	json_key(o, S("security"));
	json_raw(o, op->rest->flags & REST_PUBLIC ? S("[]") : S("[{\"key\":[]}]"));
	write_parameters(o, op);
	write_body(o, op);
	write_answers(o, op);
	json_obj_end(o);
}

/* The first row that has the path writes all of its methods. */
static bool is_first(const struct op *op, size_t at)
{
	const struct op *other;

	for (size_t i = 0; i < at && (other = op_at(i)); i++)
		if (other->rest && strcmp(other->rest->path, op->rest->path) == 0)
			return false;
	return true;
}

static void write_path(struct json_out *o, const struct op *op, size_t at)
{
	char path[PATH_MAX_BYTES], method[8];
	const struct op *other;

	json_key(o, template_of(op->rest->path, path));
	json_obj(o);
	for (size_t i = at; (other = op_at(i)); i++) {
		size_t n = 0;

		if (!other->rest || strcmp(other->rest->path, op->rest->path) != 0)
			continue;
		for (const char *p = other->rest->method; *p && n < sizeof(method); p++)
			method[n++] = (char)(*p | 0x20);
		json_key(o, str_of(method, n));
		write_operation(o, other);
	}
	json_obj_end(o);
}

static const char problem_schema[] =
	"{\"type\":\"object\",\"description\":\"RFC 9457, with the reference's members beside\","
	"\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
	"\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
	"\"error\":{\"type\":\"string\",\"description\":\"the word for programs\"},"
	"\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"timestamp\":{\"type\":\"string\"},"
	"\"path\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}},"
	"\"required\":[\"type\",\"title\",\"status\",\"detail\",\"error\",\"code\",\"message\",\"timestamp\","
	"\"path\",\"request_id\"]}";

static void write_components(struct json_out *o)
{
	char status[8];

	json_key(o, S("components"));
	json_obj(o);
	json_key(o, S("securitySchemes"));
	json_raw(o, S("{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"An API key: claudemesh "
		      "apikey create\"}}"));
	json_key(o, S("schemas"));
	json_obj(o);
	json_key(o, S("problem"));
	json_raw(o, str_from(problem_schema));
	json_obj_end(o);
	json_key(o, S("responses"));
	json_obj(o);
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		snprintf(status, sizeof(status), "%d", problems[i].status);
		json_key(o, str_from(status));
		json_obj(o);
		json_put_str(o, "description", str_from(problems[i].what));
		json_key(o, S("content"));
		json_raw(o, S("{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/problem\"}}}"));
		json_obj_end(o);
	}
	json_obj_end(o);
	json_obj_end(o);
}

void openapi_json(struct buf *out, str base)
{
	struct json_out o = json_out(out);
	const struct op *op;

	json_obj(&o);
	json_put_str(&o, "openapi", S("3.1.0"));
	json_key(&o, S("info"));
	json_obj(&o);
	json_put_str(&o, "title", S("claudemesh REST API"));
	json_put_str(&o, "version", S(CLAUDEMESH_VERSION));
	json_obj_end(&o);
	json_key(&o, S("servers"));
	json_arr(&o);
	json_obj(&o);
	json_put_str(&o, "url", base.len ? base : S("/"));
	json_obj_end(&o);
	json_arr_end(&o);
	json_key(&o, S("paths"));
	json_obj(&o);
	for (size_t i = 0; (op = op_at(i)); i++)
		if (op->rest && is_first(op, i))
			write_path(&o, op, i);
	json_obj_end(&o);
	write_components(&o);
	json_obj_end(&o);
}

static const char *place_of(const struct op *op, const struct json_field *f)
{
	if (rest_in_path(op->rest, f->name))
		return "path";
	if (rest_header_of(f->name))
		return "header";
	return rest_in_query(op->rest) ? "query" : "body";
}

static void write_fields(struct buf *out, const struct op *op)
{
	if (!op->fields->name)
		return;
	buf_printf(out, "\n| field | in | required | meaning |\n|---|---|---|---|\n");
	for (const struct json_field *f = op->fields; f->name; f++) {
		const char *header = rest_header_of(f->name);
		bool needed = f->need & REQ || rest_in_path(op->rest, f->name);

		buf_printf(out, "| `%s` | %s | %s | %s |\n", header ? header : f->name, place_of(op, f),
			   needed ? "yes" : "", f->doc);
	}
}

static void write_reply(struct buf *out, const struct json_field *fields, const char *prefix)
{
	for (const struct json_field *f = fields; f->name; f++) {
		const struct json_list_type *list = f->kind == JSON_K_LIST ? f->sub : NULL;
		char deeper[PATH_MAX_BYTES];

		buf_printf(out, "| `%s%s` | %s |\n", prefix, f->name, f->doc);
		snprintf(deeper, sizeof(deeper), "%s%s%s.", prefix, f->name, list ? "[]" : "");
		if (list)
			write_reply(out, list->fields, deeper);
		else if (f->kind == JSON_K_OBJ)
			write_reply(out, f->sub, deeper);
	}
}

void openapi_markdown(struct buf *out)
{
	const struct op *op;

	for (size_t i = 0; (op = op_at(i)); i++) {
		const struct rest *r = op->rest;

		if (!r)
			continue;
		buf_printf(out, "\n### `%s %s`\n\n%s", r->method, r->path, op->doc);
		for (size_t k = 0; cap_words[k]; k++)
			if (r->cap & 1u << k)
				buf_printf(out, " Needs `%s`.", cap_words[k]);
		if (r->errors[0])
			buf_printf(out, " Refusals of its own: %s.", r->errors);
		buf_printf(out, "\n");
		write_fields(out, op);
		if (r->flags & REST_STREAM)
			continue;
		buf_printf(out, "\n| answer (%d) | |\n|---|---|\n", r->status);
		write_reply(out, op->reply_fields, "");
	}
}
