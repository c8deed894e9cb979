/*
 * test_scene.h - a link and a broker that does as it is told, on one loop. Frames are
 * written with ' for ". Only *_test.c includes this.
 */
#ifndef CLIENT_TEST_SCENE_H
#define CLIENT_TEST_SCENE_H

#include "client/link.h"
#include "client/test_dir.h"
#include "crypto/encode.h"
#include "crypto/hello.h"
#include "net/server.h"

enum { UNTIL_MS = 5000, BODIES_MAX = 64 };

#define TEST_CHALLENGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HELLO_ACK \
	"{'type':'hello_ack','presenceId':'p1','memberDisplayName':'Me','memberProfile':" \
	"{'roleTag':null,'groups':[],'messageMode':'push'},'features':['members']}"

struct scene {
	struct arena *arena;
	struct loop *loop;
	/* the broker */
	struct server *sv;
	const char *challenge; /* header of the 101; NULL: a reference broker */
	const char *greeting;  /* what a hello is answered with; NULL: nothing */
	int close_code;        /* after the greeting; 0: stays open */
	const char *close_reason;
	bool deaf; /* takes no notice of what comes */
	struct ws_conn *guest;
	int conns;
	const struct json *hello;            /* the last one */
	const struct json *said[BODIES_MAX]; /* what came after it */
	size_t n_said;
	/* the link */
	struct sign_pair member;
	struct link_spec spec;
	struct link *link;
	int ready, downs;
	enum err_code down_code;
	str down_text, down_word;
	i64 retry_ms;
	str bodies[BODIES_MAX];
	struct inbound messages[BODIES_MAX];
	size_t n_messages;
	int events;
	bool refuse_messages, ack_messages, free_in_message, free_when_ready, free_when_down;
	/* the last reply */
	int replies;
	enum err_code reply_code;
	str reply_text, reply_word, reply_raw;
	bool free_in_reply;
};

static inline str test_quote(struct arena *a, const char *frame)
{
	str s = arena_dup(a, str_from(frame));

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\'')
			((char *)s.ptr)[i] = '"';
	return s;
}

/* The broker says it. %.*s is not understood: build the text before. */
static inline void scene_say(struct scene *s, const char *frame)
{
	assert_non_null(s->guest);
	ws_conn_send(s->guest, test_quote(s->arena, frame));
}

static inline void scene_on_request(void *arg, struct server_request *rq)
{
	(void)arg, (void)rq;
}

static inline void scene_on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct scene *s = arg;
	struct http_header *h = NEW(rq->arena, struct http_header);

	if (!s->challenge)
		return;
	*h = (struct http_header){ S("Claudemesh-Challenge"), str_from(s->challenge) };
	answer->headers = h;
	answer->n_headers = 1;
}

static inline void scene_on_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	struct scene *s = arg;

	(void)rq;
	s->guest = c;
	s->conns++;
	s->hello = NULL;
}

static inline void scene_on_frame(void *arg, struct ws_conn *c, str message, bool is_text)
{
	struct scene *s = arg;
	const struct json *tree;

	assert_true(is_text);
	if (s->deaf)
		return;
	assert_ok(json_parse(s->arena, arena_dup(s->arena, message), &tree));
	if (s->hello) {
		assert_true(s->n_said < BODIES_MAX);
		s->said[s->n_said++] = tree;
		return;
	}
	s->hello = tree;
	ws_conn_authenticated(c);
	if (s->greeting && *s->greeting)
		scene_say(s, s->greeting);
	if (s->close_code)
		ws_conn_close(c, s->close_code, str_from(s->close_reason));
}

static inline void scene_on_gone(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	struct scene *s = arg;

	(void)end;
	if (s->guest == c)
		s->guest = NULL;
}

static const struct server_app scene_app = {
	.on_request = scene_on_request,
	.on_upgrade = scene_on_upgrade,
	.on_ws_open = scene_on_open,
	.on_ws_message = scene_on_frame,
	.on_ws_close = scene_on_gone,
	.ws_path = "/ws",
};

static inline void scene_free_link(struct scene *s)
{
	link_free(s->link);
	s->link = NULL;
}

static inline void scene_on_ready(void *arg, struct link *l, const struct hello_ack_args *ack)
{
	struct scene *s = arg;

	(void)l, (void)ack;
	s->ready++;
	if (s->free_when_ready)
		scene_free_link(s);
}

