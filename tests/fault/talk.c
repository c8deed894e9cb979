/*
 * talk.c - the conversation. What a peer wants done it asks until it is done; see ask().
 */
#include "fault/talk.h"

#include <poll.h>
#include <sys/wait.h>

#include "fault/after.h"

enum { PAUSE_MS = 10, PATIENCE_MS = 15000, GATHER_MS = 15000, NOBODY = 0, BOB = 1 << 1, CAROL = 1 << 2 };

static const struct {
	const char *name;
	enum hello_kind kind;
} cast_of[TALK_PEERS] = { { "alice", HELLO_OURS }, { "bob", HELLO_SESSION }, { "carol", HELLO_DAEMON } };

/* ---- the broker's life ---- */

static bool says_why_it_ended(struct arena *a, const struct talk *t)
{
	str log = broker_log(a, &t->broker);

	return str_contains(log, S("claudemesh-broker: ")) ||
	       str_contains(log, S("the disk failed to make a commit durable"));
}

/* It may end when the disk failed it, with a word of why. */
static struct err *judge_end(struct arena *a, struct talk *t, int status)
{
	if (!t->plan->fired)
		return FAIL(a, CONFLICT, "the broker ended although nothing had failed");
	if (WIFSIGNALED(status))
		return FAIL(a, CONFLICT, "the broker died of signal %d", WTERMSIG(status));
	if (t->plan->kind < FAULT_FILE_FULL || t->plan->kind > FAULT_SYNC)
		return FAIL(a, CONFLICT, "the broker ended because of a connection");
	if (WEXITSTATUS(status) == 0 || !says_why_it_ended(a, t))
		return FAIL(a, CONFLICT, "the broker ended with status %d and did not say why",
			    WEXITSTATUS(status));
	return NULL;
}

static void everybody_is_cut_off(struct talk *t)
{
	for (size_t i = 0; i < TALK_PEERS; i++) {
		wire_drop(&t->peers[i].wire);
		t->peers[i].greeted = false;
	}
}

static struct err *begin(struct arena *a, struct talk *t)
{
	struct err *e = broker_start(a, &t->broker);

	/* It ended instead, and said so; the next start has nothing in its way. */
	if (e && !t->broker.pid && t->plan->fired && !str_contains(e->text, S("signal")) && says_why_it_ended(a, t))
		e = broker_start(a, &t->broker);
	return e;
}

/* Has it ended? Then it starts again. */
static struct err *revive(struct arena *a, struct talk *t)
{
	int status;

	if (!broker_ended(&t->broker, &status))
		return NULL;
	everybody_is_cut_off(t);
	TRY(judge_end(a, t, status));
	return begin(a, t);
}

/* Waits a moment, and reads what comes. */
static struct err *listen(struct arena *a, struct talk *t, i64 wait_ms)
{
	struct wire *open[TALK_PEERS];
	size_t n = 0;

	for (size_t i = 0; i < TALK_PEERS; i++)
		if (t->peers[i].wire.arena && t->peers[i].wire.fd >= 0)
			open[n++] = &t->peers[i].wire;
	if (!n)
		poll(NULL, 0, (int)MIN(wait_ms, PAUSE_MS));
	return wire_wait(a, open, n, wait_ms);
}

static struct err *end(struct arena *a, struct talk *t)
{
	i64 deadline = wire_now_ms() + BROKER_STOP_MS;
	int status;

	TRY(revive(a, t));
	broker_ask_to_stop(&t->broker);
	while (!broker_ended(&t->broker, &status)) {
		if (wire_now_ms() > deadline)
			return FAIL(a, TIMEOUT, "the broker does not stop");
		TRY(listen(a, t, PAUSE_MS));
	}
	everybody_is_cut_off(t);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL : judge_end(a, t, status);
}

/* ---- what peers hear ---- */

static struct err *hear_push(struct arena *a, struct talk *t, struct talker *who, const struct json *push)
{
	str id = json_get_str(push, S("client_message_id")), message_id = json_get_str(push, S("messageId"));
	unsigned bit = 1u << (who - t->peers);
	struct said *m = t->said;

