/*
 * flood.c - flood BROKER MESSAGES CLIENTS KILLS: messages flow between clients while the broker
 * is killed with -9 and started again; in the end every acked id arrived once, and no other.
 *
 * Clients do what ours does: keep a window of unacked sends, reconnect, send again under the
 * same client_message_id what was not acked, dedupe by it, ack every push. TAP on stdout.
 */
#include <ftw.h>
#include <unistd.h>

#include "base/random.h"
#include "conv/broker.h"
#include "conv/cast.h"
#include "conv/wire.h"
#include "crypto/secret.h"

enum { WINDOW = 16, COPIES_MAX = 16, KILLS_MAX = COPIES_MAX - 1, CLIENTS_MAX = WIRE_CONNS_MAX, MESSAGES_MAX = 1000000,
       PROGRESS_MS = 20000, TREE_FDS = 16, ID_BYTES = 33 };

struct message {
	int from, to;
	bool sent, acked;             /* sent: on the present connection */
	char id[ID_BYTES];            /* of the ack */
	/* What came: one copy, and another for each send whose ack a kill swallowed. */
	char copies[COPIES_MAX][ID_BYTES];
	int n_copies;
};

struct client {
	struct member *member;
	struct sign_pair session;
	struct wire wire;
	int next, waiting;            /* first message that may be unsent; sends without an ack */
	bool greeted, listed;         /* hello_ack, peers_list came on this connection */
};

struct flood {
	struct arena *arena;
	struct vars vars;
	struct cast cast;
	struct broker broker;
	struct client clients[CLIENTS_MAX];
	struct message *messages;
	int n_clients, n_messages, kills;
	int acked, arrived;           /* arrived: acked, and a push had the acked id */
	int again;                    /* copies pushed a second time */
};

static struct err *client_connect(struct flood *f, struct arena *a, struct client *c)
{
	str frame;
	int status;

	TRY(wire_open(f->arena, f->broker.port, NULL, 0, &c->wire, &status));
	if (status != 101)
		return FAIL(a, REFUSED, "the upgrade was answered %d", status);
	TRY(cast_hello(a, c->member, &c->session, c->member->name, HELLO_OURS, c->wire.challenge, NULL,
		       &frame));
	c->next = c->waiting = 0;
	c->greeted = c->listed = false;
	return wire_send(a, &c->wire, frame);
}

static struct err *connect_all(struct flood *f, struct arena *a)
{
	for (int i = 0; i < f->n_messages; i++)
		f->messages[i].sent = false;
	for (int i = 0; i < f->n_clients; i++)
		TRY(client_connect(f, a, &f->clients[i]));
	return NULL;
}

/* The message a client_message_id names: its index. */
static struct err *named(struct flood *f, struct arena *a, str client_id, struct message **ret_m)
{
	i64 i;

	if (!str_starts(client_id, S("m")) || !str_to_i64(str_skip(client_id, 1), &i) || i < 0 ||
	    i >= f->n_messages)
		return FAIL(a, CONFLICT, "nobody sent '%.*s'", STRF(client_id));
	*ret_m = &f->messages[i];
	return NULL;
}

static bool has_copy(const struct message *m, str id)
{
	for (int i = 0; i < m->n_copies; i++)
		if (str_eq(str_from(m->copies[i]), id))
			return true;
	return false;
}

static struct err *on_ack(struct flood *f, struct arena *a, struct client *c, const struct json *frame)
{
	str id = json_get_str(frame, S("messageId"));
	struct message *m;

	TRY(named(f, a, json_get_str(frame, S("id")), &m));
	if (!json_get_bool(frame, S("queued")))
		return FAIL(a, REFUSED, "refused: %.*s", STRF(json_get_str(frame, S("error"))));
	if (m->acked)
		return FAIL(a, CONFLICT, "one send has two acks: %s, %.*s", m->id, STRF(id));
	m->acked = true;
	snprintf(m->id, sizeof(m->id), "%.*s", STRF(id));
	f->acked++;
	f->arrived += has_copy(m, id);
	c->waiting--;
	return NULL;
}

static struct err *on_push(struct flood *f, struct arena *a, struct client *c, const struct json *frame)
{
	str client_id = json_get_str(frame, S("client_message_id")), id = json_get_str(frame, S("messageId"));
	struct message *m;

