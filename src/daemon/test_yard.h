/*
 * test_yard.h - a daemon and a broker that does as it is told, on one loop. Frames are
 * written with ' for ". Only *_test.c includes this.
 */
#ifndef DAEMON_TEST_YARD_H
#define DAEMON_TEST_YARD_H

#include "base/ids.h"
#include "base/log.h"
#include "client/config.h"
#include "client/file.h"
#include "client/test_dir.h"
#include "crypto/box.h"
#include "daemon/daemon.h"
#include "net/server.h"

enum { YARD_UNTIL_MS = 8000, YARD_GUESTS = 64, YARD_FRAMES = 512 };

#define YARD_CHALLENGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define YARD_PEERS \
	"'peers':[{'pubkey':'" YARD_BOB "','memberPubkey':'" YARD_BOB \
	"','displayName':'bob','status':'idle','summary':null,'groups':[],'sessionId':'s'," \
	"'connectedAt':'','cwd':'/','peerRole':'session'}]"
/* The public key of test_pair(2). */
#define YARD_BOB "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
#define TOKEN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

enum yard_mode { YARD_ACKS, YARD_SILENT, YARD_REFUSES, YARD_HANGS_UP };

/* A connection to the broker. */
struct guest {
	struct yard *yard;
	struct ws_conn *conn; /* NULL: it is gone */
	const struct json *hello;
	size_t n_sends, n_acks, n_lists;
};

struct yard {
	struct arena *a;
	struct loop *loop;
	struct server *sv;
	struct paths paths;
	struct daemon *d;
	struct guest guests[YARD_GUESTS];
	size_t n;
	bool closed;         /* nobody gets in */
	const char *greeting; /* a refusal in the place of hello_ack */
	int close_code;
	enum yard_mode mode;
	const char *silent_mesh; /* sends to this mesh are not answered */
	const char *refusal; /* members of the ack: "'error':'...'" */
	int refusals;        /* so many, then it acks; -1: for ever */
	const char *peers;   /* members of peers_list */
	const struct json *sends[YARD_FRAMES];
	size_t sent_by[YARD_FRAMES]; /* index of the guest */
	size_t n_sends, n_acks;
	const struct json *acks[YARD_FRAMES];
	const struct json *asked; /* the last other request */
	const char *reply; /* what it is answered with; NULL: nothing but its id */
	const char *(*answer)(struct yard *y, const struct json *m); /* the same by the request; NULL: reply */
	/* What a send is answered with, members of the ack; NULL: mode decides. May be NULL. */
	const char *(*ack)(struct yard *y, const struct json *m);
	void *user; /* of answer() and ack() */
	bool silent_asks;  /* it is not answered at all */
	int goodbyes;        /* connections closed by the other side with 1000 */
};

static inline void yard_say(struct guest *g, const char *frame)
{
	str s = arena_dup(g->yard->a, str_from(frame));

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\'')
			((char *)s.ptr)[i] = '"';
	assert_non_null(g->conn);
	ws_conn_send(g->conn, s);
}

static inline void yard_on_request(void *arg, struct server_request *rq)
{
	(void)arg, (void)rq;
}

static inline void yard_on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct http_header *h = NEW(rq->arena, struct http_header);

	(void)arg;
	*h = (struct http_header){ S("Claudemesh-Challenge"), S(YARD_CHALLENGE) };
	answer->headers = h;
	answer->n_headers = 1;
}

static inline void yard_on_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	struct yard *y = arg;

	(void)rq;
	if (y->closed) {
		ws_conn_abort(c);
		return;
	}
	assert_true(y->n < YARD_GUESTS);
	y->guests[y->n] = (struct guest){ .yard = y, .conn = c };
	ws_conn_set_user(c, &y->guests[y->n++]);
}

static inline void yard_greet(struct yard *y, struct guest *g, const struct json *hello)
{
	g->hello = hello;
	ws_conn_authenticated(g->conn);
	yard_say(g, y->greeting ? y->greeting
				: "{'type':'hello_ack','presenceId':'p','memberDisplayName':'Me',"
				  "'memberProfile':{'roleTag':null,'groups':[],'messageMode':'push'},"
				  "'features':['members']}");
	if (y->close_code)
		ws_conn_close(g->conn, y->close_code, S("refused"));
}