	while (m < t->said + t->n_said && !str_eq(m->id, id))
		m++;
	if (m == t->said + t->n_said)
		return FAIL(a, CONFLICT, "%s got '%.*s', which nobody sent", who->name, STRF(id));
	if (!(m->due & bit))
		return FAIL(a, CONFLICT, "%s got '%.*s', which was for others", who->name, STRF(id));
	if (!m->message_id.len)
		m->message_id = arena_dup(t->arena, message_id);
	if (!str_eq(m->message_id, message_id))
		return FAIL(a, CONFLICT, "'%.*s' has two ids", STRF(id));
	m->seen |= bit;
	if (!who->silent && who->wire.fd >= 0)
		(void)!wire_send(a, &who->wire, arena_printf(a, "{\"type\":\"client_ack\",\"brokerMessageId\":"
							     "\"%.*s\"}", STRF(message_id)));
	return NULL;
}

/* Looks at what has come to each since the last time. */
static struct err *hear(struct arena *a, struct talk *t)
{
	for (size_t i = 0; i < TALK_PEERS; i++) {
		struct talker *who = &t->peers[i];
		struct frame *f = who->read ? who->read->next : who->wire.arena ? who->wire.frames : NULL;

		for (; f; f = f->next) {
			who->read = f;
			if (str_eq(json_get_str(f->json, S("type")), S("push")) &&
			    !str_eq(json_get_str(f->json, S("subtype")), S("system")))
				TRY(hear_push(a, t, who, f->json));
		}
	}
	return NULL;
}

static const struct json *find(const struct talker *who, const char *member, str value)
{
	for (const struct frame *f = who->wire.frames; f; f = f->next)
		if (str_eq(json_get_str(f->json, str_from(member)), value))
			return f->json;
	return NULL;
}

/* An answer, or NULL when the connection ended before it. Silence is a failure. */
static struct err *await(struct arena *a, struct talk *t, struct talker *who, const char *member, str value,
			 const struct json **ret_answer)
{
	i64 deadline = wire_now_ms() + WIRE_DEADLINE_MS;

	while (!(*ret_answer = find(who, member, value)) && who->wire.fd >= 0 && !who->wire.closed) {
		i64 left = deadline - wire_now_ms();

		if (left <= 0)
			return FAIL(a, TIMEOUT, "%s heard nothing of '%.*s'", who->name, STRF(value));
		TRY(listen(a, t, left));
	}
	return hear(a, t);
}

static bool is_try_again(const struct json *answer)
{
	return str_eq(json_get_str(answer, S("code")), S("try_again"));
}

/* ---- what peers do ---- */

static struct err *greet(struct arena *a, struct talk *t, struct talker *who)
{
	const struct json *answer;
	str frame;
	int status = 0;
	struct err *e;

	who->greeted = false;
	who->read = NULL;
	e = wire_open(t->arena, t->broker.port, NULL, 0, &who->wire, &status);
	if (e)
		return e->code == ERR_NETWORK ? NULL : e; /* cut off: again */
	if (status != 101)
		return FAIL(a, CONFLICT, "an upgrade was answered %d", status);
	TRY(cast_hello(a, who->member, &who->session, str_from(who->name), who->kind, who->wire.challenge,
		       NULL, &frame));
	if (wire_send(a, &who->wire, frame))
		return NULL;
	TRY(await(a, t, who, "type", S("hello_ack"), &answer));
	who->greeted = answer != NULL;
	return NULL;
}

static struct err *everybody_is_here(struct arena *a, struct talk *t)
{
	i64 deadline = wire_now_ms() + PATIENCE_MS;

	while (wire_now_ms() < deadline) {
		bool complete = true;

		TRY(revive(a, t));
		for (size_t i = 0; i < TALK_PEERS; i++) {
			struct talker *who = &t->peers[i];

			if (who->away || (who->greeted && who->wire.fd >= 0 && !who->wire.closed))
				continue;
			TRY(greet(a, t, who));
			complete = complete && who->greeted;
		}
		if (complete)
			return NULL;
		TRY(listen(a, t, PAUSE_MS));
	}
	return FAIL(a, CONFLICT, "somebody is not admitted");
}

/* Sends a frame until it is answered with something other than "try again". `key` is the member
 * of the answer that repeats `value`. */