static inline bool scene_on_message(void *arg, struct link *l, const struct inbound *m)
{
	struct scene *s = arg;

	if (s->refuse_messages)
		return false;
	assert_true(s->ready > 0);
	assert_true(s->n_messages < BODIES_MAX);
	s->messages[s->n_messages] = *m;
	s->messages[s->n_messages].message_id = arena_dup(s->arena, m->message_id);
	s->messages[s->n_messages].client_message_id = arena_dup(s->arena, m->client_message_id);
	s->messages[s->n_messages].from_pubkey = arena_dup(s->arena, m->from_pubkey);
	s->messages[s->n_messages].from_member_id = arena_dup(s->arena, m->from_member_id);
	s->messages[s->n_messages].from_member_pubkey = arena_dup(s->arena, m->from_member_pubkey);
	s->bodies[s->n_messages++] = arena_dup(s->arena, m->body);
	if (s->ack_messages)
		link_ack(l, m);
	if (s->free_in_message)
		scene_free_link(s);
	return true;
}

static inline void scene_on_event(void *arg, struct link *l, const struct peer_event *ev)
{
	struct scene *s = arg;

	(void)l, (void)ev;
	s->events++;
}

static inline void scene_on_down(void *arg, struct link *l, const struct err *why, i64 retry_ms)
{
	struct scene *s = arg;

	(void)l;
	s->downs++;
	s->down_code = why->code;
	s->down_text = arena_dup(s->arena, why->text);
	s->down_word = arena_dup(s->arena, err_wire(why));
	s->retry_ms = retry_ms;
	if (s->free_when_down)
		scene_free_link(s);
}

static inline void scene_on_reply(void *arg, const struct err *e, const struct json *reply)
{
	struct scene *s = arg;

	assert_true(!e != !reply);
	s->replies++;
	s->reply_code = e ? e->code : ERR_NONE;
	s->reply_text = e ? arena_dup(s->arena, e->text) : STR_NONE;
	s->reply_word = e ? arena_dup(s->arena, err_wire(e)) : STR_NONE;
	s->reply_raw = reply ? arena_dup(s->arena, reply->raw) : STR_NONE;
	if (s->free_in_reply)
		scene_free_link(s);
}

static const struct link_handler scene_handler = { scene_on_ready, scene_on_message, scene_on_event,
						   scene_on_down };

/* No delay before the next attempt. */
static inline void scene_zero(void *arg, void *out, size_t n)
{
	static u8 counter;

	(void)arg;
	memset(out, 0, n);
	/* Ids have to differ; a delay is a whole number of 8 bytes. */
	if (n != 8)
		memset(out, counter++, n);
}

static const struct random scene_random = { scene_zero, NULL };

static inline void scene_start(struct scene *s)
{
	struct server_limits limits = server_limits_default;

	assert_true(crypto_start());
	s->arena = arena_new();
	assert_ok(loop_new(s->arena, &s->loop));
	limits.message_max = LINK_FRAME_MAX;
	limits.out_max = 4 * (size_t)LINK_FRAME_MAX;
	s->sv = server_new(s->loop, &scene_app, s, &limits);
	assert_ok(server_listen(s->arena, s->sv, S("127.0.0.1"), 0, NULL));
	s->challenge = TEST_CHALLENGE;
	s->greeting = HELLO_ACK;
	s->member = test_pair(1);
	s->spec = (struct link_spec){
		.loop = s->loop,
		.clock = &clock_real,
		.random = &random_system,
		.url = arena_printf(s->arena, "ws://127.0.0.1:%d/ws", server_port(s->sv)),
		.mesh_id = S("mesh0001"),
		.member_id = S("member01"),
		.member = &s->member,
	};
}

static inline void scene_end(struct scene *s)
{
	link_free(s->link);
	server_free(s->sv);
	loop_free(s->loop);
	arena_free(s->arena);
}

/* Turns the loop until it is so; fails the test after UNTIL_MS. */
#define until(s, cond) \
	do { \
		i64 until_end_ = loop_now_ms((s)->loop) + UNTIL_MS; \
		while (!(cond)) { \
			loop_turn((s)->loop, 50); \
			if (loop_now_ms((s)->loop) > until_end_) \
				fail_msg("not within %d ms: %s", UNTIL_MS, #cond); \
		} \
	} while (0)

static inline void scene_link(struct scene *s)
{
	s->link = link_new(&s->spec, &scene_handler, s);
}

static inline void scene_greeted(struct scene *s)
{
	scene_link(s);
	until(s, s->ready > 0);
}

/* A round trip: what was said before has arrived. */
static inline void scene_settle(struct scene *s)
{
	int before = s->replies;
	size_t said = s->n_said;
	str id;

	link_request(s->link, "ping_test", NULL, NULL, 0, scene_on_reply, s);
	until(s, s->n_said > said);
	id = json_get_str(s->said[s->n_said - 1], S("_reqId"));
	scene_say(s, arena_printf(s->arena, "{'type':'pong_test','_reqId':'%.*s'}", STRF(id)).ptr);
	until(s, s->replies > before);
	s->n_said--;
}

#endif
