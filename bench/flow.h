/*
 * flow.h - the messages of one client: what it sends, and what is done with what it gets.
 */
#ifndef BENCH_FLOW_H
#define BENCH_FLOW_H

#include "bench/peer.h"

/* Any frame after the hello. */
void flow_frame(struct peer *p, str type, const struct json *frame);
/* Sends what has no ack yet once more, with the same client_message_id. */
void flow_resend(struct peer *p);
/* Sends new messages while the window has room. */
void flow_fill(struct peer *p);
/* Acks whatever was put off. */
void flow_ack_due(struct run *r);
/* Asks the question of PHASE_SETTLE. */
void flow_settle(struct peer *p);

#endif