static struct err *ask(struct arena *a, struct talk *t, struct talker *who, str frame, const char *key,
		       str value, const struct json **ret_answer)
{
	i64 deadline = wire_now_ms() + PATIENCE_MS;

	while (wire_now_ms() < deadline) {
		const struct json *answer = NULL;

		TRY(everybody_is_here(a, t));
		/* An answer of an earlier try is none of this one. */
		TRY(hear(a, t));
		who->wire.frames = who->read = NULL;
		if (!wire_send(a, &who->wire, frame))
			TRY(await(a, t, who, key, value, &answer));
		if (answer && !is_try_again(answer)) {
			*ret_answer = answer;
			return NULL;
		}
		TRY(listen(a, t, PAUSE_MS));
	}
	return FAIL(a, CONFLICT, "%s was told to try again too often: %.*s", who->name, STRF(frame));
}

static str fresh_id(struct talk *t)
{
	return arena_printf(t->arena, "q%d", ++t->questions);
}

/* A question whose answer comes after all that was before it. */
static struct err *fence(struct arena *a, struct talk *t, struct talker *who)
{
	const struct json *answer;
	str id = fresh_id(t);

	return ask(a, t, who, arena_printf(a, "{\"type\":\"list_peers\",\"_reqId\":\"%.*s\"}", STRF(id)),
		   "_reqId", id, &answer);
}

/* Acks that are on their way have arrived. */
static struct err *settle(struct arena *a, struct talk *t)
{
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < TALK_PEERS; i++)
			if (!t->peers[i].away)
				TRY(fence(a, t, &t->peers[i]));
	return NULL;
}

static struct err *send(struct arena *a, struct talk *t, const char *target, str client_id, const char *body,
			const struct json **ret_answer)
{
	str id = fresh_id(t);

	return ask(a, t, &t->peers[0], arena_printf(a, "{\"type\":\"send\",\"id\":\"%.*s\",\"client_message_id\":"
		   "\"%.*s\",\"targetSpec\":\"%s\",\"nonce\":\"AAEC\",\"ciphertext\":\"%s\"}", STRF(id),
		   STRF(client_id), target, body), "id", id, ret_answer);
}

static struct err *say(struct arena *a, struct talk *t, const char *target, unsigned due)
{
	struct said *m = &t->said[t->n_said++];
	const struct json *answer;
	str id;

	*m = (struct said){ .id = arena_printf(t->arena, "m%zu", t->n_said), .due = due };
	TRY(send(a, t, target, m->id, "AAEC", &answer));
	id = json_get_str(answer, S("messageId"));
	if (!id.len)
		return FAIL(a, CONFLICT, "'%.*s' was refused: %.*s", STRF(m->id), STRF(answer->raw));
	if (m->message_id.len && !str_eq(m->message_id, id))
		return FAIL(a, CONFLICT, "'%.*s' was accepted as two messages", STRF(m->id));
	m->message_id = arena_dup(t->arena, id);
	return NULL;
}

/* Everybody who is here has what they were to get. */
static struct err *gather(struct arena *a, struct talk *t)
{
	i64 deadline = wire_now_ms() + GATHER_MS;

	for (size_t i = 0; i < t->n_said; i++) {
		struct said *m = &t->said[i];

		while (m->due & ~m->seen) {
			if (wire_now_ms() > deadline)
				return FAIL(a, TIMEOUT, "'%.*s' was acked and does not come (%x of %x)",
					    STRF(m->id), m->seen, m->due);
			TRY(everybody_is_here(a, t));
			TRY(listen(a, t, PAUSE_MS));
			TRY(hear(a, t));
		}
	}
	return NULL;
}

/* ---- the conversation ---- */

static struct err *enter(struct arena *a, struct talk *t)
{
	i64 deadline = wire_now_ms() + PATIENCE_MS;

	for (size_t i = 0; i < TALK_PEERS; i++) {
		struct talker *who = &t->peers[i];
		struct err *e = NULL;

		who->name = cast_of[i].name;
		who->kind = cast_of[i].kind;
		sign_pair_new(&who->session);
		/* An answer that was cut off or said to try again may have been carried out: then
		 * there is one mesh, or one member, too many. */
		while (!who->member && wire_now_ms() < deadline) {
			TRY(revive(a, t));
			e = cast_member(a, &t->cast, str_from(who->name), S("mesh"));
			who->member = cast_find(&t->cast, str_from(who->name));
			if (e && e->code == ERR_TIMEOUT)
				return e;
			if (e)
				poll(NULL, 0, PAUSE_MS); /* it may be about to end */
		}
		if (!who->member)
			return e;
	}
	return everybody_is_here(a, t);
}