static inline void yard_take_send(struct yard *y, struct guest *g, const struct json *m)
{
	str id = json_get_str(m, S("id"));
	const char *said;
	bool silent = y->silent_mesh && str_eq(json_get_str(g->hello, S("meshId")),
					       str_from(y->silent_mesh));

	assert_true(y->n_sends < YARD_FRAMES);
	y->sent_by[y->n_sends] = (size_t)(g - y->guests);
	y->sends[y->n_sends++] = m;
	g->n_sends++;
	if (y->mode == YARD_ACKS && y->ack && (said = y->ack(y, m)))
		yard_say(g, arena_printf(y->a, "{'type':'ack','id':'%.*s',%s}", STRF(id), said).ptr);
	else if (y->mode == YARD_HANGS_UP)
		ws_conn_abort(g->conn);
	else if (y->mode == YARD_REFUSES && y->refusals != 0) {
		y->refusals--;
		yard_say(g, arena_printf(y->a, "{'type':'ack','id':'%.*s','messageId':'','queued':"
					       "false,%s}", STRF(id), y->refusal).ptr);
	} else if (y->mode != YARD_SILENT && !silent)
		yard_say(g, arena_printf(y->a, "{'type':'ack','id':'%.*s','messageId':'bm-%zu',"
					       "'queued':true}", STRF(id), y->n_sends).ptr);
}

static inline void yard_on_frame(void *arg, struct ws_conn *c, str text, bool is_text)
{
	struct guest *g = ws_conn_user(c);
	struct yard *y = arg;
	const struct json *m;
	const char *said;
	str type, id;

	assert_true(is_text);
	assert_ok(json_parse(y->a, arena_dup(y->a, text), &m));
	if (!g->hello) {
		yard_greet(y, g, m);
		return;
	}
	type = json_get_str(m, S("type"));
	id = json_get_str(m, S("_reqId"));
	if (str_eq(type, S("send"))) {
		yard_take_send(y, g, m);
	} else if (str_eq(type, S("client_ack"))) {
		g->n_acks++;
		y->acks[y->n_acks++] = m;
	} else if (str_eq(type, S("list_peers"))) {
		g->n_lists++;
		yard_say(g, arena_printf(y->a, "{'type':'peers_list','_reqId':'%.*s',%s}", STRF(id),
					 y->peers).ptr);
	} else {
		y->asked = m;
		if (y->silent_asks)
			return;
		said = y->answer ? y->answer(y, m) : y->reply;
		yard_say(g, arena_printf(y->a, "{%s,'_reqId':'%.*s'}", said ? said : "'type':'answer'", STRF(id)).ptr);
	}
}

static inline void yard_on_gone(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	struct guest *g = ws_conn_user(c);

	((struct yard *)arg)->goodbyes += g && end->by_peer && end->code == 1000;
	if (g)
		g->conn = NULL;
}

static const struct server_app yard_app = {
	.on_request = yard_on_request,
	.on_upgrade = yard_on_upgrade,
	.on_ws_open = yard_on_open,
	.on_ws_message = yard_on_frame,
	.on_ws_close = yard_on_gone,
	.ws_path = "/ws",
};

/* Delays, which are drawn as 8 bytes, are as short as can be; ids differ. */
static inline void yard_fill(void *arg, void *out, size_t n)
{
	(void)arg;
	if (n == 8)
		memset(out, 0, n);
	else
		random_fill(&random_system, out, n);
}
static const struct random yard_random = { yard_fill, NULL };

static inline void yard_join(struct yard *y, const char *mesh_id, const char *slug)
{
	struct sign_pair pair = test_pair(1);
	struct config_mesh_args mesh = {
		.meshId = str_from(mesh_id),
		.memberId = S("member01"),
		.slug = str_from(slug),
		.name = str_from(slug),
		.pubkey = sign_pair_pubkey(y->a, &pair),
		.secretKey = sign_pair_secret(y->a, &pair),
		.brokerUrl = arena_printf(y->a, "ws://127.0.0.1:%d/ws", server_port(y->sv)),
		.joinedAt = S("2026-01-02T03:04:05.678Z"),
	};
	str got;

	assert_ok(config_add_mesh(y->a, &y->paths, &mesh, &got));
}

static inline void yard_daemon(struct yard *y)
{
	struct daemon_spec spec = { y->loop, &clock_real, &yard_random, &y->paths, NULL };

	assert_ok(daemon_new(y->a, &spec, &y->d));
}

/* The loop, the broker and a joined mesh "flock"; no daemon yet. */
static inline void yard_start(struct yard *y)
{
	*y = (struct yard){ .a = arena_new(), .peers = YARD_PEERS };
	assert_true(crypto_start());
	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	assert_ok(loop_new(y->a, &y->loop));
	y->sv = server_new(y->loop, &yard_app, y, &server_limits_default);
	assert_ok(server_listen(y->a, y->sv, S("127.0.0.1"), 0, NULL));
	y->paths = test_paths(y->a);
	assert_ok(file_make_private_dir(y->a, y->paths.daemon));
	yard_join(y, "mesh0001", "flock");
}

static inline void yard_end(struct yard *y)
{
	daemon_free(y->d);
	server_free(y->sv);
	loop_free(y->loop);
	arena_free(y->a);
}

