/*
 * visit.h - a short stay at a broker, for one-shot commands: connect, ask, leave; blocking.
 *
 * Brings its own loop and link, reads and writes what we remember of the broker, and never
 * waits past a deadline. visit_close() lets everything written be executed before it goes.
 * Messages come one at a time with visit_next() and are acked by the caller after it has
 * put them somewhere safe. One thread.
 */
#ifndef CLIENT_VISIT_H
#define CLIENT_VISIT_H

#include "client/compose.h"
#include "client/link.h"
#include "client/mesh.h"
#include "client/resolve.h"
#include "proto/receipt.h"

enum {
	VISIT_CLOSE_MS = 2000,
	VISIT_QUIET_MS = 150,   /* no push for this long after a round trip: nothing waits */
	VISIT_ASK_MS = 100,     /* between two questions what became of a message */
	VISIT_LAST_MS = 1000,   /* for the answer to the last of them */
	VISIT_ASK_TOLD_MS = 5000, /* the same, of a broker that tells when to ask */
	VISIT_QUEUE_MAX = 1024, /* messages not yet taken; further ones come again later */
};

struct visit;

struct visit_spec {
	const struct config_mesh_args *mesh;
	bool wants_messages; /* else no_delivery */
	bool is_session;     /* session_hello */
	bool reconnect;      /* comes back by itself */
	bool receipts;       /* is told when there is news for visit_settle() */
	str display_name;
};

/* Connects and is greeted, or says why not. Freed with visit_close() or with the arena. */
struct err *visit_open(struct arena *a, const struct client *c, const struct visit_spec *spec,
		       struct visit **ret_visit) MUST_CHECK;
/* Says goodbye, waiting at most VISIT_CLOSE_MS; what was written is executed. NULL is fine. */
void visit_close(struct visit *v);
struct link *visit_link(struct visit *v);
struct loop *visit_loop(struct visit *v);

/* One request and its reply, decoded: visit_call(a, v, "list_peers", list_peers_fields, &in,
 * peers_list_fields, &out, sizeof(out)). reply_fields NULL: any reply will do. */
struct err *visit_call(struct arena *a, struct visit *v, const char *type,
		       const struct json_field *fields, const void *args,
		       const struct json_field *reply_fields, void *ret_reply, size_t reply_size)
	MUST_CHECK;
/* The same for an answer that may take wait_ms. */
struct err *visit_call_for(struct arena *a, struct visit *v, const char *type,
			   const struct json_field *fields, const void *args, i64 wait_ms,
			   const struct json_field *reply_fields, void *ret_reply, size_t reply_size)
	MUST_CHECK;
/* A change that reference brokers do not answer: waits for the reply of a broker of ours,
 * else only writes it; *ret_confirmed says which. */
struct err *visit_tell(struct arena *a, struct visit *v, const char *type,
		       const struct json_field *fields, const void *args, bool *ret_confirmed)
	MUST_CHECK;

/* list_peers, `verified` checked against the pinned owner key. */
struct err *visit_peers(struct arena *a, struct visit *v, bool members,
			struct peers_list_args *ret_list) MUST_CHECK;
/* Resolves, seals, sends, waits for the ack. A refusal keeps the broker's word and text. */
struct err *visit_send(struct arena *a, struct visit *v, str who, const struct draft *d,
		       struct target *ret_target, struct ack_args *ret_ack) MUST_CHECK;

/* A post to a topic, sealed by the caller; its id is chosen here. */
struct err *visit_post(struct arena *a, struct visit *v, const struct send_args *args,
		       struct ack_args *ret_ack) MUST_CHECK;

/* What became of a message, by its id or the start of it. */
struct err *visit_status(struct arena *a, struct visit *v, str message_id,
			 struct message_status_result_args *ret_result) MUST_CHECK;
/* The same, until every recipient has a last word or wait_ms are over; *ret_settled says which.
 * The broker is asked at once, when it tells of news, when the connection has come back, and now
 * and then. */
struct err *visit_settle(struct arena *a, struct visit *v, str message_id, i64 wait_ms,
			 struct message_status_result_args *ret_result, bool *ret_settled) MUST_CHECK;

/* The next message, waiting at most wait_ms (0: what is there, -1: for ever). *ret_got false:
 * none came. With reconnect a lost connection is not an error; a final refusal always is.
 * CANCELLED after visit_stop(). */
struct err *visit_next(struct arena *a, struct visit *v, i64 wait_ms, struct inbound *ret_message,
		       bool *ret_got) MUST_CHECK;
/* The next of the messages that wait at the broker, the last ones acked; *ret_got false when
 * none is left: round trips were answered and nothing came (of a reference broker, which keeps
 * no order, nothing for VISIT_QUIET_MS). */
struct err *visit_next_waiting(struct arena *a, struct visit *v, struct inbound *ret_message,
			       bool *ret_got) MUST_CHECK;
/* The message is printed or stored: the broker may forget it. */
void visit_ack(struct visit *v, const struct inbound *m);
/* Gives up waiting: from a loop_signal of visit_loop(). */
void visit_stop(struct visit *v);
/* How often the connection was lost and why the last time; empty if never. For `listen`. */
str visit_lost(const struct visit *v, unsigned *ret_times);

#endif