static struct err *question(struct arena *a, struct talk *t, struct talker *who, const char *members, str want)
{
	const struct json *answer;
	str id = fresh_id(t);

	TRY(ask(a, t, who, arena_printf(a, "{%s,\"_reqId\":\"%.*s\"}", members, STRF(id)), "_reqId", id, &answer));
	if (!str_contains(answer->raw, want))
		return FAIL(a, CONFLICT, "%s was answered %.*s", who->name, STRF(answer->raw));
	return NULL;
}

static struct err *speak(struct arena *a, struct talk *t)
{
	struct talker *bob = &t->peers[1], *carol = &t->peers[2];
	const char *to_bob = arena_cstr(t->arena, bob->member->pubkey);
	const struct json *answer;

	TRY(question(a, t, carol, "\"type\":\"join_group\",\"name\":\"dev\",\"scope\":\"member\"", S("\"ack\"")));
	TRY(question(a, t, bob, "\"type\":\"set_summary\",\"summary\":\"x\"", S("\"ack\"")));
	TRY(say(a, t, to_bob, BOB));
	TRY(say(a, t, "@dev", CAROL));
	TRY(say(a, t, "*", BOB | CAROL));
	TRY(gather(a, t));
	/* Pushed, and cut off before the ack: it comes again. */
	bob->silent = true;
	TRY(say(a, t, to_bob, BOB));
	TRY(gather(a, t));
	t->said[t->n_said - 1].seen = NOBODY;
	wire_drop(&bob->wire);
	bob->silent = false;
	TRY(gather(a, t));
	/* Away: it waits. */
	wire_drop(&bob->wire);
	bob->away = true;
	TRY(say(a, t, to_bob, BOB));
	bob->away = false;
	TRY(gather(a, t));
	/* Again under its id, and another under the same. */
	TRY(send(a, t, to_bob, t->said[0].id, "AAEC", &answer));
	if (!str_eq(json_get_str(answer, S("messageId")), t->said[0].message_id))
		return FAIL(a, CONFLICT, "a repeat was answered %.*s", STRF(answer->raw));
	TRY(send(a, t, to_bob, t->said[0].id, "BBEC", &answer));
	if (!str_contains(answer->raw, S("idempotency_key_reused")))
		return FAIL(a, CONFLICT, "another under the same id was answered %.*s", STRF(answer->raw));
	return NULL;
}

static struct err *restart(struct arena *a, struct talk *t)
{
	TRY(end(a, t));
	return begin(a, t);
}

/* Nothing fails any more, and nothing may come twice. */
static struct err *rest(struct arena *a, struct talk *t)
{
	t->plan->kind = FAULT_NONE;
	TRY(settle(a, t));
	TRY(gather(a, t));
	TRY(settle(a, t));
	TRY(question(a, t, &t->peers[0], arena_printf(a, "\"type\":\"message_status\",\"messageId\":\"%.*s\"",
		     STRF(t->said[2].message_id)).ptr, S("\"delivered\":true")));
	TRY(restart(a, t));
	for (size_t i = 0; i < t->n_said; i++)
		t->said[i].seen = NOBODY;
	TRY(settle(a, t));
	for (size_t i = 0; i < t->n_said; i++)
		if (t->said[i].seen)
			return FAIL(a, CONFLICT, "'%.*s' came again after it was acked", STRF(t->said[i].id));
	return end(a, t);
}

struct err *talk_run(struct arena *a, struct talk *t)
{
	TRY(begin(a, t));
	t->cast.port = t->broker.port;
	TRY(enter(a, t));
	TRY(speak(a, t));
	TRY(restart(a, t));
	TRY(say(a, t, arena_cstr(a, t->peers[1].member->pubkey), BOB));
	TRY(say(a, t, "@dev", CAROL)); /* still in the group */
	TRY(gather(a, t));
	TRY(rest(a, t));
	return after_check(a, t);
}
