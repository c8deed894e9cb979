/*
 * moderate.c - kick and disconnect: connections of others end, for good or for a moment.
 */
#include "cli/moderate.h"

#include <inttypes.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "client/resolve.h"
#include "client/validate.h"
#include "proto/moderation.h"

#define KICK_FLAGS(F, T) \
	F(T, str, stale, "TIME", 1, 16, "those of whom nothing was heard for so long: 30m, 90s, 2h") \
	F(T, bool, all, "", 0, 0, "everybody but you")
CLI_FLAGS(kick, KICK_FLAGS);

enum { NAMES_SHOWN = 20 };

struct err *aim_missed(struct aim *m, str who)
{
	struct target found;
	struct err *e = resolve_target(m->wire.c->arena, &m->list, m->wire.mesh->pubkey, who, &found);

	return e ? e
		 : FAIL(m->wire.c->arena, NOT_FOUND, "nobody there is called '%.*s'; there is '%.*s'", STRF(who),
			STRF(found.name));
}

struct err *aim_open(struct cli *c, str who, struct aim *ret)
{
	struct list_peers_args ask = { .members = true };
	struct target target;
	struct err *e;

	*ret = (struct aim){ .target = str_trim(who) };
	TRY(wire_open(c, &ret->wire));
	if (str_empty(who))
		return NULL;
	e = wire_call(&ret->wire, c->arena, "list_peers", list_peers_fields, &ask, peers_list_fields, &ret->list,
		      sizeof(ret->list));
	ret->is_ours = !e && ret->list.members.present;
	if (!e && !ret->is_ours) {
		e = resolve_target(c->arena, &ret->list, ret->wire.mesh->pubkey, ret->target, &target);
		if (!e && target.kind != TARGET_KEY)
			e = FAIL(c->arena, BAD_REQUEST, "'%.*s' is nobody", STRF(who));
		if (!e)
			ret->target = str_empty(target.member_pubkey) ? target.spec : target.member_pubkey;
	}
	if (e)
		wire_close(&ret->wire);
	return e;
}

struct err *aim_member(const struct aim *m, str who, str *ret_id)
{
	struct arena *a = m->wire.c->arena;
	struct target target;

	if (!m->is_ours)
		return FAIL(a, NOT_SUPPORTED, "this broker does not say who its members are: nothing of theirs is changed from here");
	TRY(resolve_target(a, &m->list, m->wire.mesh->pubkey, who, &target));
	for (size_t i = 0; i < m->list.members.n; i++) {
		if (!str_eq(m->list.members.items[i].pubkey, target.member_pubkey))
			continue;
		*ret_id = m->list.members.items[i].memberId;
		return NULL;
	}
	return FAIL(a, NOT_FOUND, "no member of the mesh is called '%.*s'", STRF(who));
}

struct err *aim_ask(struct aim *m, const char *type, const struct json_field *fields, const void *args,
		    const struct json_field *reply_fields, void *ret, size_t size)
{
	struct err *e = wire_call(&m->wire, m->wire.c->arena, type, fields, args, reply_fields, ret, size);

	wire_close(&m->wire);
	return e;
}

/* ---- kick, disconnect ---- */

struct manner {
	const char *type, *done, *after;
};

static const struct manner kicking = { "kick", "Kicked", "They can rejoin anytime by running claudemesh." };
static const struct manner disconnecting = { "disconnect", "Disconnected",
					     "They will auto-reconnect within seconds." };

static struct err *read_args(struct cli *c, const struct kick_flags *in, struct kick_args *args)
{
	int given = (c->args_n > 0) + (in->stale.len > 0) + in->all;

