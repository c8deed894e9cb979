/*
 * receipts.h - what was accepted, by client_message_id, and what becomes of it.
 *
 * Nothing with a client_message_id is accepted twice from one member (I2): receipts of 30
 * days are found, those of the last day by dedupe.h, older ones by archive.h, and read from the
 * store before they count. Those of a batch that failed stay findable, since its commit may have
 * happened all the same: the store decides. Engine thread only.
 */
#ifndef ENGINE_RECEIPTS_H
#define ENGINE_RECEIPTS_H

#include "engine/state.h"
#include "proto/receipt.h"

/* Reads what is not archived; e->receipts, e->endings. */
struct err *receipts_load(struct engine *e, struct arena *a) MUST_CHECK;
void receipts_free(struct engine *e);
void receipts_begin(struct engine *e);        /* a batch */
void receipts_stored(struct engine *e);       /* it is stored, and those before it */
void receipts_undo(struct engine *e);         /* its commit failed */
/* Forgets what the failed batches did not store. */
struct err *receipts_settle(struct engine *e, struct arena *a) MUST_CHECK;
size_t receipts_count(const struct engine *e); /* ids in memory */

/* The receipt of this sender's client_id, also from the running batch; NULL if there is none. */
struct err *receipts_get(struct member *sender, struct arena *a, str client_id,
			 struct receipt_row **ret_receipt) MUST_CHECK;
/* What the member sent or was to get, by the start of its id (or all of it), at most limit. */
struct err *receipts_seen_by(struct member *member, struct arena *a, str id_prefix, size_t limit,
			     struct receipt_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* Queued to the store with the message. */
void receipts_add(struct engine *e, const struct receipt_row *row);

/* tell.c - a delivery is over and the store knows. Its sender's connections that asked are told
 * with the commit that stores it, once for all recipients of a message. */
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
void receipts_tell(struct engine *e);         /* the commit follows */
struct endings *endings_new(void);
void endings_free(struct endings *all);       /* NULL is fine */
void endings_forget(struct endings *all);

/* The sweeps, a bounded part at a time; *ret_more: not yet all. Moves what is old out of memory; */
struct err *receipts_archive(struct engine *e, bool *ret_more) MUST_CHECK;
/* deletes receipts past their time. */
struct err *receipts_prune(struct engine *e, bool *ret_more) MUST_CHECK;
/* Why it will not be delivered; absent for the other states. */
str delivery_reason(enum delivery_state state);

#endif
