/*
 * moderation.c - kick, disconnect, ban, unban, list_bans (wire-core.md 8); leave_mesh.
 *
 * For the owner and admins, on who stands below them (rank.h): the reference let an admin ban the
 * owner, hit the caller, and banned the first of several that a target might mean (D-24). What
 * ends here ends in presence.c and remove.c like everything else, so peers are told, counters are
 * right and memory is kept (D-08).
 */
#include "proto/moderation.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/permission.h"
#include "engine/rank.h"
#include "engine/req.h"
#include "engine/target.h"
#include "engine/topic.h"
#include "json/text.h"

/* What kick and disconnect differ in. */
struct way {
	const char *ack, *done, *event; /* done: as the reference spells its refusal */
	int code;
	str reason, stale_reason;
	bool spares_daemons;
};

static const struct way kicking = { "kick_ack", "kicked", "kicked", CLOSE_KICKED, S(KICKED_TEXT), S(KICKED_TEXT), true };
static const struct way disconnecting = { "disconnect_ack", "disconnected", "disconnected", 1000, S("disconnected"),
					  S("disconnected_stale"), false };

static struct err *may_moderate(struct req *rq, const char *what)
{
	if (member_rank(rq->from->member) >= RANK_ADMIN)
		return NULL;
	return FAIL(rq->arena, FORBIDDEN, "only owner or admin can %s", what);
}

static struct err *invalid(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("invalid"));
}

/* Nobody acts on the owner, and on an admin the owner alone. */
static struct err *check_rank(struct req *rq, const struct member *on, const char *done)
{
	if (rank_reaches(rq->from->member, on))
		return NULL;
	if (member_is_owner(on))
		return FAIL(rq->arena, FORBIDDEN, "the owner cannot be %s", done);
	return FAIL(rq->arena, FORBIDDEN, "an admin can only be %s by the owner", done);
}

/* ---- kick, disconnect ---- */

struct sweep_of {
	const struct way *way;
	str reason;
	struct kick_ack_args out;
};

static struct strs names_for(struct req *rq)
{
	return (struct strs){ NEW_ARRAY(rq->arena, str, (size_t)rq->from->mesh->n_presences + 1), 0, true };
}

static void put_name(struct req *rq, struct strs *list, const struct presence *p)
{
	str name = presence_name(p);

	list->items[list->n++] = arena_dup(rq->arena, name.len ? name : str_from(p->id));
}

/* The link over which a person's daemon works for all that run on a machine; its sessions go. */
static bool is_daemon(const struct presence *p)
{
	return !p->session && str_eq(p->channel, S("claudemesh-daemon"));
}

/* Named as the reference does. */
static void log_act(struct req *rq, const char *event, const struct member *target)
{
	audit_with(target->mesh, rq->from->member, event,
		   AUDIT_FIELDS(AUDIT_TEXT("target", target->name),
				AUDIT_TEXT("targetPubkey", str_of(target->pubkey, 64))));
}

static void close_one(struct req *rq, struct sweep_of *sweep, struct presence *p)
{
	if (sweep->way->spares_daemons && is_daemon(p)) {
		put_name(rq, &sweep->out.skipped_control_plane, p);
		return;
	}
	put_name(rq, &sweep->out.kicked, p);
	/* One entry a member, however many connections it had. */
	if (p->member->stamp != rq->engine->stamp) {
		p->member->stamp = rq->engine->stamp;
		log_act(rq, sweep->way->event, p->member);
	}
	if (p->online)
		presence_close_with(p, sweep->way->code, sweep->reason);
	presence_end(p);
}

/* When something was heard of it last, as far as is known: what is connected answers heartbeats. */
static i64 heard_ms(const struct presence *p)
{
	i64 beat_ms = p->mesh->engine->now_ms - PEER_SILENT_MAX_MS;

	return p->online ? MAX(p->heard_ms, beat_ms) : p->heard_ms;
}

/* A command typed inside a session: that session is the caller, too. */
static bool is_caller(const struct presence *p, const struct presence *from)
{
	return p == from || (p->member == from->member &&
			     presence_same_session(p, from->session_id, from->hostname));
}

