#include "cli/send.h"

#include "cli/commands.h"
#include "cli/context.h"

#include <inttypes.h>

#include "base/ids.h"
#include "cli/policy.h"
#include "cli/text.h"
#include "cli/topic.h"

#define FLAG_C_priority enum priority
#define FLAG_KIND_priority FLAG_ENUM
#define FLAG_WORDS_priority priority_words

enum wait_for { WAIT_ABSENT, WAIT_DELIVERED };
static const char *const wait_words[] = { "", "delivered", NULL };
#define FLAG_C_wait enum wait_for
#define FLAG_KIND_wait FLAG_CHOICE
#define FLAG_WORDS_wait wait_words

enum { WAIT_DEFAULT_MS = 30000 };

#define SEND_FLAGS(F, T) \
	F(T, priority, priority, "P", 0, 0, "now, next (default) or low") \
	F(T, bool, online, "", 0, 0, "refuse it if the recipient is not connected") \
	F(T, wait, wait, "[=delivered]", 0, 0, "until every recipient has it") \
	F(T, duration, timeout, "D", 1000, 24 * 3600 * 1000, "how long --wait waits; default 30s") \
	F(T, str, id, "ID", 1, CLIENT_ID_BYTES_MAX, "your own id of it; a repeat keeps the id") \
	F(T, bool, self, "", 0, 0, "WHO is you: each of your other sessions gets it")
CLI_FLAGS(send, SEND_FLAGS);

enum outcome { SENT_LIVE, SENT_HELD, SENT_STORED, SENT_NOBODY, SENT_ACCEPTED };

/* Only the broker's own word makes it "sent": the reference's acks do not tell. */
static enum outcome outcome_of(const struct ack_args *ack)
{
	static const char *const words[] = { [SENT_LIVE] = "live",
					     [SENT_HELD] = "held",
					     [SENT_STORED] = "stored",
					     [SENT_NOBODY] = "nobody" };

	for (int i = 0; i < (int)ARRAY_LEN(words); i++)
		if (str_eq(ack->delivery, str_from(words[i])))
			return (enum outcome)i;
	return SENT_ACCEPTED;
}

static str name_of(const struct target *to)
{
	return !str_empty(to->name)     ? to->name
	       : to->kind == TARGET_KEY ? text_cut(to->spec, 16)
					: to->spec;
}

static void send_json(struct cli *c, const struct target *to, const struct ack_args *ack, str id)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "messageId", ack->messageId);
	json_put_str(j, "clientMessageId", id);
	json_put_str(j, "target", to->spec);
	json_put_str(j, "name", to->name);
	json_put_str(j, "delivery", str_empty(ack->delivery) ? S("accepted") : ack->delivery);
	json_put_int(j, "recipients", ack->recipients);
	json_put_bool(j, "encrypted", to->kind == TARGET_KEY);
	json_put_bool(j, "duplicate", ack->duplicate);
}

void send_print_doubt(struct cli *c, const struct target *to)
{
	str name = name_of(to);

	if (to->listed && to->kind == TARGET_KEY && !to->verified && !c->out.quiet)
		out_warn(&c->out, arena_printf(c->arena, "claudemesh verify %.*s   shows the number to compare", STRF(name)),
			 "%.*s is unverified: the broker alone says who it is", STRF(name));
}

void send_print(struct cli *c, const struct target *to, const struct ack_args *ack)
{
	str id = text_cut(ack->messageId, 8);
	str detail = to->kind == TARGET_KEY
			     ? id
			     : arena_printf(c->arena, "%" PRId64 " %s, not encrypted, %.*s",
					    ack->recipients,
					    ack->recipients == 1 ? "recipient" : "recipients",
					    STRF(id));
	str name = name_of(to);

	switch (outcome_of(ack)) {
	case SENT_LIVE: out_ok(&c->out, detail, "sent to %.*s", STRF(name)); break;
	case SENT_HELD: out_ok(&c->out, detail, "stored, %.*s takes it later", STRF(name)); break;
	case SENT_STORED: out_ok(&c->out, detail, "stored, %.*s is away", STRF(name)); break;
	case SENT_NOBODY:
		out_warn(&c->out, S("what is sent to several is not kept for who is away"),
			 "nobody is connected in %.*s: it reached no one", STRF(name));
		break;
	case SENT_ACCEPTED:
		out_ok(&c->out, detail, ack->duplicate ? "was sent to %.*s before" : "accepted for %.*s",
		       STRF(name));
		break;
	}
	send_print_doubt(c, to);
}

/* What came back instead of an acknowledgement. A refusal keeps the broker's word and is
 * told from failures by its status (12), whatever the word. */
static struct err *send_failed(struct cli *c, struct err *e, str id)
{
	if (e->code == ERR_TIMEOUT || e->code == ERR_NETWORK)
		return cli_hint(
			c, e,
			"it may have been accepted; to repeat it under the same id: --id %.*s",
			STRF(id));
	if (!str_empty(e->word) && e->code != ERR_TRY_AGAIN)
		e->code = ERR_REFUSED;
	return e;
}