/* Turns the loop until it is so; fails the test after YARD_UNTIL_MS. */
#define until(y, cond) \
	do { \
		i64 until_end_ = loop_now_ms((y)->loop) + YARD_UNTIL_MS; \
		while (!(cond)) { \
			loop_turn((y)->loop, 20); \
			if (loop_now_ms((y)->loop) > until_end_) \
				fail_msg("not within %d ms: %s", YARD_UNTIL_MS, #cond); \
		} \
	} while (0)

static inline void yard_turns(struct yard *y, int n)
{
	while (n--)
		loop_turn(y->loop, 10);
}

/* The newest living connection that said hello for this mesh and session key ("": member). */
static inline struct guest *yard_guest(struct yard *y, const char *mesh_id, str session_pubkey)
{
	for (size_t i = y->n; i-- > 0;) {
		struct guest *g = &y->guests[i];

		if (g->conn && g->hello &&
		    str_eq(json_get_str(g->hello, S("meshId")), str_from(mesh_id)) &&
		    str_eq(json_get_str(g->hello, S("sessionPubkey")), session_pubkey))
			return g;
	}
	return NULL;
}

static inline enum route_state yard_state(struct yard *y, str session_pubkey)
{
	struct route *r = meshes_route(y->d->meshes, S("mesh0001"), session_pubkey);

	return r ? route_get_state(r) : ROUTE_CLOSED;
}

static inline void yard_open(struct yard *y)
{
	until(y, yard_state(y, STR_NONE) == ROUTE_OPEN);
}

static inline struct session *yard_session(struct yard *y, const char *token, const char *id)
{
	struct group_args group = { S("reviewers"), S("lead") };
	struct session_request rq = { .token = str_from(token),
				      .session_id = str_from(id),
				      .mesh = S("flock"),
				      .display_name = S("Alice at work"),
				      .pid = getpid(),
				      .cwd = S("/srv/app"),
				      .role = S("tester"),
				      .groups = { &group, 1, true } };
	struct session *s;
	bool stored;

	assert_ok(sessions_register(y->a, y->d->sessions, &rq, &s, &stored));
	return s;
}

/* A multicast, pushed to that connection. */
static inline void yard_push(struct guest *g, const char *message_id, const char *client_id)
{
	yard_say(g, arena_printf(g->yard->a,
				 "{'type':'push','messageId':'%s','client_message_id':%s%s%s,"
				 "'senderMemberId':'bob','meshId':'mesh0001','senderPubkey':'" YARD_BOB
				 "','senderName':'bob','priority':'next','createdAt':'x','targetSpec':'*',"
				 "'nonce':'','ciphertext':'aGk='}",
				 message_id, *client_id ? "'" : "", *client_id ? client_id : "null",
				 *client_id ? "'" : "")
			    .ptr);
}

/* What an accept was answered with. */
struct yard_answer {
	struct arena *a;
	int n;
	enum err_code code; /* ERR_NONE: answer */
	str text, word;
	struct outbox_answer answer;
};

static inline void yard_answered(void *arg, const struct err *e, const struct outbox_answer *answer)
{
	struct yard_answer *to = arg;

	assert_true(!e != !answer);
	to->n++;
	to->code = e ? e->code : ERR_NONE;
	to->text = e ? arena_dup(to->a, e->text) : STR_NONE;
	to->word = e ? arena_dup(to->a, err_wire(e)) : STR_NONE;
	if (answer) {
		to->answer = *answer;
		to->answer.client_message_id = arena_dup(to->a, answer->client_message_id);
		to->answer.broker_message_id = arena_dup(to->a, answer->broker_message_id);
		to->answer.conflict = arena_dup(to->a, answer->conflict);
	}
}

static inline struct yard_answer yard_accept(struct yard *y, const struct accept_request *rq)
{
	struct yard_answer got = { .a = y->a };

	accept_send(y->d->accept, rq, yard_answered, &got);
	assert_int_equal(got.n, 0);
	until(y, got.n == 1);
	return got;
}

/* To bob's key, which needs no list; accepted. */
static inline void yard_send(struct yard *y, const char *client_id, struct session *s)
{
	struct accept_request rq = { .to = S(YARD_BOB),
				     .message = S("hello bob"),
				     .client_message_id = str_from(client_id),
				     .session = s };
	struct yard_answer got = yard_accept(y, &rq);

	assert_int_equal(got.code, ERR_NONE);
	assert_int_equal(got.answer.http, 202);
}

static inline struct outbox_row yard_row(struct yard *y, const char *client_id)
{
	struct outbox_rows rows;

	assert_ok(outbox_list(y->d->outbox, y->a, &(struct outbox_filter){ .limit = 500 }, &rows));
	for (size_t i = 0; i < rows.n; i++)
		if (str_eq(rows.items[i].client_message_id, str_from(client_id)))
			return rows.items[i];
	return (struct outbox_row){ 0 };
}

#endif
