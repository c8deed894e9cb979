/*
 * ledger.h - every message by number: was it sent, acked, delivered, once, and where to.
 *
 * The number is in the client_message_id and, sealed, in the body, so that the two can be held
 * against each other. Receivers dedupe as every client of ours does: by sender and
 * client_message_id. `repeats` are pushes that this hid, which are allowed; everything in
 * ledger_failures() is not. Knows nothing of sockets. One thread.
 */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include "base/ids.h"
#include "bench/ident.h"
#include "bench/hist.h"

enum {
	LEDGER_CHUNK = 1 << 14,
	LEDGER_CHUNKS = 1 << 9,
	LEDGER_MAX = LEDGER_CHUNK * LEDGER_CHUNKS,
	LEDGER_BODY_MIN = 24, /* number and length fit */
};
#define LEDGER_ALL UINT32_MAX  /* as recipient: everybody in the mesh but the sender */
#define LEDGER_NONE IDENT_NONE /* no message has this number */

struct ledger_entry {
	i64 sent_us;
	u32 sender, recipient;
	u32 got; /* receivers that have it */
	bool acked, refused, twice;
	u8 *got_by;              /* LEDGER_ALL: by client of the mesh */
	char message_id[ID_LEN]; /* as first seen; zero before */
};

struct ledger {
	struct arena *arena;
	u64 key;            /* of the ids of this run */
	const str *pubkeys; /* member key of each client */
	u32 clients;
	u32 per_mesh; /* client c is in mesh c / per_mesh */
	struct ledger_entry *chunks[LEDGER_CHUNKS];

	u64 sent, acked, refused, delivered, done;
	u64 resent, repeats;
	u64 accepted_twice; /* one client_message_id, two messageIds: the broker took a resend as new */
	u64 doubled; /* a text that a receiver had came again under another id: dedupe lets it pass */
	u64 unexpected; /* never sent, to somebody else, changed, or refused and yet delivered */
	u64 reordered;  /* overtaken by a later message of the same sender to the same receiver */
	u64 *newest;    /* by sender, who sends to one: 1 + highest number that arrived */
	str problem;    /* the first thing that should not have come, in words */
	struct hist ack, delivery; /* from the first sending */
	struct hist last;	  /* of a message: until its last receiver has it */
};

/* tag: tells runs apart; pubkeys: one a client, they outlive the ledger. */
void ledger_init(struct ledger *l, struct arena *a, str tag, const str *pubkeys, u32 clients,
		 u32 per_mesh);
/* A new message; its number, or LEDGER_NONE after LEDGER_MAX. A recipient from `clients` on is
 * somebody who never comes: the message is done when it is acked. */
u64 ledger_send(struct ledger *l, u32 sender, u32 recipient, i64 now_us);
const struct ledger_entry *ledger_at(const struct ledger *l, u64 no);
str ledger_id(const struct ledger *l, struct arena *a, u64 no);
/* The plain text of a message: bytes long, at least LEDGER_BODY_MIN. */
str ledger_body(struct arena *a, u64 no, size_t bytes);
/* The number in an id of this run; LEDGER_NONE. */
u64 ledger_find(const struct ledger *l, str id);

/* The sender has an ack. False if it is of no message that this client sent. */
bool ledger_acked(struct ledger *l, u32 client, str id, str message_id, i64 now_us);
bool ledger_refused(struct ledger *l, u32 client, str id, str why);

struct ledger_push {
	str client_id, message_id, sender_pubkey;
	str body; /* opened; ptr NULL: could not be opened */
};
/* A push arrived at a client. Returns the message that is now done (acked, and with all its
 * receivers) because of it, else LEDGER_NONE. */
u64 ledger_got(struct ledger *l, u32 client, const struct ledger_push *p, i64 now_us);
bool ledger_is_done(const struct ledger *l, u64 no);
/* Has it arrived wherever it should? */
bool ledger_is_everywhere(const struct ledger *l, u64 no);

/* Forgets how long things took so far. */
void ledger_restart_clocks(struct ledger *l);

/* Acked, but a receiver does not have it: counted once for each receiver. */
u64 ledger_lost(const struct ledger *l);
/* Delivered although the sender never got an ack. */
u64 ledger_unacked(const struct ledger *l);
/* Zero if all is well: lost, unacked but delivered, doubled and unexpected together. */
u64 ledger_failures(const struct ledger *l);

#endif
