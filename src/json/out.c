#include "json/json.h"

#include <assert.h>

#include "json/text.h"

/* What stands before a value: a comma, unless it is the first or follows its key. */
static inline void before(struct json_out *o)
{
	if (o->comma)
		buf_add_byte(o->buf, ',');
	o->comma = true;
}

static void open_nested(struct json_out *o, char c)
{
	before(o);
	buf_add_byte(o->buf, c);
	o->comma = false;
	o->depth++;
}

static void close_nested(struct json_out *o, char c)
{
	assert(o->depth > 0);
	buf_add_byte(o->buf, c);
	o->comma = true;
	o->depth--;
}

void json_obj(struct json_out *o)
{
	open_nested(o, '{');
}

void json_obj_end(struct json_out *o)
{
	close_nested(o, '}');
}

void json_arr(struct json_out *o)
{
	open_nested(o, '[');
}

void json_arr_end(struct json_out *o)
{
	close_nested(o, ']');
}

static void add_escape(struct buf *b, u8 c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = { '\\', 0, '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
	case '\\': text[1] = (char)c; break;
	case '\b': text[1] = 'b'; break;
	case '\f': text[1] = 'f'; break;
	case '\n': text[1] = 'n'; break;
	case '\r': text[1] = 'r'; break;
	case '\t': text[1] = 't'; break;
	default: text[1] = 'u';
	}
	buf_add(b, str_of(text, text[1] == 'u' ? 6 : 2));
}

static void add_quoted(struct buf *b, str s)
{
	const char *p = s.ptr, *end = p + s.len, *stop;
	u64 high = 0;
	char *room;

	stop = text_plain_run(p, end, &high);
	if (stop == end) {
		/* Nothing to escape: nearly all of our strings are ids, keys and base64. */
		room = buf_room(b, s.len + 2);
		if (!room)
			return;
		room[0] = '"';
		memcpy(room + 1, p, s.len);
		room[s.len + 1] = '"';
		b->len += s.len + 2;
		return;
	}
	buf_add_byte(b, '"');
	for (;;) {
		buf_add(b, str_of(p, (size_t)(stop - p)));
		if (stop == end)
			break;
		add_escape(b, (u8)*stop);
		p = stop + 1;
		stop = text_plain_run(p, end, &high);
	}
	buf_add_byte(b, '"');
}

void json_key(struct json_out *o, str key)
{
	before(o);
	add_quoted(o->buf, key.ptr ? key : S(""));
	buf_add_byte(o->buf, ':');
	o->comma = false;
}

void json_str(struct json_out *o, str value)
{
	if (!value.ptr) {
		json_null(o);
		return;
	}
	before(o);
	add_quoted(o->buf, value);
}

void json_int(struct json_out *o, i64 value)
{
	char text[20], *p = text + sizeof(text);
	/* Unsigned, so that INT64_MIN has a magnitude. */
	u64 left = value < 0 ? 0 - (u64)value : (u64)value;

	do
		*--p = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--p = '-';
	json_raw(o, str_of(p, (size_t)(text + sizeof(text) - p)));
}

void json_bool(struct json_out *o, bool value)
{
	json_raw(o, value ? S("true") : S("false"));
}

void json_null(struct json_out *o)
{
	json_raw(o, S("null"));
}

void json_raw(struct json_out *o, str value)
{
	before(o);
	buf_add(o->buf, value);
}

void json_value(struct json_out *o, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL: json_null(o); break;
	case JSON_BOOL: json_bool(o, value->b); break;
	case JSON_INT:
	case JSON_NUM: json_raw(o, value->s); break;
	case JSON_STR: json_str(o, value->s); break;
	case JSON_ARR:
		json_arr(o);
		for (const struct json *v = value->first; v; v = v->next)
			json_value(o, v);
		json_arr_end(o);
		break;
	case JSON_OBJ:
		json_obj(o);
		for (const struct json *v = value->first; v; v = v->next) {
			json_key(o, v->key);
			json_value(o, v);
		}
		json_obj_end(o);
		break;
	}
}

void json_put_str(struct json_out *o, const char *key, str value)
{
	json_key(o, str_from(key));
	json_str(o, value);
}

void json_put_int(struct json_out *o, const char *key, i64 value)
{
	json_key(o, str_from(key));
	json_int(o, value);
}

void json_put_bool(struct json_out *o, const char *key, bool value)
{
	json_key(o, str_from(key));
	json_bool(o, value);
}

void json_put_raw(struct json_out *o, const char *key, str value)
{
	json_key(o, str_from(key));
	json_raw(o, value);
}

void json_put_opt(struct json_out *o, const char *key, str value)
{
	if (value.ptr)
		json_put_str(o, key, value);
}
