#include "client/visit.h"

#include "client/brokers.h"
#include "client/members.h"
#include "client/topics.h"

enum { TURN_MS = 1000, OPEN_MS = LINK_CONNECT_MS + LINK_HELLO_MS + 1000 };

/* A message that nobody has taken yet. */
struct kept {
	struct kept *next;
	struct arena *arena;
	struct inbound m;
};

struct visit {
	struct arena *arena; /* the caller's */
	const struct client *client;
	struct config_mesh_args mesh;
	str owner_pubkey; /* pinned; empty if we know none */
	struct strs confirmed;
	bool reconnect;
	struct loop *loop;
	struct link *link;
	struct kept *first, **last;
	size_t n_kept;
	struct members members; /* who is who */
	bool greeted, challenged; /* the first time; did the broker offer a challenge then */
	bool down; /* for good, or there is no reconnecting */
	bool stopped;
	struct err why; /* of the last end */
	char why_text[512];
	char why_word[64];
	unsigned lost, greetings;
	str settling; /* the message that visit_settle() waits for */
	bool news;    /* of it */
};

static void on_ready(void *arg, struct link *l, const struct hello_ack_args *ack)
{
	struct visit *v = arg;

	if (!v->greeted)
		v->challenged = link_has_challenge(l);
	v->greeted = true;
	v->greetings++;
}

static void on_state(void *arg, struct link *l, const struct message_state_args *state)
{
	struct visit *v = arg;

	(void)l;
	if (str_eq(state->messageId, v->settling))
		v->news = true;
}

static bool on_message(void *arg, struct link *l, const struct inbound *m)
{
	struct visit *v = arg;
	struct kept *k;

	if (v->n_kept >= VISIT_QUEUE_MAX)
		return false;
	k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	k->arena = arena_new();
	k->m = inbound_dup(k->arena, m);
	*v->last = k;
	v->last = &k->next;
	v->n_kept++;
	return true;
}

/* The error lives during the call only, and there may be one for each lost connection. */
static void on_down(void *arg, struct link *l, const struct err *why, i64 retry_ms)
{
	struct visit *v = arg;

	snprintf(v->why_text, sizeof(v->why_text), "%.*s", STRF(why->text));
	snprintf(v->why_word, sizeof(v->why_word), "%.*s", STRF(why->word));
	v->why = *why;
	v->why.text = str_from(v->why_text);
	v->why.word = str_from(v->why_word);
	v->lost++;
	v->down = retry_ms < 0;
}

static const struct link_handler visit_handler = { on_ready, on_message, NULL, on_down, on_state };

static struct err *why_down(struct arena *a, const struct visit *v)
{
	return err_copy(a, &v->why);
}

static struct kept *take_kept(struct visit *v)
{
	struct kept *k = v->first;

	if (!k)
		return NULL;
	v->first = k->next;
	if (!v->first)
		v->last = &v->first;
	v->n_kept--;
	return k;
}

static void free_kept(struct kept *k)
{
	arena_free(k->arena);
	free(k);
}

static void teardown(void *arg)
{
	struct visit *v = arg;
	struct kept *k;

	link_free(v->link);
	v->link = NULL;
	while ((k = take_kept(v)))
		free_kept(k);
	loop_free(v->loop);
	v->loop = NULL;
	members_done(&v->members);
}

static struct err *greet(struct arena *a, struct visit *v)
{
	i64 deadline = loop_now_ms(v->loop) + OPEN_MS;

	/* The greeting and the end of the connection may come in one turn: with reconnect that
	 * is a lost connection, not one that never was. */
	while (!v->greeted) {
		loop_turn(v->loop, TURN_MS);
		if (v->lost && (v->down || !v->greeted))
			return why_down(a, v);
		if (loop_now_ms(v->loop) >= deadline)
			return FAIL(a, TIMEOUT, "the broker at %.*s did not answer in time",
				    STRF(v->mesh.brokerUrl));
	}
	if (v->challenged)
		return brokers_set_hello2(a, v->client->paths, v->mesh.brokerUrl);
	return NULL;
}

struct err *visit_open(struct arena *a, const struct client *c, const struct visit_spec *spec,
		       struct visit **ret_visit)
{
	CLEANUP(sign_pair_wipe) struct sign_pair member = { 0 };
	struct visit *v = NEW(a, struct visit);
	struct mesh_keys_args keys;
	struct link_spec to = {
		.clock = c->clock,
		.random = c->random,
		.url = spec->mesh->brokerUrl,
		.tls = c->tls,
		.mesh_id = spec->mesh->meshId,
		.member_id = spec->mesh->memberId,
		.member = &member,
		.is_session = spec->is_session,
		.no_delivery = !spec->wants_messages,
		.reconnect = spec->reconnect,
		.receipts = spec->receipts,
		.display_name = spec->display_name,
	};

