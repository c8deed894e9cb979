/*
 * peer.h - one client of the load: connects, says hello, comes back when it is cut.
 *
 * AWAY - QUEUED - OPENING - GREETING - READY; every end leads to AWAY, and from there on again
 * while it is wanted. Loop thread only.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "bench/run.h"
#include "json/fields.h"
#include "net/ws_client.h"

enum { PEER_RETRY_MIN_MS = 5, PEER_RETRY_MAX_MS = 40 };

enum peer_state { PEER_AWAY, PEER_QUEUED, PEER_OPENING, PEER_GREETING, PEER_READY };

struct peer {
	struct run *run;
	const struct crew_member *who;
	u32 no;
	enum peer_state state;
	bool wanted, settled;
	bool again; /* the broker asked for another try: resend at the next tick */
	struct sign_pair session;
	str session_pubkey; /* empty without --session */
	struct ws_client *ws;
	struct loop_timer *retry;
	i64 started_us;
	struct peer *next; /* in run->queue */

	u64 ack_due;  /* a message that it has and has not told so; LEDGER_NONE */
	u64 quota;    /* messages it has still to send */
	u64 to_queue; /* the same, to who never comes */
	u64 *unacked; /* in the order of sending */
	size_t n_unacked;
	size_t open; /* under way: not yet acked and delivered */
};

void peer_init(struct peer *p, struct run *r, u32 no);
void peer_done(struct peer *p);
/* Connects, when it is its turn, and again until peer_drop(). */
void peer_want(struct peer *p);
/* Cuts the connection. */
void peer_drop(struct peer *p);
/* Writes a frame; dropped if not ready. */
void peer_write(struct peer *p, const char *type, const struct json_field *fields,
		const void *args);
/* The pair that its broker stamps as sender. */
const struct sign_pair *peer_seal_pair(const struct peer *p);

#endif