	if (given != 1)
		return cli_invalid(c, S("who"), given ? "too_many" : "missing",
				   given ? S("a peer, --stale and --all exclude each other") : S("nobody is named"),
				   S("a name or key, --stale 30m, or --all"));
	args->all = in->all;
	if (in->stale.len && (!time_from_duration(in->stale, &args->stale) || args->stale <= 0))
		return cli_invalid(c, S("stale"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no time", STRF(in->stale)), S("90s, 30m or 2h"));
	return NULL;
}

static str names_of(struct arena *a, const struct strs *list)
{
	str out = STR_NONE;

	for (size_t i = 0; i < MIN(list->n, (size_t)NAMES_SHOWN); i++)
		out = arena_printf(a, "%.*s%s%.*s", STRF(out), i ? ", " : "", STRF(list->items[i]));
	if (list->n > NAMES_SHOWN)
		out = arena_printf(a, "%.*s and %zu more", STRF(out), list->n - NAMES_SHOWN);
	return out;
}

static void print(struct cli *c, const struct manner *how, const struct kick_ack_args *ack)
{
	const struct strs *hit = ack->affected.n ? &ack->affected : &ack->kicked;
	struct output *o = &c->out;

	if (hit->n) {
		out_ok(o, STR_NONE, "%s %zu peer%s: %.*s", how->done, hit->n, hit->n == 1 ? "" : "s",
		       STRF(names_of(c->arena, hit)));
		out_hint(o, "%s", how->after);
	} else {
		out_info(o, "No peers matched.");
	}
	if (ack->skipped_control_plane.n)
		out_warn(o, S("they serve all sessions of a machine: its user ends one with 'claudemesh daemon down', "
			      "'claudemesh ban' keeps the member out"),
			 "not kicked, links of daemons: %.*s", STRF(names_of(c->arena, &ack->skipped_control_plane)));
	if (ack->skipped_protected.n)
		out_warn(o, S("nobody acts on the owner, and on an admin the owner alone"), "left alone: %.*s",
			 STRF(names_of(c->arena, &ack->skipped_protected)));
}

static void put_names(struct json_out *j, const char *key, const struct strs *list)
{
	json_key(j, str_from(key));
	json_arr(j);
	for (size_t i = 0; i < list->n; i++)
		json_str(j, list->items[i]);
	json_arr_end(j);
}

static struct err *end_them(struct cli *c, const struct kick_flags *in, const struct manner *how)
{
	struct kick_args args = { 0 };
	struct kick_ack_args ack;
	struct json_out *j;
	struct aim aim;

	TRY(read_args(c, in, &args));
	TRY(aim_open(c, c->args[0], &aim));
	args.target = aim.target.len ? aim.target : STR_NONE;
	TRY(aim_ask(&aim, how->type, kick_fields, &args, kick_ack_fields, &ack, sizeof(ack)));
	if (args.target.len && !ack.kicked.n && !ack.affected.n && !ack.skipped_control_plane.n)
		return cli_hint(c, aim_missed(&aim, c->args[0]), "claudemesh peers --all");
	if (!c->out.json) {
		print(c, how, &ack);
		return NULL;
	}
	j = out_json(&c->out);
	json_put_str(j, "mesh", aim.wire.mesh->slug);
	put_names(j, "affected", ack.affected.n ? &ack.affected : &ack.kicked);
	put_names(j, "skipped_control_plane", &ack.skipped_control_plane);
	put_names(j, "skipped_protected", &ack.skipped_protected);
	out_json_end(&c->out);
	return NULL;
}

static struct err *kick_run(struct cli *c, const void *flags)
{
	return end_them(c, flags, &kicking);
}

static struct err *disconnect_run(struct cli *c, const void *flags)
{
	return end_them(c, flags, &disconnecting);
}

#define WHO_IS_MEANT "WHO is a name as in 'claudemesh peers', a public key, or 8 characters of one or\n" \
	"more. What may mean two people hits neither. For the owner and admins; on an admin\n" \
	"the owner alone acts, and nobody on the owner."

const struct command kick_command = {
	.name = "kick",
	.aliases = "peer kick",
	.arguments = "[WHO]",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "kick"),
	COMMAND_FLAGS(kick),
	.run = kick_run,
	.doc = "Ends connections of others until they run claudemesh again.",
	.more = WHO_IS_MEANT,
	.fields = "mesh affected skipped_control_plane skipped_protected",
};

const struct command disconnect_command = {
	.name = "disconnect",
	.aliases = "peer disconnect",
	.arguments = "[WHO]",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "disconnect"),
	COMMAND_FLAGS(kick),
	.run = disconnect_run,
	.doc = "Ends connections of others, which come back by themselves.",
	.more = WHO_IS_MEANT,
	.fields = "mesh affected skipped_control_plane skipped_protected",
};