/* Not delivered to everybody: in time (11), or ever (12). */
struct err *send_wait_failed(struct cli *c, const struct message_status_result_args *r, bool settled,
			     i64 wait_ms)
{
	size_t waiting = 0;

	if (!r->recipients.n)
		return FAIL(c->arena, NO_RECIPIENT, "nobody was there to receive it");
	for (size_t i = 0; i < r->recipients.n; i++) {
		const struct recipient_args *to = &r->recipients.items[i];

		waiting += to->state < DELIVERY_DELIVERED;
		if (to->state > DELIVERY_DELIVERED)
			return FAIL(c->arena, REFUSED, "not delivered to %.*s: %.*s", STRF(to->name),
				    STRF(to->reason));
	}
	if (settled)
		return NULL;
	return cli_hint(c, FAIL(c->arena, TIMEOUT,
				"not delivered within %" PRId64 " s to %zu of %zu; it stays with the broker",
				wait_ms / 1000, waiting, r->recipients.n),
			"claudemesh msg-status %.*s", STRF(r->messageId));
}

static struct err *wait_for(struct cli *c, struct visit *visit, str id, i64 wait_ms)
{
	struct message_status_result_args result;
	bool settled;

	TRY(visit_settle(c->arena, visit, id, wait_ms, &result, &settled));
	if (result.delivered)
		return NULL;
	return send_wait_failed(c, &result, settled, wait_ms);
}

/* Through the daemon, if there is one. *ret_done false: go to the broker. */
static struct err *try_warm(struct cli *c, const struct send_flags *in, const struct draft *draft,
			    bool *ret_done)
{
	const struct send_want want = {
		.who = c->args[0],
		.text = draft->text,
		.id = draft->client_message_id,
		.priority = enum_word(priority_words, (int)in->priority),
		.wait_ms = in->wait ? in->timeout ? in->timeout : WAIT_DEFAULT_MS : 0,
		.self = in->self,
	};
	struct warm warm;
	struct err *e;

	*ret_done = false;
	TRY(warm_open(c, &warm));
	if (in->self && !warm.is_up)
		return FAIL(c->arena, TRY_AGAIN, "only the daemon knows your sessions, and none is running");
	/* What is kept is not refused for want of a connection. */
	if (in->online && !str_empty(warm.ipc.token))
		return FAIL(c->arena, NOT_SUPPORTED, "--online is not possible within a session");
	if (in->online || !warm.is_up)
		return NULL;
	e = send_warm(c, &warm, &want);
	/* It went away meanwhile, and took nothing. */
	*ret_done = !ipc_is_unreachable(e) || !str_empty(warm.ipc.token) || in->self;
	return *ret_done ? e : NULL;
}

static struct err *post_to_topic(struct cli *c, const struct send_flags *in, str text)
{
	if (in->online || in->wait || in->self)
		return FAIL(c->arena, NOT_SUPPORTED, "a topic keeps what is posted: --online, --wait and --self are "
						     "for messages to peers");
	/* A rule about 'topic post' holds for posts, whichever command makes them. */
	TRY(policy_ask(c, &(struct policy_request){ .resource = S("topic"), .verb = S("post"), .is_write = true,
						     .command = S("send") }));
	return topic_post_words(c, &(struct topic_words){ .topic = str_trim(c->args[0]), .text = text, .id = in->id,
							  .priority = in->priority });
}

static struct err *send_run(struct cli *c, const void *flags)
{
	const struct send_flags *in = flags;
	struct draft draft = { .priority = in->priority, .require_connected = in->online };
	struct target to;
	struct ack_args ack;
	struct stay stay;
	struct err *e, *late = NULL;
	bool done;

	TRY(cli_text(c, c->args[1], COMPOSE_TEXT_MAX, &draft.text));
	if (str_empty(draft.text))
		return cli_invalid(c, S("text"), "missing", S("the message is empty"), S("text, or '-' to read it"));
	if (str_starts(str_trim(c->args[0]), S("#")))
		return post_to_topic(c, in, draft.text);
	/* Chosen here, so that an attempt whose answer is lost can be repeated safely. */
	draft.client_message_id = str_empty(in->id) ? id_random(c->arena, &random_system) : in->id;
	TRY(try_warm(c, in, &draft, &done));
	if (done)
		return NULL;
	TRY(in->wait ? stay_open_waiting(c, &stay) : stay_open(c, &stay));
	e = visit_send(c->arena, stay.visit, c->args[0], &draft, &to, &ack);
	if (!e && in->wait)
		late = wait_for(c, stay.visit, ack.messageId, in->timeout ? in->timeout : WAIT_DEFAULT_MS);
	visit_close(stay.visit);
	if (e)
		return send_failed(c, e, draft.client_message_id);
	if (c->out.json)
		send_json(c, &to, &ack, draft.client_message_id);
	else
		send_print(c, &to, &ack);
	if (late)
		return late; /* ends the envelope, too */
	if (in->wait)
		out_info(&c->out, "delivered");
	if (c->out.json) {
		if (in->wait)
			json_put_bool(&c->out.json_out, "delivered", true);
		out_json_end(&c->out);
	}
	return NULL;
}

const struct command send_command = {
	.name = "send",
	.aliases = "message send",
	.arguments = "WHO|#TOPIC TEXT...",
	.group = GROUP_MESSAGE,
	COMMAND_GATE(WRITE, "message", "send"),
	COMMAND_FLAGS(send),
	.run = send_run,
	.doc = "Sends a message; the text '-' is read from stdin.",
	.more = "WHO is a name, a key or the unique start of one (8 digits), @group or '*'; to a\n"
		"'#topic' it is 'topic post'.\n"
		"Messages to one person are encrypted for them; @group and '*' are not yet.\n"
		"With a daemon it is on this machine's disk when the command ends, 'queued' until\n"
		"the broker has it. With --wait the status is 11 if it was not delivered in time,\n"
		"and 12 if it never will be.",
	.fields = "messageId clientMessageId target name delivery recipients encrypted duplicate delivered "
		  "via status",
};
