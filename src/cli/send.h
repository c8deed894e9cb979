/*
 * send.h - what the two ways of sending share: directly to the broker (send.c) and through the
 * daemon (send_warm.c).
 */
#ifndef CLI_SEND_H
#define CLI_SEND_H

#include "cli/warm.h"
#include "client/resolve.h"
#include "proto/message.h"
#include "proto/receipt.h"

struct send_want {
	str who, text, id, priority;
	i64 wait_ms; /* until every recipient has it; 0: not */
	bool self;   /* to the other sessions of our own member */
};
/* Accepted by the daemon, and printed. `unreachable`: it took nothing. */
struct err *send_warm(struct cli *c, const struct warm *w, const struct send_want *want) MUST_CHECK;

/* What became of it, for people. */
void send_print(struct cli *c, const struct target *to, const struct ack_args *ack);
/* That nobody vouches for who it goes to, where that is so. send_print does it, too. */
void send_print_doubt(struct cli *c, const struct target *to);
/* Not delivered to everybody: in time (11), or ever (12). */
struct err *send_wait_failed(struct cli *c, const struct message_status_result_args *r, bool settled,
			     i64 wait_ms);

#endif