/* Of everybody: those that `stale_ms` (0: any) and the caller's rank let go. */
static void close_all(struct req *rq, struct sweep_of *sweep, i64 stale_ms)
{
	struct presence *p, *next;

	DL_FOREACH_SAFE(rq->from->mesh->presences, p, next) {
		if (is_caller(p, rq->from) || (stale_ms && heard_ms(p) > rq->engine->now_ms - stale_ms))
			continue;
		if (rank_reaches(rq->from->member, p->member))
			close_one(rq, sweep, p);
		else
			put_name(rq, &sweep->out.skipped_protected, p);
	}
}

static struct err *close_target(struct req *rq, struct sweep_of *sweep, str target)
{
	struct presence **items;
	size_t n, closed = 0;

	TRY(target_presences(rq, target, &items, &n));
	if (n)
		TRY(check_rank(rq, items[0]->member, sweep->way->done));
	for (size_t i = 0; i < n; i++) {
		if (items[i] == rq->from)
			continue;
		close_one(rq, sweep, items[i]);
		closed++;
	}
	if (n && !closed)
		return invalid(rq, sweep->way == &kicking ? "cannot kick yourself" : "cannot disconnect yourself");
	return NULL;
}

static struct err *close_them(struct req *rq, const struct kick_args *in, const struct way *way)
{
	struct sweep_of sweep = { .way = way, .reason = in->all || in->stale <= 0 ? way->reason : way->stale_reason,
				  .out = { .kicked = names_for(rq), .skipped_control_plane = names_for(rq),
					   .skipped_protected = names_for(rq), ._reqId = in->_reqId } };

	TRY(may_moderate(rq, way->done));
	TRY(req_may_list(rq));
	rq->engine->stamp++;
	if (in->all)
		close_all(rq, &sweep, 0);
	else if (in->stale > 0)
		close_all(rq, &sweep, in->stale);
	else if (in->target.len)
		TRY(close_target(rq, &sweep, in->target));
	sweep.out.affected = sweep.out.kicked;
	sweep.out.skipped_control_plane.present = sweep.out.skipped_control_plane.n > 0;
	sweep.out.skipped_protected.present = sweep.out.skipped_protected.n > 0;
	req_send_list(rq, way->ack, kick_ack_fields, &sweep.out);
	return NULL;
}

static struct err *kick_run(struct req *rq, const void *args)
{
	return close_them(rq, args, &kicking);
}

static struct err *disconnect_run(struct req *rq, const void *args)
{
	const struct disconnect_args *in = args;

	return close_them(rq, &(struct kick_args){ .all = in->all, .stale = in->stale, .target = in->target,
						   ._reqId = in->_reqId }, &disconnecting);
}

/* ---- bans ---- */

static str shown(struct req *rq, str target)
{
	return text_quotable(rq->arena, target, TARGET_BYTES_MAX);
}

static struct err *ban_run(struct req *rq, const void *args)
{
	const struct ban_args *in = args;
	struct member *by = rq->from->member, *person;

	TRY(may_moderate(rq, "ban"));
	TRY(change_may(rq, by));
	if (!in->target.len)
		return invalid(rq, "target required");
	if (!name_is_printable(in->reason))
		return invalid(rq, "field 'reason': no control characters");
	TRY(target_person(rq, in->target, false, &person));
	if (!person)
		return FAIL(rq->arena, NOT_FOUND, "peer \"%.*s\" not found", STRF(shown(rq, in->target)));
	if (person == member_person(by))
		return invalid(rq, "cannot ban yourself");
	TRY(check_rank(rq, person, "banned"));
	TRY(member_ban(person, by, in->reason, rq->arena));
	log_act(rq, "member_banned", person);
	req_send(rq, "ban_ack", ban_ack_fields, &(struct ban_ack_args){
		.banned = person->name, .pubkey = str_of(person->pubkey, 64), .memberId = str_from(person->id),
		._reqId = in->_reqId });
	return NULL;
}

static struct err *unban_run(struct req *rq, const void *args)
{
	const struct unban_args *in = args;
	struct member *person;

