/*
 * fake.h - a broker that behaves as the reference does, flaws included (wire-core.md 17);
 * only for tests of our client.
 *
 * Never a challenge, never a dedupe, no answer to what it does not understand, pushes without
 * the sender's member (direct ones), ghosts of closed connections that take messages (D-07,
 * D-19). What the reference does sometimes is switched on by POST /fake with the fields of
 * FLAW_ARGS; GET /fake gives the frames that came since then, a line each.
 * One mesh, whose owner and invite are made at the start. One loop, one thread; everything
 * lives as long as the process.
 */
#ifndef REFBROKER_FAKE_H
#define REFBROKER_FAKE_H

#include "base/random.h"
#include "crypto/keys.h"
#include "json/fields.h"
#include "net/loop.h"
#include "net/server.h"

enum { LEASE_MS = 30000, LOG_BYTES_MAX = 4 << 20, FRAME_BYTES_MAX = 1 << 20 };
#define INVITE_CODE "ABCDEFGH"

#define FLAW_ARGS(F, T) \
	F(T, bool, challenge, OPT, 0, 0, "offers hello 2 after all") \
	F(T, bool, mute_hello, OPT, 0, 0, "a hello is never answered") \
	F(T, bool, push_first, OPT, 0, 0, "what waits is pushed before hello_ack") \
	F(T, i64,  close_code, OPT, 0, 4999, "a connection is closed with this") \
	F(T, str,  close_reason, OPT, 0, 0, "and this") \
	F(T, str,  close_error, OPT, 0, 0, "after an error of this code") \
	F(T, bool, close_late, OPT, 0, 0, "after the hello_ack, not in its place") \
	F(T, i64,  close_times, OPT, 0, 100, "so often; absent: always") \
	F(T, i64,  ack_drop, OPT, 0, 100, "the ack of the n-th send from now is lost") \
	F(T, bool, cut_on_send, OPT, 0, 0, "a send is accepted, then the connection breaks") \
	F(T, bool, stray_acks, OPT, 0, 0, "acks of others come before and after the right one") \
	F(T, bool, stray_errors, OPT, 0, 0, "errors without an id come before every answer") \
	F(T, str,  refuse, OPT, 0, 0, "every send is refused with this text") \
	F(T, bool, no_req_id, OPT, 0, 0, "answers do not say to what") \
	F(T, bool, twice, OPT, 0, 0, "everything is pushed twice") \
	F(T, i64,  again_ms, OPT, 0, 60000, "and again and again after this") \
	F(T, i64,  lease_ms, OPT, 0, 60000, "instead of 30 s until what was not acked is pushed again") \
	F(T, any,  push, OPT, 0, 0, "a frame that follows every hello_ack") \
	F(T, str,  invite_secret, OPT, 0, 64, "the invite looks like one of ours with this secret")
JSON_ARGS(flaw, FLAW_ARGS);

struct member {
	str id, pubkey, name;
	bool banned;
	struct member *next;
};

/* A connection, or the ghost of one: it stays when conn is gone. */
struct presence {
	struct member *member;
	struct ws_conn *conn;
	str id, session_pubkey, session_id, name, cwd, connected_at;
	struct presence *next;
};

struct row {
	str id, sender_pubkey, target, priority, nonce, ciphertext, client_id, created_at;
	bool delivered;
	i64 claimed_until_ms;
	struct row *next;
};

struct fake {
	struct arena *arena;
	struct loop *loop;
	struct server *sv;
	struct loop_timer *again;
	struct sign_pair owner;
	str mesh_id, token, challenge;
	struct member *members;       /* oldest first, like the next two */
	struct presence *presences;
	struct row *rows;
	struct flaw_args flaws;
	i64 sends, closes;            /* since the flaws were set */
	struct buf log;
};

struct member *member_get(const struct fake *f, str pubkey);

/* http.c */
void http_request(void *arg, struct server_request *rq);
/* frames.c */
void frame_take(struct fake *f, struct ws_conn *c, str text);
/* queue.c: send, push, client_ack */
void queue_send(struct fake *f, struct presence *from, const struct json *m);
void queue_ack(struct fake *f, const struct presence *from, const struct json *m);
/* Claims and pushes what waits for it; a ghost claims too (D-07). */
void queue_drain(struct fake *f, const struct presence *p);
void queue_again(void *fake);

/* moderation.c */
void moderation_end(struct fake *f, struct presence *from, const struct json *m, bool kick);
void moderation_ban(struct fake *f, struct presence *from, const struct json *m, bool ban);
void moderation_list(struct fake *f, struct presence *from, const struct json *m);

/* Says what out holds. */
void say(struct ws_conn *c, const struct buf *out);
/* An error that names no request. */
void say_error(struct ws_conn *c, str code, str message);

#endif
