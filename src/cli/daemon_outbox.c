/*
 * daemon_outbox.c - what waits to be sent, was sent, or could not be.
 */
#include "cli/commands.h"
#include "cli/daemon.h"
#include "cli/text.h"
#include "cli/warm.h"

#include <inttypes.h>

enum { FAILED = 1, USAGE = 2, ERROR_BYTES = 60 };

#define OUTBOX_FLAGS(F, T) \
	F(T, bool, pending, "", 0, 0, "only what waits") \
	F(T, bool, inflight, "", 0, 0, "only what is under way") \
	F(T, bool, done, "", 0, 0, "only what the broker has") \
	F(T, bool, failed, "", 0, 0, "only what could not be sent") \
	F(T, bool, aborted, "", 0, 0, "only what was requeued under another id") \
	F(T, i64, limit, "N", 1, 500, "at most so many; default 50") \
	F(T, str, new_client_id, "ID", 1, 128, "requeue: the new id; made up if left out")
CLI_FLAGS(outbox, OUTBOX_FLAGS);

static str status_word(const struct outbox_flags *in)
{
	return in->pending    ? S("pending")
	       : in->inflight ? S("inflight")
	       : in->done     ? S("done")
	       : in->failed   ? S("dead")
	       : in->aborted  ? S("aborted")
			      : STR_NONE;
}

static void print_item(struct cli *c, const struct json *item)
{
	str broker = json_get_str(item, S("broker_message_id"));
	str error = json_get_str(item, S("last_error"));

	out_row(&c->out);
	out_span(&c->out, TONE_PLAIN, "  %-8.*s  ", STRF(json_get_str(item, S("status"))));
	out_span(&c->out, TONE_BOLD, "%.*s", STRF(json_get_str(item, S("id"))));
	out_span(&c->out, TONE_PLAIN, "  to %.*s", STRF(json_get_str(item, S("to"))));
	out_span(&c->out, TONE_DIM, "  cid=%.*s  attempts=%" PRId64,
		 STRF(json_get_str(item, S("client_message_id"))), json_get_int(item, S("attempts"), 0));
	if (!str_empty(broker))
		out_span(&c->out, TONE_DIM, " → %.*s", STRF(broker));
	if (!str_empty(error))
		out_span(&c->out, TONE_YELLOW, " last_error=\"%.*s\"", STRF(text_cut(error, ERROR_BYTES)));
	out_end(&c->out);
}

static struct err *list(struct cli *c, const struct warm *w, const struct outbox_flags *in)
{
	str limit = in->limit ? arena_printf(c->arena, "%" PRId64, in->limit) : STR_NONE;
	const struct query q[] = { { "status", status_word(in) }, { "limit", limit } };
	const struct json *body, *items;

	TRY(warm_get(c, w, warm_target(c->arena, "/v1/outbox", q, ARRAY_LEN(q)), &body));
	items = json_get(body, S("items"));
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "items");
		for (const struct json *i = items ? items->first : NULL; i; i = i->next)
			json_value(&c->out.json_out, i);
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	for (const struct json *i = items ? items->first : NULL; i; i = i->next)
		print_item(c, i);
	if (!items || !items->count)
		out_info(&c->out, "(empty)");
	return NULL;
}

static struct err *requeue(struct cli *c, const struct warm *w, const struct outbox_flags *in)
{
	const struct local_requeue_args args = { .id = c->args[1],
						 .new_client_message_id = in->new_client_id };
	const struct json *body;
	str id;

	TRY(warm_send(c, w, "POST", S("/v1/outbox/requeue"), local_requeue_fields, &args, &body));
	id = json_get_str(body, S("new_row_id"));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "aborted_row_id", json_get_str(body, S("aborted_row_id")));
		json_put_str(j, "new_row_id", id);
		json_put_str(j, "new_client_message_id", json_get_str(body, S("new_client_message_id")));
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, id, "it is to be sent again, under a new id");
	return NULL;
}

static struct err *usage(struct cli *c, str reason)
{
	return cli_invalid(c, S("subcommand"), "bad_format", reason, S("list, or requeue ID"));
}

static struct err *outbox_run(struct cli *c, const void *flags)
{
	bool is_requeue = c->args_n && str_eq(c->args[0], S("requeue"));
	struct warm w;
	struct err *e;

	if (c->args_n && !is_requeue && !str_eq(c->args[0], S("list")))
		return daemon_failed(c, usage(c, S("there is no such subcommand")), USAGE);
	if (is_requeue != (c->args_n == 2))
		return daemon_failed(c, usage(c, is_requeue ? S("no id given") : S("that takes no id")), USAGE);
	TRY(daemon_failed(c, warm_look(c, &w), FAILED));
	e = is_requeue ? requeue(c, &w, flags) : list(c, &w, flags);
	if (ipc_is_unreachable(e))
		return daemon_failed(c, cli_hint(c, FAIL(c->arena, TRY_AGAIN, "no daemon is running"),
						 "claudemesh daemon up"),
				     FAILED);
	return daemon_failed(c, e, FAILED);
}

const struct command daemon_outbox_command = {
	.name = "daemon outbox",
	.arguments = "[SUBCOMMAND] [ID]",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	COMMAND_FLAGS(outbox),
	.run = outbox_run,
	.doc = "Shows what waits to be sent; 'requeue ID' sends one again.",
	.more = "Requeued, a message goes out under a new id, to the same recipient, sealed as it\n"
		"was; the old row stays and names its successor.",
	.fields = "id client_message_id status mesh to attempts enqueued_at next_attempt_at "
		  "delivered_at broker_message_id last_error aborted_at aborted_by superseded_by "
		  "payload_bytes",
};
