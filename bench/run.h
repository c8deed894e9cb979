/*
 * run.h - one run of the load: clients, phases, kills, deadlines.
 *
 * Phases: CONNECT everybody who sends; FLOW until every message is acked and delivered; DRAIN
 * (offline only) until who was away has it all; SETTLE: every client has asked a question and has
 * the answer, so whatever came before has arrived; RECONNECT and SETTLE once more if the broker
 * was killed, to see what comes a second time. Everything happens on one loop.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/broker.h"
#include "bench/crew.h"
#include "bench/options.h"
#include "crypto/box_cache.h"
#include "json/json.h"
#include "net/loop.h"

enum {
	RUN_STALL_MS =
		45000, /* longer than the broker's lease, so that repeats count as progress */
	RUN_CONNECTING_MAX = 128, /* below what a broker allows one address before the hello */
	RUN_FRAME_MAX = 1 << 20,
};

enum phase { PHASE_CONNECT, PHASE_FLOW, PHASE_DRAIN, PHASE_SETTLE, PHASE_RECONNECT, PHASE_OVER };

struct peer;

/* A stretch of time that is measured. */
struct span {
	i64 start_us, end_us;
};

struct run {
	struct arena *arena, *scratch; /* scratch: of the present event */
	const struct bench_flags *flags;
	struct crew *crew;
	struct broker *broker; /* NULL: not ours */
	struct loop *loop;
	struct loop_timer *tick, *kill;
	struct loop_task step;
	struct box_cache *boxes;
	struct buf out;
	struct peer *peers;
	u32 n;
	struct peer *queue, **queue_end; /* who waits to connect */
	struct ledger ledger;

	enum phase phase;
	bool reconnected; /* the last round: everybody came back after the flow */
	u32 n_wanted, n_ready, n_connecting, n_settled;
	u64 left;          /* messages nobody has sent yet */
	i64 send_until_us; /* with --duration; else INT64_MAX */
	u64 kill_at;       /* acks and deliveries before the next kill; UINT64_MAX: none */

	struct hist hello;  /* from the connect to hello_ack */
	u64 hellos, losses; /* losses: connections that ended while wanted */
	struct span connect, flow, drain;
	i64 killed_us, recovery_us; /* recovery: longest from a kill until everybody is back */
	u64 moved;                  /* what the stall watch saw last */
	i64 moved_ms, started_ms;
	struct err *failed;
};

/* Runs to the end. An error is what stopped it; the ledger says what was amiss otherwise. */
struct err *run_all(struct arena *a, struct run *r, const struct bench_flags *flags,
		    struct crew *crew, struct broker *broker, str tag) MUST_CHECK;
void run_done(struct run *r);

/* For peer.c and flow.c. */
i64 run_now_us(void);
void run_fail(struct run *r, const struct err *e);
/* Looks at the end of this turn whether a phase is over. */
void run_step(struct run *r);
void run_peer_ready(struct peer *p);
/* A message was acked or delivered. */
void run_moved(struct run *r);

#endif
