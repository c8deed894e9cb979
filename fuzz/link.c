/*
 * link.c - fuzz target of client/link_take.c: whatever a broker says on the connection.
 *
 * Input: bits of how the link is made, then lines. A line is a frame; "!r" asks something,
 * "!s" sends a message, "!a" acks the last one. $1 in a frame is the id of the oldest request
 * that waits, $2 that of the newest. Nothing is heard before the answer to the hello, every
 * request is answered exactly once, and what is shown of a message is text.
 */
#include <string.h>

#include "base/log.h"
#include "client/link_internal.h"
#include "crypto/secret.h"
#include "proto/peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MAX = 200, REPLIES_MAX = LINES_MAX, FROM_TEXT_MAX = 1 << 20 };

struct talk {
	struct link *link;
	struct arena *arena;
	int asked, ready;
	int answered[REPLIES_MAX];
	struct inbound last;
	bool has_last, down, refuses;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* link.c's own would write to a connection that is not there. */
bool __wrap_link_write(struct link *l, const char *type, const char *id_key, str id,
		       const struct json_field *fields, const void *args);
bool __wrap_link_write(struct link *l, const char *type, const char *id_key, str id,
		       const struct json_field *fields, const void *args)
{
	CLEANUP(buf_done) struct buf b = buf_make(FROM_TEXT_MAX);
	struct json_out o = json_out(&b);

	(void)type, (void)id_key, (void)id;
	require(l->state == LINK_READY);
	json_obj(&o);
	json_encode(&o, fields, args);
	json_obj_end(&o);
	return !b.full;
}

static void on_ready(void *arg, struct link *l, const struct hello_ack_args *ack)
{
	struct talk *t = arg;

	(void)l;
	require(!t->ready++ && ack->presenceId.len);
}

static bool on_message(void *arg, struct link *l, const struct inbound *m)
{
	struct talk *t = arg;

	(void)l;
	require(t->ready && m->message_id.len && (m->readable || !m->body.len) && (m->readable || m->why.len));
	require(!m->forged || (!m->readable && !m->proven));
	require(str_is_utf8(m->body) && str_is_utf8(m->from_name) && str_is_utf8(m->target));
	t->last = (struct inbound){ .message_id = arena_dup(t->arena, m->message_id),
				    .client_message_id = arena_dup(t->arena, m->client_message_id),
				    .from_pubkey = arena_dup(t->arena, m->from_pubkey) };
	t->has_last = true;
	t->refuses = !t->refuses;
	return t->refuses;
}

static void on_event(void *arg, struct link *l, const struct peer_event *ev)
{
	struct talk *t = arg;

	(void)l;
	require(t->ready && str_is_utf8(ev->event) && str_is_utf8(ev->name));
}

static void on_state(void *arg, struct link *l, const struct message_state_args *state)
{
	struct talk *t = arg;

	(void)l;
	require(t->ready && state->recipients.n <= LIST_ROWS_MAX);
}

static void on_down(void *arg, struct link *l, const struct err *why, i64 retry_ms)
{
	struct talk *t = arg;

	(void)l, (void)retry_ms;
	require(!t->down && why->text.len && str_is_utf8(why->text));
	t->down = true;
}

static const struct link_handler handler = { .on_ready = on_ready, .on_message = on_message,
					     .on_event = on_event, .on_down = on_down, .on_state = on_state };

static void on_reply(void *arg, const struct err *e, const struct json *reply)
{
	int *answered = arg;

	require(!*answered && !e == (reply != NULL));
	*answered = 1;
}

static str fill_in(struct talk *t, str line)
{
	CLEANUP(buf_done) struct buf b = buf_make(FROM_TEXT_MAX);
	const struct link_pending *newest = t->link->pending, *oldest = newest;

	while (oldest && oldest->next)
		oldest = oldest->next;
	for (size_t i = 0; i < line.len; i++) {
		bool mark = line.ptr[i] == '$' && i + 1 < line.len && oldest;

		if (mark && (line.ptr[i + 1] == '1' || line.ptr[i + 1] == '2'))
			buf_add(&b, str_from(line.ptr[++i] == '1' ? oldest->id : newest->id));
		else
			buf_add_byte(&b, line.ptr[i]);
	}
	return arena_dup(t->arena, buf_str(&b));
}

static void act(struct talk *t, char what)
{
	struct list_peers_args ask = { 0 };
	struct send_args message = { .targetSpec = S("*"), .nonce = S(""), .ciphertext = S("aGk=") };
	int *answered = &t->answered[t->asked % REPLIES_MAX];

	if (what == 'a' && t->has_last)
		link_ack(t->link, &t->last);
	if ((what != 'r' && what != 's') || t->asked == REPLIES_MAX)
		return;
	t->asked++;
	if (what == 'r')
		link_request(t->link, "list_peers", list_peers_fields, &ask, 0, on_reply, answered);
	else
		link_send(t->link, &message, 0, on_reply, answered);
}

static void take(struct talk *t, str line)
{
	link_enter(t->link);
	if (str_starts(line, S("!")) && line.len > 1)
		act(t, line.ptr[1]);
	else if (t->link->state == LINK_GREETING || t->link->state == LINK_READY)
		link_take(t->link, fill_in(t, line));
	link_leave(t->link);
}

static void finish(struct talk *t, struct loop *loop)
{
	struct err over = { .code = ERR_NETWORK, .word = S("network"), .text = S("over") };

	link_enter(t->link);
	link_fail_all(t->link, &over);
	link_leave(t->link);
	for (int i = 0; i < t->asked; i++)
		require(t->answered[i]);
	link_free(t->link);
	loop_turn(loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *forever;
	static struct loop *loop;
	static struct sign_pair member;
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 1 };
	struct random random = random_seeded(&seed);
	struct talk t = { .arena = a };
	str rest, line;

	if (!forever) {
		forever = arena_new();
		log_setup(LOG_OFF, LOG_TEXT, 2, "fuzz");
		require(crypto_start() && !loop_new(forever, &loop));
		sign_pair_from_seed((const u8[SIGN_SEED_BYTES]){ 7 }, &member);
	}
	if (size < 1)
		return 0;
	t.link = link_new(&(struct link_spec){ .loop = loop, .clock = &clock_real, .random = &random,
					       .url = S("ws://127.0.0.1:1/ws"), .mesh_id = S("mesh0001"),
					       .member_id = S("m1"), .member = &member, .session = &member,
					       .is_session = data[0] & 1, .reconnect = data[0] & 2,
					       .hostname = S("h"), .cwd = S("/"), .session_id = S("s") },
			  &handler, &t);
	t.link->state = LINK_GREETING;
	t.link->has_challenge = data[0] & 4;
	rest = str_of(data + 1, size - 1);
	for (int i = 0; i < LINES_MAX && str_cut(&rest, '\n', &line); i++)
		take(&t, line);
	finish(&t, loop);
	return 0;
}
