#include "broker/rest_args.h"

#include "broker/policy.h"
#include "engine/rest.h"
#include "net/url.h"

enum { BODY_TEXT_FACTOR = 6 /* bytes of JSON for one of text */ };

/* One segment after its '/', taken off *path. */
static bool next_segment(str *path, str *ret_segment)
{
	if (str_empty(*path) || path->ptr[0] != '/')
		return false;
	*path = str_skip(*path, 1);
	ret_segment->ptr = path->ptr;
	ret_segment->len = 0;
	while (ret_segment->len < path->len && path->ptr[ret_segment->len] != '/')
		ret_segment->len++;
	*path = str_skip(*path, ret_segment->len);
	return true;
}

static bool fits(str pattern, str path, str params[REST_PARAMS_MAX])
{
	str want, have;
	size_t n = 0;

	while (next_segment(&pattern, &want)) {
		if (!next_segment(&path, &have))
			return false;
		if (!str_starts(want, S(":"))) {
			if (!str_eq(want, have))
				return false;
		} else if (str_empty(have) || n == REST_PARAMS_MAX) {
			return false;
		} else {
			params[n++] = have;
		}
	}
	return str_empty(path);
}

/* The row's part of what is known of the path. */
static void take_row(struct arena *a, struct rest_match *m, const struct op *op, str method,
		     str params[REST_PARAMS_MAX])
{
	bool is_get = strcmp(op->rest->method, "GET") == 0;

	m->status = 405;
	m->allow = arena_printf(a, "%s%s, %.*s", op->rest->method, is_get ? ", HEAD" : "", STRF(m->allow));
	if (!str_eq(str_from(op->rest->method), method))
		return;
	m->op = op;
	memcpy(m->params, params, sizeof(m->params));
}

struct rest_match rest_find(struct arena *a, str method, str path)
{
	struct rest_match m = { .status = 404, .allow = S("OPTIONS") };
	str get = str_eq(method, S("HEAD")) ? S("GET") : method;
	str params[REST_PARAMS_MAX] = { { 0 } };
	const struct op *op;

	for (size_t t = 0; (op = op_table(t)); t++)
		for (; op->name; op++)
			if (op->rest && fits(str_from(op->rest->path), path, params))
				take_row(a, &m, op, get, params);
	return m;
}

static struct err *escape(struct arena *a, const char *field)
{
	return FAIL(a, BAD_REQUEST, "field '%s': a broken escape", field);
}

/* A value as the row wants it, if it is one. */
static void put_value(struct json_out *o, const struct json_field *f, str value)
{
	i64 number;

	if (f->kind == JSON_K_I64 && str_to_i64(value, &number))
		json_int(o, number);
	else if (f->kind == JSON_K_BOOL && (str_eq(value, S("1")) || str_eq(value, S("true"))))
		json_bool(o, true);
	else if (f->kind == JSON_K_BOOL && (str_eq(value, S("0")) || str_eq(value, S("false"))))
		json_bool(o, false);
	else
		json_str(o, value);
}

static void put_list(struct json_out *o, str text)
{
	str item;

	while (str_cut(&text, ',', &item))
		json_str(o, item);
}

/* The parameters of that name, if any. */
static struct err *from_query(struct arena *a, struct json_out *o, const struct json_field *f, str query)
{
	bool is_list = f->kind == JSON_K_STRS;
	str name, value, text;
	size_t n = 0;

	while (url_query_next(&query, &name, &value)) {
		if (url_decode_form(a, name, &text) || !str_eq(text, str_from(f->name)))
			continue;
		if (url_decode_form(a, value, &text))
			return escape(a, f->name);
		if (n++ && !is_list)
			return FAIL(a, BAD_REQUEST, "field '%s': given twice", f->name);
		if (n == 1)
			json_key(o, str_from(f->name));
		if (n == 1 && is_list)
			json_arr(o);
		if (is_list)
			put_list(o, text);
		else
			put_value(o, f, text);
	}
	if (n && is_list)
		json_arr_end(o);
	return NULL;
}

static struct err *from_path(struct arena *a, struct json_out *o, const struct rest_match *m)
{
	str pattern = str_from(m->op->rest->path), segment, value;
	size_t n = 0;

	while (next_segment(&pattern, &segment)) {
		if (!str_starts(segment, S(":")))
			continue;
		segment = str_skip(segment, 1);
		if (url_decode(a, m->params[n++], &value))
			return FAIL(a, BAD_REQUEST, "field '%.*s': a broken escape in the path", STRF(segment));
		json_key(o, segment);
		json_str(o, value);
	}
	return NULL;
}

struct err *rest_given(struct arena *a, const struct rest_match *m, const struct http_head *head,
		       str *ret_json)
{
	CLEANUP(buf_done) struct buf b = buf_make(REST_GIVEN_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	TRY(from_path(a, &o, m));
	for (const struct json_field *f = m->op->fields; f->name; f++) {
		const char *header = rest_header_of(f->name);
		str value = header ? http_header_get(head, str_from(header)) : STR_NONE;

		if (value.ptr && str_is_utf8(value)) {
			json_key(&o, str_from(f->name));
			json_str(&o, value);
		} else if (!header && rest_in_query(m->op->rest) && !rest_in_path(m->op->rest, f->name)) {
			TRY(from_query(a, &o, f, head->query));
		}
	}
	json_obj_end(&o);
	if (b.full)
		return FAIL(a, TOO_LARGE, "the path and its query are too long");
	*ret_json = arena_dup(a, buf_str(&b));
	return NULL;
}

/* "text/plain; charset=utf-8" is "text/plain". */
static bool is_type(str content_type, str want)
{
	str type;

	return str_cut(&content_type, ';', &type) && str_eq_nocase(str_trim(type), want);
}

/* What curl -d says it sends; whatever it is, it is meant as it stands. */
static bool is_text(str content_type)
{
	return is_type(content_type, S("text/plain")) ||
	       is_type(content_type, S("application/x-www-form-urlencoded"));
}

struct err *rest_body(struct arena *a, const struct op *op, str content_type, str body, str *ret_json)
{
	struct buf b;
	struct json_out o;

	*ret_json = body;
	if (!body.len || !content_type.ptr || policy_is_json(content_type))
		return NULL;
	if (!(op->rest->flags & REST_TEXT) || !is_text(content_type))
		return err_word(FAIL(a, NOT_SUPPORTED, "the body must be sent as Content-Type: application/json%s",
				     op->rest->flags & REST_TEXT ? " or text/plain" : ""),
				S("unsupported_media_type"));
	if (!str_is_utf8(body) || memchr(body.ptr, 0, body.len))
		return FAIL(a, BAD_REQUEST, "the body is no UTF-8 text");
	b = buf_make(BODY_TEXT_FACTOR * body.len + 64);
	o = json_out(&b);
	json_obj(&o);
	json_put_str(&o, "text", body);
	json_obj_end(&o);
	*ret_json = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return NULL;
}
