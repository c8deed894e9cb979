#include "cli/commands.h"
#include "cli/context.h"

#include "cli/text.h"
#include "cli/warm.h"
#include "client/validate.h"
#include "net/url.h"

/* The broker's word for the state; a reference broker has only the other one. */
static str state_of(const struct recipient_args *r)
{
	return r->state ? enum_word(delivery_state_words, (int)r->state) : r->status;
}

static void status_json(struct cli *c, const struct message_status_result_args *r)
{
	struct json_out *j = out_json(&c->out);

	struct message_status_result_args told = *r;

	told._reqId = STR_NONE;
	json_encode(j, message_status_result_fields, &told);
	out_json_end(&c->out);
}

static void status_print(struct cli *c, const struct message_status_result_args *r)
{
	struct output *o = &c->out;
	str id = str_empty(r->id) ? r->messageId : r->id;
	struct kv pairs[] = {
		{ "target", r->targetSpec },
		{ "sent", str_empty(r->createdAt) ? STR_NONE : context_time(c->arena, r->createdAt) },
		{ "delivered", r->delivered ? S("yes") : S("no") },
		{ "got by", r->subscribers ? arena_printf(c->arena, "%lld of %lld in the topic", (long long)r->gotBy,
							  (long long)r->subscribers)
					   : STR_NONE },
		{ "delivered at", str_empty(r->deliveredAt) ? STR_NONE : context_time(c->arena, r->deliveredAt) },
	};

	out_section(o, "message %.*s", STRF(id));
	out_kv(o, pairs, ARRAY_LEN(pairs));
	if (r->recipients.n)
		out_section(o, "recipients");
	for (size_t i = 0; i < r->recipients.n; i++) {
		const struct recipient_args *to = &r->recipients.items[i];

		out_span(o, TONE_BOLD, "  %.*s", STRF(to->name));
		out_span(o, TONE_DIM, " %.*s", STRF(text_cut(to->pubkey, 12)));
		out_span(o, to->state == DELIVERY_DELIVERED ? TONE_GREEN : TONE_PLAIN, " %.*s",
			 STRF(state_of(to)));
		if (!str_empty(to->at))
			out_span(o, TONE_DIM, " %.*s", STRF(context_time(c->arena, to->at)));
		if (!str_empty(to->reason))
			out_span(o, TONE_DIM, " (%.*s)", STRF(to->reason));
		out_end(o);
	}
}

static struct err *not_found(struct cli *c, struct err *e, str id, bool is_prefix)
{
	err_explain(c->arena, e,
		    &(struct err_tiers){ .field = S("messageId"),
					 .input = id,
					 .is_prefix = is_prefix,
					 .reason = S("message not found") });
	return cli_hint(c, e,
			is_prefix ? "the start of an id must be of a message you sent or got; try all of it"
				  : "only who sent it or was to get it can ask, for 30 days");
}

static struct err *ask(struct cli *c, str id, struct message_status_result_args *ret_result)
{
	struct query q = { .name = "mesh" };
	const struct json *body;
	struct warm warm;
	struct stay stay;
	const char *path;
	struct err *e;

	TRY(warm_open(c, &warm));
	if (!warm.is_up) {
		TRY(stay_open(c, &stay));
		e = visit_status(c->arena, stay.visit, id, ret_result);
		visit_close(stay.visit);
		return e;
	}
	TRY(warm_mesh(c, &warm, &q.value));
	path = arena_printf(c->arena, "/v1/messages/%.*s", STRF(url_encode(c->arena, id))).ptr;
	TRY(warm_get(c, &warm, warm_target(c->arena, path, &q, 1), &body));
	return json_decode(c->arena, body, message_status_result_fields, ret_result, sizeof(*ret_result), NULL);
}

static struct err *msg_status_run(struct cli *c, const void *flags UNUSED)
{
	struct message_status_result_args result;
	struct invalid why;
	bool is_prefix;
	struct err *e;
	str id;

	if (!valid_message_id(c->arena, c->args[0], &id, &is_prefix, &why))
		return invalid_err(c->arena, &why);
	e = ask(c, id, &result);
	if (e && e->code == ERR_NOT_FOUND)
		return not_found(c, e, id, is_prefix);
	TRY(e);
	if (c->out.json)
		status_json(c, &result);
	else
		status_print(c, &result);
	return NULL;
}

const struct command msg_status_command = {
	.name = "msg-status",
	.aliases = "message status",
	.arguments = "ID",
	.group = GROUP_MESSAGE,
	COMMAND_GATE(READ, "message", "status"),
	.run = msg_status_run,
	.doc = "Says what became of a message you sent or were to get.",
	.more = "ID is what 'claudemesh send' printed, its first 8 characters or more.\n"
		"A recipient is queued (away), pushed (on its way), delivered, expired\n"
		"or revoked.",
	.fields = "messageId id client_message_id targetSpec createdAt delivered deliveredAt recipients "
		  "subscribers gotBy",
};