	TRY(config_mesh_pair(a, spec->mesh, &member));
	TRY(keys_load(a, c->paths, spec->mesh->meshId, &keys));
	TRY(brokers_get_hello2(a, c->paths, spec->mesh->brokerUrl, &to.hello2_known));
	*v = (struct visit){ .arena = a,
			     .client = c,
			     .mesh = *spec->mesh,
			     .reconnect = spec->reconnect,
			     .owner_pubkey = keys.owner_pubkey,
			     .confirmed = keys.confirmed };
	v->last = &v->first;
	TRY(loop_new(a, &v->loop));
	arena_defer(a, teardown, v);
	to.loop = v->loop;
	v->link = link_new(&to, &visit_handler, v);
	TRY(greet(a, v));
	*ret_visit = v;
	return NULL;
}

void visit_close(struct visit *v)
{
	i64 deadline;

	if (!v || !v->loop)
		return;
	deadline = loop_now_ms(v->loop) + VISIT_CLOSE_MS;
	link_close(v->link);
	while (!v->down && link_is_closing(v->link) && loop_now_ms(v->loop) < deadline)
		loop_turn(v->loop, MAX(deadline - loop_now_ms(v->loop), 0));
	teardown(v);
}

struct link *visit_link(struct visit *v)
{
	return v->link;
}

struct loop *visit_loop(struct visit *v)
{
	return v->loop;
}

void visit_stop(struct visit *v)
{
	v->stopped = true;
}

str visit_lost(const struct visit *v, unsigned *ret_times)
{
	*ret_times = v->lost;
	return str_from(v->why_text);
}

/* One call under way; on the stack of whoever waits for it. */
struct waiting {
	struct arena *arena;
	bool done;
	struct err *e;
	const struct json *reply;
};

static void on_reply(void *arg, const struct err *e, const struct json *reply)
{
	struct waiting *w = arg;

	w->done = true;
	if (e) {
		w->e = err_copy(w->arena, e);
		return;
	}
	/* The tree dies with the frame: keep the text and read it again. */
	w->e = json_parse(w->arena, arena_dup(w->arena, reply->raw), &w->reply);
}

/* Ends by itself: every request has a deadline, and a lost connection fails them all. */
static struct err *wait_reply(struct visit *v, struct waiting *w)
{
	while (!w->done)
		loop_turn(v->loop, TURN_MS);
	return w->e;
}

static struct err *decode_reply(struct arena *a, const char *type, const struct json *reply,
				const struct json_field *fields, void *ret, size_t size)
{
	struct err *e;

	if (!fields)
		return NULL;
	e = json_decode(a, reply, fields, ret, size, NULL);
	if (e)
		return FAIL(a, REFUSED, "the broker's answer to '%s' makes no sense: %.*s", type,
			    STRF(e->text));
	return NULL;
}

static struct err *call(struct arena *a, struct visit *v, const char *type, const struct json_field *fields,
			const void *args, i64 timeout_ms, const struct json_field *reply_fields,
			void *ret_reply, size_t reply_size)
{
	struct waiting w = { .arena = a };

	link_request(v->link, type, fields, args, timeout_ms, on_reply, &w);
	TRY(wait_reply(v, &w));
	return decode_reply(a, type, w.reply, reply_fields, ret_reply, reply_size);
}

struct err *visit_call(struct arena *a, struct visit *v, const char *type,
		       const struct json_field *fields, const void *args,
		       const struct json_field *reply_fields, void *ret_reply, size_t reply_size)
{
	return call(a, v, type, fields, args, 0, reply_fields, ret_reply, reply_size);
}

struct err *visit_call_for(struct arena *a, struct visit *v, const char *type,
			   const struct json_field *fields, const void *args, i64 wait_ms,
			   const struct json_field *reply_fields, void *ret_reply, size_t reply_size)
{
	return call(a, v, type, fields, args, wait_ms, reply_fields, ret_reply, reply_size);
}

struct err *visit_tell(struct arena *a, struct visit *v, const char *type,
		       const struct json_field *fields, const void *args, bool *ret_confirmed)
{
	*ret_confirmed = link_has_challenge(v->link);
	if (*ret_confirmed)
		return visit_call(a, v, type, fields, args, NULL, NULL, 0);
	if (!link_tell(v->link, type, fields, args))
		return v->lost ? why_down(a, v) : FAIL(a, NETWORK, "not connected to the broker");
	return NULL;
}

