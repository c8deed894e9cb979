/*
 * audit_list.c - `audit list`: what happened in a mesh, for its admins.
 */
#include "cli/commands.h"
#include "cli/wire.h"

#include <inttypes.h>

#include "cli/text.h"
#include "proto/audit.h"

#define AUDIT_LIST_FLAGS(F, T) \
	F(T, i64, limit,  "N",     1, AUDIT_PAGE_MAX, "how many; 50 if left out") \
	F(T, str, event,  "EVENT", 1, AUDIT_EVENT_BYTES_MAX, "only these, as member_joined") \
	F(T, i64, before, "ROW",   1, INT64_MAX, "older than this row")
CLI_FLAGS(audit_list, AUDIT_LIST_FLAGS);

enum { VALUE_SHOWN = 34 };

static str value_text(struct arena *a, const struct json *v)
{
	return text_cut(v->type == JSON_STR ? v->s : v->raw.len ? v->raw : S("?"), VALUE_SHOWN);
}

static void entry_print(struct cli *c, const struct audit_entry_args *e)
{
	struct output *o = &c->out;

	out_row(o);
	out_span(o, TONE_DIM, "  %6" PRId64 "  %.*s", e->id, STRF(context_time(c->arena, e->createdAt)));
	out_span(o, TONE_BOLD, "  %.*s", STRF(e->eventType));
	out_span(o, TONE_PLAIN, "  %.*s", STRF(e->actor));
	for (const struct json *v = e->payload && e->payload->type == JSON_OBJ ? e->payload->first : NULL; v; v = v->next)
		out_span(o, TONE_DIM, "  %.*s %.*s", STRF(v->key), STRF(value_text(c->arena, v)));
	out_end(o);
}

static struct err *list_run(struct cli *c, const void *flags)
{
	const struct audit_list_flags *in = flags;
	struct audit_query_args args = { .limit = in->limit, .eventType = in->event, .beforeSeq = in->before };
	struct audit_result_args list;
	struct wire w;
	struct err *e;

	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "audit_query", audit_query_fields, &args, audit_result_fields, &list, sizeof(list));
	wire_close(&w);
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_int(j, "total", list.total);
		out_json_list(&c->out, "entries");
		for (size_t i = 0; i < list.entries.n; i++) {
			json_obj(j);
			json_encode(j, audit_entry_fields, &list.entries.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "audit log of %.*s (%" PRId64 " rows)", STRF(w.mesh->slug), list.total);
	for (size_t i = 0; i < list.entries.n; i++)
		entry_print(c, &list.entries.items[i]);
	if (list.entries.n && list.entries.items[list.entries.n - 1].id > 1 && !in->event.len)
		out_hint(&c->out, "older: claudemesh audit list --before %" PRId64, list.entries.items[list.entries.n - 1].id);
	return NULL;
}

const struct command audit_list_command = {
	.name = "audit list",
	.aliases = "audit, audit query",
	.arguments = "",
	.group = GROUP_SECURITY,
	COMMAND_GATE(READ, "audit", "list"),
	COMMAND_FLAGS(audit_list),
	.run = list_run,
	.doc = "Shows what happened in a mesh, newest first; for its admins.",
	.more = "Who came and went, what was made, changed and ended, and who wrote to whom, never what.\n"
		"The broker says so; 'claudemesh audit verify' checks that nothing was changed since.",
	.fields = "id eventType actor actorId payload hash createdAt",
};
