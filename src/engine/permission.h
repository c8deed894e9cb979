/*
 * permission.h - what a member may do in its mesh: one table of roles (proto/permission.h), and for
 * some members a row of their own in its place. One person's devices may what the person may.
 *
 * Each op says in its row what it needs (op.h); req.c and rest.c ask here before they carry one out.
 * Nothing is taken from the owner (rank.h). Engine thread only.
 */
#ifndef ENGINE_PERMISSION_H
#define ENGINE_PERMISSION_H

#include "engine/req.h"
#include "proto/permission.h"

/* enum permission: what the role has, and what holds. */
unsigned permissions_of_role(struct member *member);
unsigned member_permissions(struct member *member);
bool member_may(struct member *member, enum permission what);
/* FORBIDDEN, naming what is lacking; needed 0 is nothing. */
struct err *permission_check(struct arena *a, struct member *member, unsigned needed) MUST_CHECK;
/* What the row of the request needs, of a member whom its handler found by itself. */
static inline struct err *req_permit(struct req *rq, struct member *member)
{
	return permission_check(rq->arena, member, rq->op->perm);
}

/* Each change is a row of the audit log: RATE_LIMIT for who made too many in a minute. Charges one. */
struct err *change_may(struct req *rq, struct member *by) MUST_CHECK;
/* Sets the keys that `changes` names and leaves the others as they hold; NULL: as the role has it.
 * member_id may be a device's; *ret_id is its person's.
 * Of an admin only the owner and itself change anything, and nobody gives what it has not. Audited. */
struct err *permissions_set(struct req *rq, struct member *by, str member_id, const struct json *changes,
			    str *ret_id) MUST_CHECK;
/* The role changed: the new one's hold. */
void permissions_reset(struct member *member);
/* {"canInvite":true,...} */
const struct json *permissions_json(struct arena *a, unsigned permissions);
/* Persons of the mesh, by age; member_id empty: all. NOT_FOUND. */
struct err *permissions_list(struct req *rq, struct mesh *m, str member_id,
			     struct permission_entry_list *ret_list) MUST_CHECK;

/* mesh.c: into the members that are in memory. */
struct err *permissions_read(struct mesh *m, struct arena *a) MUST_CHECK;

#endif
