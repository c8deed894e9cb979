/*
 * mesh_admin.c - renaming, archiving, deleting a mesh: for its owner, on its own connection or by the
 * account that the owner's member is of; the same calls either way.
 */
#include "proto/mesh.h"

#include "engine/account.h"
#include "engine/enrol.h"
#include "engine/mesh_close.h"
#include "engine/msg/msg.h"
#include "engine/permission.h"
#include "engine/rank.h"

static struct mesh_changed_args changed(const struct mesh *m, bool deleted)
{
	return (struct mesh_changed_args){ .id = str_from(m->id), .slug = m->slug, .name = m->name, .ok = true,
					   .deleted = deleted ? m->slug : STR_NONE };
}

static struct err *must_own(struct arena *a, const struct member *who)
{
	return member_rank(who) == RANK_OWNER ? NULL : FAIL(a, FORBIDDEN, "this is for the mesh's owner");
}

static struct err *check_name(struct arena *a, str name)
{
	if (!name.ptr || (str_trim(name).len && name_is_printable(name) && str_is_utf8(name)))
		return NULL;
	return err_word(FAIL(a, BAD_REQUEST, "name: not blank, without control characters"), S("invalid"));
}

static struct err *mesh_rename_run(struct req *rq, const void *args)
{
	const struct mesh_rename_args *in = args;
	struct mesh_changed_args out;

	TRY(must_own(rq->arena, rq->from->member));
	TRY(check_name(rq->arena, in->name));
	TRY(change_may(rq, rq->from->member));
	TRY(mesh_rename(rq->from->mesh, rq->from->member, in->name, in->slug, rq->arena));
	out = changed(rq->from->mesh, false);
	out._reqId = in->_reqId;
	req_send(rq, "mesh_changed", mesh_changed_fields, &out);
	return NULL;
}

static struct err *close_mesh(struct req *rq, str slug, bool delete, str req_id)
{
	struct mesh *m = rq->from->mesh;
	struct mesh_changed_args out = changed(m, delete);

	if (!str_eq(slug, m->slug))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "slug: this mesh is '%.*s'", STRF(m->slug)), S("invalid"));
	out._reqId = req_id;
	/* Before its connection ends with the others. */
	req_send(rq, "mesh_changed", mesh_changed_fields, &out);
	return mesh_close(m, rq->from->member, delete, rq->arena);
}

static struct err *mesh_archive_run(struct req *rq, const void *args)
{
	const struct mesh_archive_args *in = args;

	return close_mesh(rq, in->slug, false, in->_reqId);
}

static struct err *mesh_delete_run(struct req *rq, const void *args)
{
	const struct mesh_delete_args *in = args;

	return close_mesh(rq, in->slug, true, in->_reqId);
}

/* ---- by an account ---- */

static struct err *cli_mesh_rename_run(struct req *rq, const void *args)
{
	const struct cli_mesh_rename_args *in = args;
	struct mesh_changed_args out;
	struct member *me;

	TRY(account_member_of(rq, event_param(rq->event), &me));
	if (!me)
		return NULL;
	TRY(must_own(rq->arena, me));
	TRY(change_may(rq, me));
	TRY(mesh_rename(me->mesh, me, in->slug, in->slug, rq->arena));
	out = changed(me->mesh, false);
	req_answer(rq, 200, mesh_changed_fields, &out);
	return NULL;
}

static struct err *cli_close(struct req *rq, bool delete)
{
	struct mesh_changed_args out;
	struct member *me;

	TRY(account_member_of(rq, event_param(rq->event), &me));
	if (!me)
		return NULL;
	TRY(req_permit(rq, me));
	out = changed(me->mesh, delete);
	TRY(mesh_close(me->mesh, me, delete, rq->arena));
	req_answer(rq, 200, mesh_changed_fields, &out);
	return NULL;
}

static struct err *cli_mesh_delete_run(struct req *rq, const void *args UNUSED)
{
	return cli_close(rq, true);
}

static struct err *my_mesh_archive_run(struct req *rq, const void *args UNUSED)
{
	return cli_close(rq, false);
}

const struct op msg_mesh_admin[] = {
	OP("mesh_rename", OP_FRAME, mesh_rename, NULL, mesh_rename_run, "mesh_changed error", mesh_changed_fields,
	   "Gives the mesh another name or slug; for its owner."),
	OP_FOR(PERM_DELETE_MESH, "mesh_archive", OP_FRAME, mesh_archive, NULL, mesh_archive_run, "mesh_changed error",
	   mesh_changed_fields, "Closes the mesh: everybody is cut off, keys and invites are dead. Its operator can open it again."),
	OP_FOR(PERM_DELETE_MESH, "mesh_delete", OP_FRAME, mesh_delete, NULL, mesh_delete_run, "mesh_changed error",
	   mesh_changed_fields, "Closes the mesh and deletes what is in it, for good."),
	OP("cli_mesh_rename", OP_CALL | OP_ACCOUNT, cli_mesh_rename, NULL, cli_mesh_rename_run, "", mesh_changed_fields,
	   "Gives the account's mesh another slug, which is its name, too."),
	OP_FOR(PERM_DELETE_MESH, "cli_mesh_delete", OP_CALL | OP_ACCOUNT, cli_mesh_none, NULL, cli_mesh_delete_run, "",
	   mesh_changed_fields, "Deletes the account's mesh."),
	OP_FOR(PERM_DELETE_MESH, "my_mesh_archive", OP_CALL | OP_ACCOUNT, cli_mesh_none, NULL, my_mesh_archive_run, "",
	   mesh_changed_fields, "Archives the account's mesh."),
	{ 0 }
};