	TRY(may_moderate(rq, "unban"));
	TRY(change_may(rq, rq->from->member));
	if (!in->target.len)
		return invalid(rq, "target required");
	TRY(target_person(rq, in->target, true, &person));
	if (!person)
		return FAIL(rq->arena, NOT_FOUND, "no banned peer \"%.*s\"", STRF(shown(rq, in->target)));
	TRY(check_rank(rq, person, "unbanned"));
	member_unban(person);
	log_act(rq, "member_unbanned", person);
	req_send(rq, "unban_ack", unban_ack_fields, &(struct unban_ack_args){
		.unbanned = person->name, .pubkey = str_of(person->pubkey, 64), .memberId = str_from(person->id),
		._reqId = in->_reqId });
	return NULL;
}

static int latest_first(const void *left, const void *right)
{
	const struct member *a = *(struct member *const *)left, *b = *(struct member *const *)right;

	return a->banned_ms != b->banned_ms ? (a->banned_ms < b->banned_ms ? 1 : -1) : (a->no < b->no) - (a->no > b->no);
}

static struct err *list_bans_run(struct req *rq, const void *args)
{
	const struct list_bans_args *in = args;
	struct mesh *mesh = rq->from->mesh;
	struct member **banned = NEW_ARRAY(rq->arena, struct member *, HASH_COUNT(mesh->members) + 1), *m, *next;
	struct list_bans_result_args out = { .bans = { .present = true }, ._reqId = in->_reqId };
	size_t n = 0;

	TRY(may_moderate(rq, "list bans"));
	TRY(req_may_list(rq));
	HASH_ITER(hh, mesh->members, m, next)
		if (m->banned_ms && !m->device_of)
			banned[n++] = m;
	qsort(banned, n, sizeof(struct member *), latest_first);
	out.bans.items = NEW_ARRAY(rq->arena, struct ban_entry_args, n + 1);
	for (; out.bans.n < n; out.bans.n++) {
		const struct member *by = mesh_member_by_no(mesh, banned[out.bans.n]->banned_by);

		m = banned[out.bans.n];
		out.bans.items[out.bans.n] = (struct ban_entry_args){
			.name = m->name, .pubkey = str_of(m->pubkey, 64), .revokedAt = time_iso(rq->arena, m->banned_ms),
			.memberId = str_from(m->id), .bannedBy = by ? by->name : STR_NONE,
			.reason = m->ban_reason.len ? m->ban_reason : STR_NONE };
	}
	req_send_list(rq, "list_bans_result", list_bans_result_fields, &out);
	return NULL;
}

/* Not a ban: who left is not listed, and may be invited again. */
static struct err *leave_mesh_run(struct req *rq, const void *args UNUSED)
{
	struct member *member = rq->from->member;

	if (rq->from->session)
		return FAIL(rq->arena, FORBIDDEN, "a session may not leave the mesh; its member may");
	if (member_is_owner(member) && !member->device_of)
		return FAIL(rq->arena, FORBIDDEN, "the owner cannot leave its mesh");
	audit(member->mesh, member, "member_left", str_from(member->id));
	req_done(rq);
	return member_remove(member, rq->arena);
}

const struct op msg_moderation[] = {
	OP("kick", OP_FRAME, kick, NULL, kick_run, "kick_ack", kick_ack_fields,
	   "Closes connections of others so that they stay away until their user acts."),
	OP("disconnect", OP_FRAME, disconnect, NULL, disconnect_run, "disconnect_ack", kick_ack_fields,
	   "Closes connections of others, which come back by themselves."),
	OP("ban", OP_FRAME, ban, NULL, ban_run, "ban_ack", ban_ack_fields,
	   "Puts a member out of the mesh, with its devices, connections and API keys, until it is unbanned."),
	OP("unban", OP_FRAME, unban, NULL, unban_run, "unban_ack", unban_ack_fields,
	   "Lets a banned member in again as what it was; its API keys stay dead."),
	OP("list_bans", OP_FRAME, list_bans, NULL, list_bans_run, "list_bans_result", list_bans_result_fields,
	   "Lists the banned members, the latest first."),
	OP("leave_mesh", OP_FRAME, leave_mesh, NULL, leave_mesh_run, "ack", NULL,
	   "Ends the caller's membership, with its devices; it may be invited again."),
	{ 0 }
};
