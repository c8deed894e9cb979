/*
 * link.h - one connection to a broker for one mesh, on a loop.
 *
 * It says hello (version 2 with the broker's challenge where offered, and never version 1 to
 * a broker that ever offered 2), waits LINK_HELLO_MS for the answer, correlates replies by id
 * and by nothing else, opens what is pushed and drops what came twice. Acknowledging is the
 * caller's: link_ack(), when the message is safe; what was acked and comes again is acked
 * again. A refusal that cannot pass by itself (unauthorized, revoked, malformed, kicked,
 * banned, ...) is final; after anything else a link with `reconnect` comes back after a
 * delay of full jitter. Frames that make no sense are counted and dropped.
 *
 * Loop thread only. No callback comes from inside a call of the owner, none (of requests
 * neither) after link_free(), which is allowed in callbacks.
 */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include "base/clock.h"
#include "base/random.h"
#include "client/inbound.h"
#include "crypto/keys.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proto/hello.h"
#include "proto/message.h"
#include "proto/reach.h"
#include "proto/receipt.h"

enum {
	LINK_CONNECT_MS = 10000,
	LINK_HELLO_MS = 5000,
	LINK_REPLY_MS = 5000,   /* requests */
	LINK_ACK_MS = 10000,    /* sends */
	LINK_PENDING_MAX = 256, /* requests under way */
	LINK_SEEN_MAX = 4096,   /* messages remembered to tell repeats */
	LINK_EARLY_MAX = 256,   /* pushes kept that came before the answer to the hello */
	LINK_BACKOFF_MAX_MS = 30000,
	LINK_ATTESTATION_MS = 12 * 3600 * 1000,
	LINK_FRAME_MAX = 16 << 20, /* a peer list of a large mesh */
};

struct link;

struct link_spec {
	struct loop *loop;
	const struct clock *clock;
	const struct random *random; /* ids and jitter */
	str url;                     /* ws address */
	struct tls *tls;
	str mesh_id, member_id;
	const struct sign_pair *member; /* copied, wiped with the link */
	bool is_session;                /* session_hello with a session key; else hello */
	const struct sign_pair *session; /* that key; NULL: a fresh one. Copied, wiped */
	bool no_delivery;               /* wants no messages */
	bool receipts;                  /* asks to be told how its member's messages end */
	bool reconnect;
	bool dormant;                   /* begins as if it had ended for good: link_revive() */
	i64 hello_ms;      /* for the answer to the hello; 0: LINK_HELLO_MS */
	bool hello2_known; /* this broker offers a challenge: insist on it */
	bool patient;      /* without the challenge it is tried again: whoever is in between goes away */
	str display_name, session_id, cwd, hostname; /* session_id empty: made up */
	str channel, peer_type, role;                /* channel empty: "claudemesh" */
	i64 pid;                                     /* 0: this process */
	struct group_list groups;                    /* present: sent, even if empty */
	bool hears_topics;                           /* is told of topics, and gets their posts beside sessions */
	bool hears_skills;                           /* is told when skills are shared or removed */
	bool keeps_next;                             /* wants `next` while it works, for its next turn */
	enum reach reach;                            /* how soon it hears of a message; absent: it does not say */
	size_t seen_max, cache_keys; /* 0: LINK_SEEN_MAX, BOX_CACHE_DEFAULT; for who has many links */
};

struct link_handler {
	/* Greeted; after each reconnect too. */
	void (*on_ready)(void *arg, struct link *l, const struct hello_ack_args *ack);
	/* A message not seen before; never before on_ready(). Valid during the call. False: no
	 * room for it now, it is to be offered again when the broker repeats it. May be NULL. */
	bool (*on_message)(void *arg, struct link *l, const struct inbound *m);
	void (*on_event)(void *arg, struct link *l, const struct peer_event *ev); /* may be NULL */
	/* The connection ended or never came. retry_ms: until the next attempt, or -1: final. */
	void (*on_down)(void *arg, struct link *l, const struct err *why, i64 retry_ms);
	/* Recipients of a message have their last word; a hint, see docs/delivery.md. May be NULL. */
	void (*on_state)(void *arg, struct link *l, const struct message_state_args *state);
};

/* Copies what the spec points to; h must outlive it. Connecting starts at once, unless dormant. */
struct link *link_new(const struct link_spec *spec, const struct link_handler *h, void *arg);
void link_free(struct link *l); /* NULL is fine; drops the connection */
/* Writes what is queued and a close frame; then on_down() with retry -1 and code CANCELLED.
 * Without an open connection it does nothing. */
void link_close(struct link *l);
/* From now on another owner is told; requests under way are dropped, nobody hears of them. */
void link_hand_over(struct link *l, const struct link_handler *h, void *arg);
bool link_is_ready(const struct link *l);
bool link_is_under_way(const struct link *l); /* connecting, saying hello, or ready */
bool link_is_closing(const struct link *l);
/* The broker sent a challenge on the present or last connection: it is one of ours. */
bool link_has_challenge(const struct link *l);
/* From hello_ack.features. */
bool link_has_feature(const struct link *l, str feature);
/* Our session key (64 hex) if is_session, else the member key. */
str link_own_pubkey(const struct link *l);
u64 link_bad_frames(const struct link *l); /* dropped because they made no sense */

/* Exactly one of e and reply; both live during the call. TIMEOUT; NETWORK when the
 * connection ended first; a refusal with the broker's word and text. */
typedef void link_reply_fn(void *arg, const struct err *e, const struct json *reply);
/* Sends args, whose _reqId is absent, with `type` and an id of its own. Not ready, or LINK_PENDING_MAX: told to fn
 * in the next turn. timeout_ms 0: LINK_REPLY_MS. */
void link_request(struct link *l, const char *type, const struct json_field *fields,
		  const void *args, i64 timeout_ms, link_reply_fn *fn, void *arg);
/* The same with the fields written already: the text between an object's braces. */
void link_request_text(struct link *l, const char *type, str members, i64 timeout_ms,
		       link_reply_fn *fn, void *arg);
/* The same without a reply; false if not ready. For what reference brokers do not answer. */
bool link_tell(struct link *l, const char *type, const struct json_field *fields, const void *args)
	MUST_CHECK;
/* From now on it hears of messages so: a broker that shows it is told, now and with each hello. */
void link_set_reach(struct link *l, enum reach reach);
/* A message; args->id is chosen here. The reply is an ack with queued true, anything else
 * an error: word is ack.code, text ack.error. timeout_ms 0: LINK_ACK_MS. */
void link_send(struct link *l, const struct send_args *args, i64 timeout_ms, link_reply_fn *fn,
	       void *arg);
/* The message is safe with us. If the connection is gone it comes again, and is then acked
 * without being offered again. */
void link_ack(struct link *l, const struct inbound *m);
/* The message could not be kept after all: it is to be offered again when it is repeated. */
void link_forget(struct link *l, const struct inbound *m);
/* The machine slept or the network is another one: connects anew at once, whatever the state
 * (a final end stays). Down callbacks come as ever. */
void link_restart(struct link *l);
/* One that ended for good, or is dormant, connects after all; nothing happens to others. */
void link_revive(struct link *l);
/* What own keys open and seal; for compose.h. */
struct box_cache *link_box_cache(struct link *l);
const struct sign_pair *link_seal_pair(const struct link *l); /* session pair, or the member's */

/* Is a refusal with this word final? For tests and the daemon. */
bool link_word_is_final(str word);

#endif
