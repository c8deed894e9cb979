/*
 * receipts.h - what was accepted, by client_message_id, and what becomes of it.
 *
 * Nothing with a client_message_id is accepted twice from one member (I2): receipts of 30
 * days are found by dedupe.h and read from the store before they count. Those of a batch
 * that failed stay findable, since its commit may have happened all the same: the store
 * decides. Engine thread only.
 */
#ifndef ENGINE_RECEIPTS_H
#define ENGINE_RECEIPTS_H

#include "engine/state.h"
#include "proto/receipt.h"

/* Reads the table once; e->receipts. */
struct err *receipts_load(struct engine *e, struct arena *a) MUST_CHECK;
void receipts_free(struct engine *e);
void receipts_begin(struct engine *e);        /* a batch */
void receipts_undo(struct engine *e);         /* its commit failed */
/* Forgets what the failed batches did not store. */
struct err *receipts_settle(struct engine *e, struct arena *a) MUST_CHECK;
size_t receipts_count(const struct engine *e);

/* The receipt of this sender's client_id, also from the running batch; NULL if there is none. */
struct err *receipts_get(struct member *sender, struct arena *a, str client_id,
			 struct receipt_row **ret_receipt) MUST_CHECK;
/* Queued to the store with the message. */
void receipts_add(struct engine *e, const struct receipt_row *row);

/* A delivery is over and the store knows. Its sender's connections that asked are told when
 * the batch is stored, once for all recipients of a message. */
struct ending {
	struct mesh *mesh;
	i64 message_no, sender_no;
	str message_id, client_id;
	const struct member *recipient;
	str pubkey;
	enum delivery_state state;
	i64 at_ms;
};
void receipts_ended(struct engine *e, const struct ending *ending);
void receipts_expired(struct engine *e, const struct expiring *row);
void receipts_tell(struct engine *e);

/* Deletes receipts past their time; *ret_more: not yet all. */
struct err *receipts_prune(struct engine *e, bool *ret_more) MUST_CHECK;
/* Why it will not be delivered; absent for the other states. */
str delivery_reason(enum delivery_state state);

#endif
