#include "engine/protocol.h"

#include "engine/audit_event.h"
#include "engine/op.h"
#include "proto/hello.h"
#include "proto/message.h"
#include "proto/peer.h"
#include "proto/permission.h"
#include "proto/receipt.h"

static const struct reply_type replies[] = {
	{ "hello_ack", hello_ack_fields, "The hello was good." },
	{ "ack", ack_fields, "A send was accepted or refused; or a request with _reqId and nothing to tell was done." },
	{ "push", push_fields, "A message, or with subtype system an event." },
	{ "peers_list", peers_list_fields, "Answers list_peers." },
	{ "message_status_result", message_status_result_fields, "Answers message_status." },
	{ "message_state", message_state_fields, "Tells a sender that asked for it how its message ended for some recipients." },
	{ "error", error_fields, "Something was wrong with a frame; the connection stays unless it was a hello." },
	{ 0 }
};

const struct reply_type *reply_at(size_t i)
{
	return i < ARRAY_LEN(replies) - 1 ? &replies[i] : NULL;
}

static const char *kind_of(const struct op *op)
{
	return op->flags & OP_HELLO ? "first message of a connection"
	     : op->flags & OP_CALL  ? "HTTP call"
				    : "message";
}

static void write_op(struct json_out *o, const struct op *op)
{
	json_obj(o);
	json_put_str(o, "name", str_from(op->name));
	json_put_str(o, "kind", str_from(kind_of(op)));
	json_put_str(o, "doc", str_from(op->doc));
	json_put_str(o, "reply", str_from(op->reply));
	for (unsigned i = 0; permission_words[i]; i++)
		if (op->perm & 1u << i)
			json_put_str(o, "permission", str_from(permission_words[i]));
	json_key(o, S("schema"));
	json_schema(o, op->fields);
	if (op->reply_fields && op->flags & OP_CALL) {
		json_key(o, S("answer"));
		json_schema(o, op->reply_fields);
	}
	json_obj_end(o);
}

static void write_reply(struct json_out *o, const struct reply_type *r)
{
	json_obj(o);
	json_put_str(o, "name", str_from(r->name));
	json_put_str(o, "kind", S("from the broker"));
	json_put_str(o, "doc", str_from(r->doc));
	json_key(o, S("schema"));
	json_schema(o, r->fields);
	json_obj_end(o);
}

static struct err *unknown(struct arena *a, str name)
{
	const struct op *op;
	const char *nearest = NULL;
	size_t best = 4;

	for (size_t i = 0; (op = op_at(i)); i++) {
		if (str_distance(str_from(op->name), name) < best) {
			best = str_distance(str_from(op->name), name);
			nearest = op->name;
		}
	}
	return FAIL(a, NOT_FOUND, "no message '%.*s'%s%s%s", STRF(name), nearest ? "; did you mean '" : "",
		    nearest ? nearest : "", nearest ? "'?" : "; 'protocol' without a name lists all");
}

struct err *protocol_json(struct arena *a, struct buf *out, str name)
{
	struct json_out o = json_out(out);
	const struct reply_type *r;
	const struct op *op;
	size_t found = 0;

	json_arr(&o);
	for (size_t i = 0; (op = op_at(i)); i++) {
		if (op->flags & OP_REST)
			continue;
		if (!name.len || str_eq(name, str_from(op->name))) {
			write_op(&o, op);
			found++;
		}
	}
	for (size_t i = 0; (r = reply_at(i)); i++) {
		if (!name.len || str_eq(name, str_from(r->name))) {
			write_reply(&o, r);
			found++;
		}
	}
	json_arr_end(&o);
	buf_add_byte(out, '\n');
	return found ? NULL : unknown(a, name);
}

static const char *type_name(const struct json_field *f)
{
	static const char *const names[] = {
		[JSON_K_STR] = "text", [JSON_K_HEX] = "hex", [JSON_K_I64] = "integer",
		[JSON_K_BOOL] = "bool", [JSON_K_STRS] = "array of text", [JSON_K_ANY] = "any",
		[JSON_K_ENUM] = "word", [JSON_K_OBJ] = "object", [JSON_K_LIST] = "array of objects",
	};

	return names[f->kind];
}

static void bounds(struct buf *out, const struct json_field *f)
{
	if (f->kind == JSON_K_ENUM) {
		const char *const *words = f->sub;

		for (size_t i = 1; words[i]; i++)
			buf_printf(out, "%s%s", i > 1 ? ", " : "", words[i]);
	} else if (f->max && f->max != INT64_MAX && f->kind != JSON_K_I64) {
		buf_printf(out, "%lld to %lld", (long long)f->min, (long long)f->max);
	}
}

static const struct json_field *nested(const struct json_field *f)
{
	if (f->kind == JSON_K_OBJ)
		return f->sub;
	if (f->kind == JSON_K_LIST)
		return ((const struct json_list_type *)f->sub)->fields;
	return NULL;
}

static void table(struct buf *out, const struct json_field *fields, const char *prefix)
{
	for (const struct json_field *f = fields; f->name; f++) {
		buf_printf(out, "| `%s%s` | %s | %s | ", prefix, f->name, type_name(f),
			   f->need & REQ ? "yes" : "");
		bounds(out, f);
		buf_printf(out, " | %s |\n", f->doc);
		if (nested(f)) {
			char deeper[128];

			snprintf(deeper, sizeof(deeper), "%s%s%s.", prefix, f->name, f->kind == JSON_K_LIST ? "[]" : "");
			table(out, nested(f), deeper);
		}
	}
}

static void head(struct buf *out, const char *name, const char *kind, unsigned perm, const char *doc)
{
	buf_printf(out, "\n### `%s`\n\n%s (%s", name, doc, kind);
	for (unsigned i = 0; permission_words[i]; i++)
		if (perm & 1u << i)
			buf_printf(out, "; needs the permission `%s`", permission_words[i]);
	buf_printf(out, ")\n\n| field | type | required | bounds | meaning |\n|---|---|---|---|---|\n");
}

static void events(struct buf *out)
{
	buf_printf(out, "\n## Events of the audit log\n\n| event | payload | |\n|---|---|---|\n");
	for (const struct audit_event *e = audit_events; e->word; e++) {
		const char *gap = e->subject && e->more[0] ? " " : "";

		buf_printf(out, "| `%s` | %s%s%s | %s |\n", e->word, e->subject ? e->subject : "", gap, e->more, e->doc);
	}
}

void protocol_markdown(struct buf *out)
{
	const struct reply_type *r;
	const struct op *op;

	buf_printf(out, "# Protocol\n\nWritten by `tools/gen-docs` from the rows beside the handlers; do not edit.\n"
			"Bounds are bytes of a text, items of an array, words of a list.\n\n"
			"## To the broker\n");
	for (size_t i = 0; (op = op_at(i)); i++) {
		if (op->flags & OP_REST)
			continue; /* docs/rest.md */
		head(out, op->name, kind_of(op), op->perm, op->doc);
		table(out, op->fields, "");
		if (op->flags & OP_CALL && op->reply_fields) {
			buf_printf(out, "\nAnswer:\n\n| field | type | required | bounds | meaning |\n|---|---|---|---|---|\n");
			table(out, op->reply_fields, "");
		} else if (op->reply[0]) {
			buf_printf(out, "\nAnswered by: %s\n", op->reply);
		}
	}
	buf_printf(out, "\n## From the broker\n");
	for (size_t i = 0; (r = reply_at(i)); i++) {
		head(out, r->name, "from the broker", 0, r->doc);
		table(out, r->fields, "");
	}
	events(out);
}
