/*
 * grant.h - what members let each other do, and what they may do in a mesh: typed calls as those
 * of store.h, whose rules hold.
 */
#ifndef STORE_GRANT_H
#define STORE_GRANT_H

#include "store/store.h"

struct grant_row {
	i64 mesh_no, member_no; /* member: who lets */
	str peer;              /* 64 hex */
	i64 caps;              /* enum grant */
	i64 dropped_dm, dropped_broadcast, dropped_ms; /* messages kept from the member, the last one */
};
/* Takes the place of one that is there. */
void store_grant_set(struct store *st, const struct grant_row *g);
/* Sets what was dropped; it waits for another commit. */
void store_grant_dropped(struct store *st, const struct grant_row *g);
void store_grant_remove(struct store *st, i64 mesh_no, i64 member_no, str peer);
/* Of all members of the mesh. */
struct err *store_grants(struct store *st, struct arena *a, i64 mesh_no, struct grant_row **ret_rows,
			 size_t *ret_n) MUST_CHECK;

struct permission_row { i64 mesh_no, member_no, permissions; };
void store_permission_set(struct store *st, const struct permission_row *p);
void store_permission_remove(struct store *st, i64 mesh_no, i64 member_no);
struct err *store_permissions(struct store *st, struct arena *a, i64 mesh_no,
			      struct permission_row **ret_rows, size_t *ret_n) MUST_CHECK;

/* A delivery that waits is withheld: it stays and ends as any, but nobody takes it (store_waiting). */
enum { RANK_WITHHELD = 10 };  /* added to its rank */
void store_delivery_withhold(struct store *st, i64 mesh_no, const struct delivery_row *d);

#endif
