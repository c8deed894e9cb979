/*
 * run.h - one run of the load: clients, phases, deadlines.
 *
 * Phases: CONNECT everybody who is there at the start; QUEUE what nobody fetches; FLOW until
 * every message is acked and delivered; DRAIN until who was away has it all; REST in pattern idle;
 * SETTLE: every client has asked a question and has the answer, so whatever came before has
 * arrived; RECONNECT and SETTLE once more if the broker was killed, to see what comes a second
 * time. Everything happens on one loop.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/broker.h"
#include "bench/crew.h"
#include "bench/options.h"
#include "bench/usage.h"
#include "crypto/box_cache.h"
#include "json/json.h"
#include "net/loop.h"

enum {
	RUN_STALL_MS =
		45000, /* longer than the broker's lease, so that repeats count as progress */
	RUN_CONNECTING_MAX = 128, /* below what a broker allows one address before the hello */
	RUN_FRAME_MAX = 1 << 20,
	RUN_QUEUE_WINDOW = 64, /* of each sender, while it sends to who never comes */
};

enum phase {
	PHASE_CONNECT,
	PHASE_QUEUE,
	PHASE_FLOW,
	PHASE_DRAIN,
	PHASE_REST,
	PHASE_SETTLE,
	PHASE_RECONNECT,
	PHASE_OVER,
};

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
	pid_t server; /* the process whose use is measured, if it is not that broker; 0: none */
	struct loop *loop;
	struct loop_timer *tick, *kill, *rest, *pause;
	struct loop_task step;
	struct box_cache *boxes;
	struct buf out;
	struct peer *peers;
	u32 n;
	struct peer *queue, **queue_end; /* who waits to connect */
	struct ledger ledger;

	enum phase phase;
	bool reconnected; /* the last round: everybody came back after the flow */
	bool is_measuring;
	bool acks_due;	 /* of a broadcast, by some peers */
	bool is_pausing; /* between messages, with --pause */
	u32 n_wanted, n_ready, n_connecting, n_settled;
	i64 send_until_us; /* with --duration; else INT64_MAX */
	u64 to_queue;      /* messages of QUEUE that nobody has sent yet */
	u64 left;          /* the same of FLOW */
	u64 kill_at;       /* acks and deliveries before the next kill; UINT64_MAX: none */

	struct hist hello;  /* from the connect to hello_ack */
	u64 hellos, losses; /* losses: connections that ended while wanted */
	struct span connect, queuing, flow, drain;
	u64 done_before, acked_before, delivered_before; /* the flow's measured stretch began */
	struct usage before, after; /* that stretch, or the one that the pattern is about */
	i64 members_bytes; /* resident, with all members and none connected */
	i64 killed_us, recovery_us; /* recovery: longest from a kill until everybody is back */
	u64 moved;                  /* what the stall watch saw last */
	i64 moved_ms, started_ms;
	struct err *failed;
};

/* Who a run is against: one of the two, or neither. */
struct run_server {
	struct broker *broker;
	pid_t pid;
};

/* Runs to the end. An error is what stopped it; the ledger says what was amiss otherwise. */
struct err *run_all(struct arena *a, struct run *r, const struct bench_flags *flags,
		    struct crew *crew, const struct run_server *server, str tag) MUST_CHECK;
void run_done(struct run *r);
/* Does the pattern send messages at all? */
bool run_sends(const struct run *r);
/* Is the recipient away until all is stored? */
bool run_drains(const struct run *r);

/* For peer.c, flow.c and kill.c. */
i64 run_now_us(void);
void run_fail(struct run *r, const struct err *e);
/* Looks at the end of this turn whether a phase is over. */
void run_step(struct run *r);
void run_peer_ready(struct peer *p);
/* A message is done: the next one may be sent, at once or after the pause. */
void run_next(struct run *r, struct peer *sender);
/* A message was acked or delivered. */
void run_moved(struct run *r);

#endif