struct err *visit_peers(struct arena *a, struct visit *v, bool members,
			struct peers_list_args *ret_list)
{
	struct list_peers_args args = { .members = members };
	struct peers_list_args list;

	TRY(visit_call(a, v, "list_peers", list_peers_fields, &args, peers_list_fields, &list,
		       sizeof(list)));
	members_verify(a, &list.members, v->mesh.meshId, v->owner_pubkey);
	members_confirm(&list.members, v->confirmed.items, v->confirmed.n);
	*ret_list = list;
	return NULL;
}

/* To the recipient's devices. The message itself is on its way: a copy that fails is none. */
static void send_copies(struct arena *a, struct visit *v, const struct draft *d, const struct target *to,
			str client_message_id)
{
	for (size_t i = 0; i < to->devices.n; i++) {
		struct target device = resolve_copy(a, to, i);
		struct waiting w = { .arena = a };
		struct draft copy = *d;
		struct send_args args;

		copy.client_message_id = resolve_copy_id(a, to, i, client_message_id);
		if (compose(a, &copy, &device, link_box_cache(v->link), link_seal_pair(v->link), v->client->random,
			    &args))
			continue;
		link_send(v->link, &args, 0, on_reply, &w);
		(void)!wait_reply(v, &w);
	}
}

struct err *visit_send(struct arena *a, struct visit *v, str who, const struct draft *d,
		       struct target *ret_target, struct ack_args *ret_ack)
{
	struct peers_list_args list = { 0 };
	struct waiting w = { .arena = a };
	struct send_args args;
	struct target to;

	if (!resolve_is_multicast(who))
		TRY(visit_peers(a, v, true, &list));
	TRY(resolve_target(a, &list, v->mesh.pubkey, who, &to));
	TRY(compose(a, d, &to, link_box_cache(v->link), link_seal_pair(v->link), v->client->random,
		    &args));
	link_send(v->link, &args, 0, on_reply, &w);
	TRY(wait_reply(v, &w));
	TRY(decode_reply(a, "send", w.reply, ack_fields, ret_ack, sizeof(*ret_ack)));
	send_copies(a, v, d, &to, args.client_message_id);
	*ret_target = to;
	return NULL;
}

struct err *visit_post(struct arena *a, struct visit *v, const struct send_args *args,
		       struct ack_args *ret_ack)
{
	struct waiting w = { .arena = a };

	link_send(v->link, args, 0, on_reply, &w);
	TRY(wait_reply(v, &w));
	return decode_reply(a, "send", w.reply, ack_fields, ret_ack, sizeof(*ret_ack));
}

static struct err *status_within(struct arena *a, struct visit *v, str message_id, i64 timeout_ms,
				 struct message_status_result_args *ret_result)
{
	struct message_status_args args = { .messageId = message_id };

	return call(a, v, "message_status", message_status_fields, &args, timeout_ms,
		    message_status_result_fields, ret_result, sizeof(*ret_result));
}

struct err *visit_status(struct arena *a, struct visit *v, str message_id,
			 struct message_status_result_args *ret_result)
{
	return status_within(a, v, message_id, 0, ret_result);
}

/* A reference broker tells of the message as a whole. */
static bool is_settled(const struct message_status_result_args *r)
{
	for (size_t i = 0; i < r->recipients.n; i++)
		if (r->recipients.items[i].state < DELIVERY_DELIVERED)
			return r->delivered;
	return true;
}

/* Until there is a reason to ask again, or until_ms. News are not asked after before at_least_ms. */
static void wait_for_news(struct visit *v, i64 at_least_ms, i64 until_ms)
{
	unsigned greetings = v->greetings;
	i64 now = loop_now_ms(v->loop);

	while (now < until_ms && !v->down && v->greetings == greetings && !(v->news && now >= at_least_ms)) {
		loop_turn(v->loop, (v->news ? MIN(at_least_ms, until_ms) : until_ms) - now);
		now = loop_now_ms(v->loop);
	}
}

/* Asks once; *ret_result stays as it was when the connection ended and will come back. */
static struct err *ask_status(struct arena *a, struct visit *v, i64 deadline,
			      struct message_status_result_args *ret_result)
{
	i64 left = MAX(deadline - loop_now_ms(v->loop), VISIT_LAST_MS);
	struct err *e;

	v->news = false;
	e = link_is_ready(v->link) || !v->reconnect
		    ? status_within(a, v, v->settling, MIN(left, LINK_REPLY_MS), ret_result)
		    : why_down(a, v);
	return e && e->code == ERR_NETWORK && v->reconnect && !v->down ? NULL : e;
}

