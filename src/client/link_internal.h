/*
 * link_internal.h - the inside of a link, shared by link.c (life of the connection),
 * link_hello.c (the first message), link_take.c (what comes in), link_request.c (replies)
 * and link_push.c (messages).
 */
#ifndef CLIENT_LINK_INTERNAL_H
#define CLIENT_LINK_INTERNAL_H

#include "base/ids.h"
#include "client/link.h"
#include "net/ws_client.h"

enum { LINK_MAGIC = 0x1c1e27, SEEN_HASH_BYTES = 16, REFUSAL_TEXT_MAX = 400 };

enum link_state {
	LINK_WAITING, /* for the next attempt */
	LINK_CONNECTING,
	LINK_GREETING, /* hello written */
	LINK_READY,
	LINK_CLOSING, /* our close frame is written */
	LINK_DEAD,    /* no more attempts */
};

struct link_pending {
	struct link_pending *next;
	char id[ID_LEN + 1];
	bool is_send;         /* answered by ack.id, else by _reqId */
	enum err_code failed; /* never sent: told to fn in the next turn */
	i64 deadline_ms;      /* loop time */
	link_reply_fn *fn;
	void *arg;
};

/* Which messages we were given, so that a repeat is told from a new one. */
struct link_seen {
	u8 hash[SEEN_HASH_BYTES];
	bool used, acked;
};

struct link {
	unsigned magic;
	enum link_state state;
	struct arena *arena; /* as long as the link */
	struct arena *conn;  /* as long as the connection */
	struct arena *frame; /* as long as one callback from the loop */
	struct link_spec spec;
	struct sign_pair member, session;
	str own_pubkey, member_pubkey;
	const struct link_handler *h;
	void *arg;

	struct ws_client *ws;
	struct loop_timer *timer;    /* next attempt, or deadline of the hello's answer */
	struct loop_timer *deadline; /* of the request that is due first */
	struct loop_task restart;    /* link_restart() */
	struct loop_task revive;     /* link_revive() */
	int attempt;
	bool has_challenge;
	bool hello2_known;
	struct strs features;
	enum reach reach_said;       /* on this connection */
	str notice_word, notice_text; /* the last error that belonged to no request */

	struct link_pending *pending;
	size_t n_pending;
	str early[LINK_EARLY_MAX];
	size_t n_early;
	struct link_seen *seen; /* ring of spec.seen_max */
	size_t seen_next;
	struct box_cache *cache;
	u64 bad_frames;

	int depth;  /* callbacks from the loop that are running */
	bool freed; /* link_free() was called in one of them */
};

/* Around everything that the loop calls; after leave the link may be gone. */
void link_enter(struct link *l);
void link_leave(struct link *l);

/* {"type":...,[id_key:id,]...args}; false, and a closed connection, if it cannot be queued. */
bool link_write(struct link *l, const char *type, const char *id_key, str id,
		const struct json_field *fields, const void *args);
bool link_write_text(struct link *l, const char *type, const char *id_key, str id, str members);
/* The connection ended. Answers what waits, then tells the owner; final: no more attempts. */
void link_down(struct link *l, const struct err *why, bool final);
/* The error that stands for a refusal by the broker, with its word and text. */
struct err *link_refusal(struct arena *a, str word, str text);

/* link_take.c: one message from the broker */
void link_take(struct link *l, str text);
/* link_hello.c */
/* fresh: makes the session's key pair. */
void link_hello_init(struct link *l, bool fresh);
struct err *link_hello_send(struct link *l, str challenge) MUST_CHECK;
/* The answer has come: tells what has changed since the hello was written. */
void link_hello_answered(struct link *l);
/* Why we were not let in, and what can be done about it. */
struct err *link_hello_refused(struct link *l, str word, str text);
/* link_request.c */
void link_fail_all(struct link *l, const struct err *why);
void link_drop_all(struct link *l);
void link_on_deadline(void *arg);
/* A reply or error for someone who waits? False: nobody does. */
bool link_take_reply(struct link *l, str type, const struct json *message);
/* link_push.c */
void link_take_push(struct link *l, const struct json *message);

#endif
