/*
 * audit.h - rows of the audit log: a chain for each mesh (crypto/audit.h), added to and never
 * changed. Part of the store (store.h), which says what holds for all calls.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

struct audit_row {
	i64 mesh_no, seq;      /* from 1, without a gap; another row with both fails the commit (CONFLICT) */
	str event;
	str actor;             /* member id; absent: nobody */
	str payload;           /* canonical JSON */
	str hash;              /* 32 bytes */
	i64 created_ms;
};
/* may_wait: for another commit. */
void store_audit_add(struct store *st, const struct audit_row *r, bool may_wait);
/* Upwards from behind seq, and downwards from before it; at most limit. */
struct err *store_audit_after(struct store *st, struct arena *a, i64 mesh_no, i64 seq, size_t limit,
			      struct audit_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct err *store_audit_before(struct store *st, struct arena *a, i64 mesh_no, i64 seq, size_t limit,
			       struct audit_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct audit_page {
	i64 before_seq;
	size_t limit, offset;
};
/* Newest first. Those of any event but message_sent, and how many they are, counted to limit. */
struct err *store_audit_of_event(struct store *st, struct arena *a, i64 mesh_no, str event,
				 const struct audit_page *page, struct audit_row **ret_rows,
				 size_t *ret_n) MUST_CHECK;
struct err *store_audit_of_event_count(struct store *st, struct arena *a, i64 mesh_no, str event, size_t limit,
				       i64 *ret_n) MUST_CHECK;
/* Rows that are no message_sent, counted to limit. */
struct err *store_audit_others_count(struct store *st, struct arena *a, i64 mesh_no, size_t limit,
				     i64 *ret_n) MUST_CHECK;
/* message_sent, from from_seq on; looks at every row from there. */
struct err *store_audit_messages(struct store *st, struct arena *a, i64 mesh_no, i64 from_seq,
				 const struct audit_page *page, struct audit_row **ret_rows,
				 size_t *ret_n) MUST_CHECK;

#endif