static struct err *settle(struct arena *a, struct visit *v, i64 deadline,
			  struct message_status_result_args *ret_result, bool *ret_settled)
{
	struct message_status_result_args result = { .messageId = STR_NONE };
	i64 ask_ms = 0;

	for (;;) {
		i64 now, patience = link_has_feature(v->link, S("receipts")) ? VISIT_ASK_TOLD_MS : VISIT_ASK_MS;

		TRY(ask_status(a, v, deadline, &result));
		*ret_settled = result.messageId.ptr && is_settled(&result);
		now = loop_now_ms(v->loop);
		if (*ret_settled || now >= deadline)
			break;
		/* The first news are worth a question at once, a stream of them is not. */
		wait_for_news(v, now + ask_ms, MIN(now + patience, deadline));
		ask_ms = v->news ? VISIT_ASK_MS : 0;
	}
	if (!result.messageId.ptr)
		return why_down(a, v);
	*ret_result = result;
	return NULL;
}

struct err *visit_settle(struct arena *a, struct visit *v, str message_id, i64 wait_ms,
			 struct message_status_result_args *ret_result, bool *ret_settled)
{
	struct err *e;

	v->settling = message_id;
	e = settle(a, v, loop_now_ms(v->loop) + wait_ms, ret_result, ret_settled);
	v->settling = STR_NONE;
	return e;
}

static struct err *call_of_topics(void *arg, struct arena *a, const char *type, const struct json_field *fields,
				  const void *args, const struct json_field *reply_fields, void *ret, size_t size)
{
	return visit_call(a, arg, type, fields, args, reply_fields, ret, size);
}

/* Opened with the topic's key, which is asked for if it is not known. */
static void read_post(struct arena *a, struct visit *v, struct inbound *m)
{
	struct topic_message_args post;
	struct topic_line *lines;
	struct topics topics;

	if (!m->keyed)
		return;
	post = topic_message_of(m);
	if (!topics_init(a, v->client, &v->mesh, call_of_topics, v, &topics) &&
	    !topics_lines(&topics, m->topic_id, &post, 1, &lines))
		topic_line_into(&lines[0], m);
}

/* Without an owner key to start from, or a list, nobody is verified. */
static void know_sender(struct visit *v, struct inbound *m)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args list;

	if (str_empty(v->owner_pubkey) && !v->confirmed.n)
		return;
	if (members_want(&v->members, m, loop_now_ms(v->loop))) {
		bool got = link_is_ready(v->link) && !visit_peers(a, v, true, &list);

		members_take(&v->members, got ? &list.members : NULL, loop_now_ms(v->loop));
	}
	members_verify_sender(&v->members, m);
}

static bool give_kept(struct arena *a, struct visit *v, struct inbound *ret_message)
{
	struct kept *k = take_kept(v);

	if (!k)
		return false;
	*ret_message = inbound_dup(a, &k->m);
	free_kept(k);
	know_sender(v, ret_message);
	read_post(a, v, ret_message);
	return true;
}

struct err *visit_next(struct arena *a, struct visit *v, i64 wait_ms, struct inbound *ret_message,
		       bool *ret_got)
{
	i64 deadline = wait_ms < 0 ? INT64_MAX : loop_now_ms(v->loop) + wait_ms;

	loop_turn(v->loop, 0);
	while (!v->first) {
		i64 left = deadline - loop_now_ms(v->loop);

		if (v->stopped)
			return FAIL(a, CANCELLED, "stopped");
		if (v->down)
			return why_down(a, v);
		if (left <= 0)
			break;
		loop_turn(v->loop, MIN(left, TURN_MS));
	}
	*ret_got = give_kept(a, v, ret_message);
	return NULL;
}

/* What the broker had to say before it answered has come when the answer has. */
static struct err *round_trip(struct arena *a, struct visit *v)
{
	struct list_peers_args args = { 0 };

	return visit_call(a, v, "list_peers", list_peers_fields, &args, NULL, NULL, 0);
}

struct err *visit_next_waiting(struct arena *a, struct visit *v, struct inbound *ret_message,
			       bool *ret_got)
{
	/* Pushes that our acks made room for may come after the first answer, not the second. */
	int trips = link_has_challenge(v->link) ? 2 : 1;
	struct err *e = NULL;

	for (int i = 0; i < trips && !v->first && !e; i++)
		e = round_trip(a, v);
	if (!v->first)
		TRY(e);
	return visit_next(a, v, link_has_challenge(v->link) ? 0 : VISIT_QUIET_MS, ret_message,
			  ret_got);
}

void visit_ack(struct visit *v, const struct inbound *m)
{
	link_ack(v->link, m);
}
