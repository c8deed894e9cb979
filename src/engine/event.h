/*
 * event.h - what happens to the engine: bytes without pointers, so that one day an event
 * may come over a bus from another process.
 *
 * Made by the loop thread, freed by the engine. A frame of a connection that is not
 * admitted yet never becomes an event: it is proved first (prove.h).
 */
#ifndef ENGINE_EVENT_H
#define ENGINE_EVENT_H

#include "base/ids.h"

/* A connection or a request of some process: gen 0 is nobody. Never names another one again. */
struct conn_ref { u32 node, slot, gen; };
static inline bool conn_ref_eq(struct conn_ref a, struct conn_ref b)
{
	return a.node == b.node && a.slot == b.slot && a.gen == b.gen;
}

enum event_kind {
	EVENT_HELLO,          /* data: hello or session_hello whose signatures hold */
	EVENT_FRAME,          /* data: one message of an admitted connection */
	EVENT_CLOSED,         /* the connection is gone; clean: its client said so */
	EVENT_WRITTEN,        /* the kernel took all pushes up to `mark` */
	EVENT_CALL,           /* data: JSON body of an HTTP call (may be empty), op and param */
	EVENT_MAILED,         /* what became of the try of the job `mark`: outcome */
};

enum { PLACE_BYTES = 32 };

/* The session token of a call: signed by this broker, of that kind, not over by its own account. Whose
 * it is and whether it was revoked, the engine looks up (account.h). */
struct session_proof {
	enum session_kind { SESSION_NONE, SESSION_BROWSER, SESSION_CLI, SESSION_TOKEN, SESSION_SYNC } kind;
	u8 digest[32];
	i64 ends_ms;
};

/* What the pool proved about the bytes of an event, before anyone acted on them. */
struct proof {
	bool signed_by_key;   /* a signature in the request holds under `pubkey` */
	char pubkey[65];      /* NUL-terminated lower hex, or empty */
	char invite_pubkey[65];
	char mesh_id[ID_LEN + 1]; /* of a hello or a token; empty if no mesh can have its id */
	bool has_place;
	u8 place[PLACE_BYTES]; /* of what a hello or a hook tells of its process */
	enum bearer_kind { BEARER_NONE, BEARER_API_KEY, BEARER_TOKEN } bearer_kind;
	u8 bearer[32];        /* digest of the key that came along, or seal of the token; whatever it may be worth */
	i64 token_member_no, token_ends_ms; /* BEARER_TOKEN: what it says, with mesh_id */
	struct session_proof session;
};

enum { ADDRESS_LEN_MAX = 64, REQUEST_ID_LEN = 16 };

struct event {
	struct event *next;   /* queue of the engine thread */
	enum event_kind kind;
	struct conn_ref from;
	struct proof proof;
	i64 at_us;            /* when it was submitted (mono); 0: not known */
	bool clean;           /* EVENT_CLOSED */
	int outcome;          /* EVENT_MAILED: enum mail_outcome */
	bool may_create;      /* EVENT_CALL: the caller passes the --create policy */
	bool legacy_auth;     /* EVENT_CALL: no token, and a user_id in the body will do (S14) */
	bool forwarded;       /* EVENT_CALL: from the house, to the mesh's own shard */
	u64 mark;             /* EVENT_WRITTEN, EVENT_MAILED */
	const struct op *op;  /* EVENT_CALL: the row to run */
	struct conn_ref about; /* EVENT_CALL, OP_PLACE: the connection that the caller is beside */
	char address[ADDRESS_LEN_MAX]; /* EVENT_CALL: who is charged for failed guesses */
	char request_id[REQUEST_ID_LEN + 1]; /* EVENT_CALL: X-Request-Id of the answer; for the log */
	size_t data_len, param_len;
	char bytes[];         /* data, then param (the path's parameter) */
};

struct event *event_new(enum event_kind kind, struct conn_ref from, str data, str param);
void event_free(struct event *ev);            /* NULL is fine */
/* All of it, as it goes to another shard, and what arrives there. */
str event_bytes(const struct event *ev);
struct event *event_forwarded(str bytes);
static inline str event_data(const struct event *ev) { return str_of(ev->bytes, ev->data_len); }
static inline str event_param(const struct event *ev)
{
	return str_of(ev->bytes + ev->data_len, ev->param_len);
}

#endif
