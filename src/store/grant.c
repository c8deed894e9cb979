#include "store/grant.h"

#include "store/row.h"

static const struct field grant_fields[] = {
	FIELD(I64, grant_row, mesh_no),    FIELD(I64, grant_row, member_no),
	FIELD(TEXT, grant_row, peer),      FIELD(I64, grant_row, caps),
	FIELD(I64, grant_row, dropped_dm), FIELD(I64, grant_row, dropped_broadcast),
	FIELD(I64, grant_row, dropped_ms), { 0 },
};
static const struct field permission_fields[] = {
	FIELD(I64, permission_row, mesh_no), FIELD(I64, permission_row, member_no),
	FIELD(I64, permission_row, permissions), { 0 },
};

void store_grant_set(struct store *st, const struct grant_row *g)
{
	store_grant_remove(st, g->mesh_no, g->member_no, g->peer);
	row_queue(st, Q_GRANT_ADD, grant_fields, g);
}

void store_grant_dropped(struct store *st, const struct grant_row *g)
{
	QUEUE_LATER(st, GRANT_DROPPED, V(g->dropped_dm), V(g->dropped_broadcast), V(g->dropped_ms),
		    V(g->mesh_no), V(g->member_no), text_value(g->peer));
}

void store_grant_remove(struct store *st, i64 mesh_no, i64 member_no, str peer)
{
	QUEUE(st, GRANT_REMOVE, V(mesh_no), V(member_no), text_value(peer));
}

struct err *store_grants(struct store *st, struct arena *a, i64 mesh_no, struct grant_row **ret_rows,
			 size_t *ret_n)
{
	return rows_get(st, a, Q_GRANTS, DB_VALUES(V(mesh_no)), grant_fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_permission_set(struct store *st, const struct permission_row *p)
{
	store_permission_remove(st, p->mesh_no, p->member_no);
	row_queue(st, Q_PERMISSION_ADD, permission_fields, p);
}

void store_permission_remove(struct store *st, i64 mesh_no, i64 member_no)
{
	QUEUE(st, PERMISSION_REMOVE, V(mesh_no), V(member_no));
}

struct err *store_permissions(struct store *st, struct arena *a, i64 mesh_no, struct permission_row **ret_rows,
			      size_t *ret_n)
{
	return rows_get(st, a, Q_PERMISSIONS, DB_VALUES(V(mesh_no)), permission_fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_delivery_withhold(struct store *st, i64 mesh_no, const struct delivery_row *d)
{
	QUEUE(st, DELIVERY_WITHHOLD, V((i64)d->rank + RANK_WITHHELD), V(d->mailbox_no), V(d->rank),
	      V(d->message_no), V(mesh_no));
}