	if (str_eq(json_get_str(frame, S("subtype")), S("system")))
		return NULL;
	TRY(named(f, a, client_id, &m));
	if (&f->clients[m->to] != c)
		return FAIL(a, CONFLICT, "'%.*s' came to another than its recipient", STRF(client_id));
	if (has_copy(m, id)) {
		f->again++;
	} else if (m->n_copies > f->kills) {
		return FAIL(a, CONFLICT, "'%.*s' came in more copies than it was sent", STRF(client_id));
	} else {
		snprintf(m->copies[m->n_copies++], ID_BYTES, "%.*s", STRF(id));
		f->arrived += m->acked && str_eq(str_from(m->id), id);
	}
	return wire_send(a, &c->wire,
			 arena_printf(a, "{\"type\":\"client_ack\",\"clientMessageId\":\"%.*s\","
					 "\"brokerMessageId\":\"%.*s\"}", STRF(client_id), STRF(id)));
}

static struct err *take_frames(struct flood *f, struct arena *a, struct client *c)
{
	for (struct frame *at = c->wire.frames; at; at = at->next) {
		str type = json_get_str(at->json, S("type"));

		if (str_eq(type, S("ack")))
			TRY(on_ack(f, a, c, at->json));
		else if (str_eq(type, S("push")))
			TRY(on_push(f, a, c, at->json));
		else if (str_eq(type, S("hello_ack")))
			c->greeted = true;
		else if (str_eq(type, S("peers_list")))
			c->listed = true;
		else
			return FAIL(a, CONFLICT, "unexpected %.*s", STRF(at->text));
	}
	c->wire.frames = NULL;
	return NULL;
}

/* Fills the window with what is not acked. */
static struct err *send_more(struct flood *f, struct arena *a, struct client *c)
{
	for (; c->waiting < WINDOW && c->next < f->n_messages; c->next++) {
		struct message *m = &f->messages[c->next];

		if (&f->clients[m->from] != c || m->acked || m->sent)
			continue;
		m->sent = true;
		c->waiting++;
		TRY(wire_send(a, &c->wire,
			      arena_printf(a, "{\"type\":\"send\",\"id\":\"m%d\",\"client_message_id\":\"m%d\","
					      "\"targetSpec\":\"%.*s\",\"priority\":\"next\",\"nonce\":\"AAEC\","
					      "\"ciphertext\":\"AAEC\"}", c->next, c->next,
					   STRF(f->clients[m->to].member->pubkey))));
	}
	return NULL;
}

/* One round of reading and writing for everybody. */
static struct err *turn(struct flood *f, struct arena *a)
{
	struct wire *all[CLIENTS_MAX];

	for (int i = 0; i < f->n_clients; i++)
		all[i] = &f->clients[i].wire;
	TRY(wire_wait(a, all, (size_t)f->n_clients, PROGRESS_MS));
	for (int i = 0; i < f->n_clients; i++) {
		struct client *c = &f->clients[i];

		TRY(take_frames(f, a, c));
		if (c->wire.closed)
			return FAIL(a, NETWORK, "%.*s was closed %d %.*s", STRF(c->member->name),
				    c->wire.close_code, STRF(c->wire.close_reason));
		if (c->greeted)
			TRY(send_more(f, a, c));
	}
	return NULL;
}

/* Until so many are acked and so many of those arrived; a stall is a failure. */
static struct err *run_until(struct flood *f, int acked, int arrived)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	i64 deadline = wire_now_ms() + PROGRESS_MS;
	int before = -1;

	while (f->acked < acked || f->arrived < arrived) {
		struct err *e;

		arena_reset(a);
		e = turn(f, a);
		if (e)
			return err_copy(f->arena, e);
		if (f->acked + f->arrived != before)
			deadline = wire_now_ms() + PROGRESS_MS;
		else if (wire_now_ms() > deadline)
			return FAIL(f->arena, TIMEOUT, "nothing moves at %d acked, %d arrived of %d",
				    f->acked, f->arrived, f->n_messages);
		before = f->acked + f->arrived;
	}
	return NULL;
}

static struct err *read_until(struct flood *f, struct client *c, const bool *seen)
{
	struct wire *w = &c->wire;
	i64 deadline = wire_now_ms() + PROGRESS_MS;

	while (!*seen) {
		if (w->closed || wire_now_ms() > deadline)
			return FAIL(f->arena, TIMEOUT, "%.*s has no answer", STRF(c->member->name));
		TRY(wire_wait(f->arena, &w, 1, deadline - wire_now_ms()));
		TRY(take_frames(f, f->arena, c));
	}
	return NULL;
}

/* The answer to list_peers comes when all that the client said before has been done. */
static struct err *settle(struct flood *f)
{
	for (int i = 0; i < f->n_clients; i++) {
		struct client *c = &f->clients[i];

		TRY(read_until(f, c, &c->greeted));
		c->listed = false;
		TRY(wire_send(f->arena, &c->wire, S("{\"type\":\"list_peers\",\"_reqId\":\"end\"}")));
		TRY(read_until(f, c, &c->listed));
	}
	return NULL;
}

/* After every push has its client_ack a new connection must get nothing. */
static struct err *nothing_left(struct flood *f)
{
	int again;

	TRY(settle(f));
	again = f->again;
	TRY(connect_all(f, f->arena));
	TRY(settle(f));
	if (f->again != again)
		return FAIL(f->arena, CONFLICT, "%d messages came again after their client_ack",
			    f->again - again);
	return NULL;
}

static struct err *play(struct flood *f)
{
	struct arena *a = f->arena;
	struct random_seed seed = { (u64)wire_now_ms() };
	struct random random = random_seeded(&seed);

	printf("# seed %llu\n", (unsigned long long)seed.state);
	TRY(broker_start(a, &f->broker));
	f->cast.port = f->broker.port;
	for (int i = 0; i < f->n_clients; i++) {
		str name = arena_printf(a, "peer%d", i);

		TRY(cast_member(a, &f->cast, name, S("flood")));
		f->clients[i].member = cast_find(&f->cast, name);
		sign_pair_new(&f->clients[i].session);
	}
	for (int i = 0; i < f->n_messages; i++) {
		struct message *m = &f->messages[i];

		m->from = (int)random_below(&random, (u64)f->n_clients);
		m->to = (m->from + 1 + (int)random_below(&random, (u64)f->n_clients - 1)) % f->n_clients;
	}
	TRY(connect_all(f, a));
	for (int k = 1; k <= f->kills; k++) {
		TRY(run_until(f, (int)((i64)f->n_messages * k / (f->kills + 1)), 0));
		printf("# kill -9 at %d acked, %d of them arrived\n", f->acked, f->arrived);
		broker_kill(&f->broker);
		TRY(broker_start(a, &f->broker));
		TRY(connect_all(f, a));
	}
	TRY(run_until(f, f->n_messages, f->n_messages));
	TRY(nothing_left(f));
	printf("# %d acked and arrived, %d pushed again before their client_ack\n", f->arrived, f->again);
	return broker_stop(a, &f->broker);
}

static int remove_entry(const char *path, const struct stat *st UNUSED, int type UNUSED,
			struct FTW *at UNUSED)
{
	return remove(path);
}

static bool number(const char *text, i64 least, i64 most, int *ret)
{
	i64 n;

	if (!str_to_i64(str_from(text), &n) || n < least || n > most)
		return false;
	*ret = (int)n;
	return true;
}

int main(int argc, char **argv)
{
	static struct flood f;
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char dir[] = "/tmp/flood-XXXXXX";
	struct err *e;

	f.arena = f.vars.arena = a;
	f.cast = (struct cast){ .arena = a, .vars = &f.vars };
	if (argc != 5 || !number(argv[2], 1, MESSAGES_MAX, &f.n_messages) ||
	    !number(argv[3], 2, CLIENTS_MAX, &f.n_clients) || !number(argv[4], 0, KILLS_MAX, &f.kills) ||
	    !crypto_start() || !mkdtemp(dir)) {
		fprintf(stderr, "usage: flood BROKER MESSAGES CLIENTS KILLS\n");
		return 2;
	}
	f.messages = NEW_ARRAY(a, struct message, (size_t)f.n_messages);
	f.broker = (struct broker){
		.arena = a,
		.program = argv[1],
		.data_dir = arena_cstr(a, arena_printf(a, "%s/data", dir)),
		.log_path = arena_cstr(a, arena_printf(a, "%s/broker.log", dir)),
	};
	e = broker_set_flags(a, &f.broker, STR_NONE);
	if (!e)
		e = play(&f);
	if (e)
		printf("# %.*s (%s:%d)\n# %.*s\n", STRF(e->text), e->file, e->line,
		       STRF(broker_log(a, &f.broker)));
	broker_kill(&f.broker);
	for (int i = 0; i < f.n_clients; i++)
		wire_drop(&f.clients[i].wire);
	nftw(dir, remove_entry, TREE_FDS, FTW_DEPTH | FTW_PHYS);
	printf("1..1\n%s 1 - %d messages, %d clients, %d kills\n", e ? "not ok" : "ok", f.n_messages,
	       f.n_clients, f.kills);
	return e ? 1 : 0;
}
