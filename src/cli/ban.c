/*
 * ban.c - ban, unban, bans, and `peer role`: who is in the mesh, and as what.
 */
#include "cli/moderate.h"

#include "cli/commands.h"
#include "cli/text.h"
#include "client/validate.h"
#include "proto/member.h"
#include "proto/moderation.h"

#define BAN_FLAGS(F, T) \
	F(T, str, reason, "TEXT", 1, BAN_REASON_BYTES_MAX, "why, for the list of bans")
CLI_FLAGS(ban, BAN_FLAGS);

enum { KEY_SHOWN = 16 };

static struct err *ban_run(struct cli *c, const void *flags)
{
	const struct ban_flags *in = flags;
	struct ban_args args = { .reason = str_empty(in->reason) ? STR_NONE : in->reason };
	struct ban_ack_args ack;
	struct json_out *j;
	struct aim aim;
	struct err *e;

	TRY(aim_open(c, c->args[0], &aim));
	args.target = aim.target;
	e = aim_ask(&aim, "ban", ban_fields, &args, ban_ack_fields, &ack, sizeof(ack));
	if (e && e->code == ERR_NOT_FOUND && aim.is_ours)
		return cli_hint(c, aim_missed(&aim, c->args[0]), "claudemesh peers");
	TRY(e);
	if (c->out.json) {
		j = out_json(&c->out);
		json_put_str(j, "mesh", aim.wire.mesh->slug);
		json_put_str(j, "banned", ack.banned);
		json_put_opt(j, "pubkey", ack.pubkey);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "Banned %.*s from %.*s", STRF(ack.banned), STRF(aim.wire.mesh->slug));
	out_hint(&c->out, "undo: claudemesh unban %.*s", STRF(ack.banned));
	return NULL;
}

/* ---- who is banned ---- */

static struct err *ask_bans(struct wire *w, struct list_bans_result_args *ret)
{
	struct list_bans_args args = { 0 };

	return wire_call(w, w->c->arena, "list_bans", list_bans_fields, &args, list_bans_result_fields, ret, sizeof(*ret));
}

static bool is_meant(const struct ban_entry_args *b, str who)
{
	return str_eq(b->name, who) || str_eq_nocase(b->pubkey, who) ||
	       (who.len >= TARGET_PREFIX_MIN && b->pubkey.len > who.len &&
		str_eq_nocase(str_of(b->pubkey.ptr, who.len), who));
}

/* By its key: whatever the broker, the one that is meant. */
static struct err *find_ban(struct cli *c, const struct ban_entry_list *bans, str who, str *ret_pubkey)
{
	const struct ban_entry_args *found = NULL;
	size_t n = 0;
	str *matches = NEW_ARRAY(c->arena, str, bans->n + 1);

	for (size_t i = 0; i < bans->n; i++) {
		if (!is_meant(&bans->items[i], who))
			continue;
		found = &bans->items[i];
		matches[n++] = arena_printf(c->arena, "%.*s (%.*s)", STRF(found->name),
					    STRF(text_cut(found->pubkey, KEY_SHOWN)));
	}
	if (n > 1)
		return err_explain(c->arena,
				   FAIL(c->arena, AMBIGUOUS, "several banned members are called '%.*s'", STRF(who)),
				   &(struct err_tiers){ .field = S("who"), .input = who, .matches = matches,
							.matches_n = n });
	if (!found)
		return cli_hint(c, FAIL(c->arena, NOT_FOUND, "no banned peer \"%.*s\"", STRF(who)), "claudemesh bans");
	*ret_pubkey = found->pubkey;
	return NULL;
}

static struct err *unban_run(struct cli *c, const void *flags UNUSED)
{
	struct list_bans_result_args list;
	struct unban_args args = { 0 };
	struct unban_ack_args ack;
	struct json_out *j;
	struct wire w;
	struct err *e;

	TRY(wire_open(c, &w));
	e = ask_bans(&w, &list);
	if (!e)
		e = find_ban(c, &list.bans, str_trim(c->args[0]), &args.target);
	if (!e)
		e = wire_call(&w, c->arena, "unban", unban_fields, &args, unban_ack_fields, &ack, sizeof(ack));
	wire_close(&w);
	TRY(e);
	if (c->out.json) {
		j = out_json(&c->out);
		json_put_str(j, "mesh", w.mesh->slug);
		json_put_str(j, "unbanned", ack.unbanned);
		json_put_opt(j, "pubkey", ack.pubkey);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "Unbanned %.*s on %.*s", STRF(ack.unbanned), STRF(w.mesh->slug));
	out_hint(&c->out, "They come back by running claudemesh. Their old API keys stay dead.");
	return NULL;
}

static struct err *bans_run(struct cli *c, const void *flags UNUSED)
{
	struct list_bans_result_args list;
	struct wire w;
	struct err *e;

	TRY(wire_open(c, &w));
	e = ask_bans(&w, &list);
	wire_close(&w);
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "bans");
		for (size_t i = 0; i < list.bans.n; i++) {
			json_obj(j);
			json_encode(j, ban_entry_fields, &list.bans.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "bans on %.*s (%zu)", STRF(w.mesh->slug), list.bans.n);
	for (size_t i = 0; i < list.bans.n; i++) {
		const struct ban_entry_args *b = &list.bans.items[i];

		out_row(&c->out);
		out_span(&c->out, TONE_BOLD, "  %.*s", STRF(b->name));
		out_span(&c->out, TONE_DIM, "  %.*s… · banned %.*s", STRF(text_cut(b->pubkey, KEY_SHOWN)),
			 STRF(context_time(c->arena, b->revokedAt)));
		if (!str_empty(b->bannedBy))
			out_span(&c->out, TONE_DIM, " by %.*s", STRF(b->bannedBy));
		if (!str_empty(b->reason))
			out_span(&c->out, TONE_DIM, " · %.*s", STRF(b->reason));
		out_end(&c->out);
	}
	return NULL;
}

/* ---- roles ---- */

static struct err *role_run(struct cli *c, const void *flags UNUSED)
{
	struct member_update_args args = { 0 };
	struct member_updated_args now;
	struct invalid why;
	struct json_out *j;
	struct aim aim;
	struct err *e;
	int role;

	if (!valid_word(c->arena, S("role"), c->args[1], role_words, &role, &why))
		return invalid_err(c->arena, &why);
	args.role = (enum role)role;
	TRY(aim_open(c, c->args[0], &aim));
	e = aim_member(&aim, c->args[0], &args.memberId);
	if (e)
		wire_close(&aim.wire);
	TRY(e);
	TRY(aim_ask(&aim, "member_update", member_update_fields, &args, member_updated_fields, &now, sizeof(now)));
	if (c->out.json) {
		j = out_json(&c->out);
		json_put_str(j, "mesh", aim.wire.mesh->slug);
		json_put_str(j, "memberId", now.memberId);
		json_put_str(j, "displayName", now.displayName);
		json_put_str(j, "role", now.role);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "%.*s is %s on %.*s now", STRF(now.displayName),
	       args.role == ROLE_ADMIN ? "an admin" : "a member", STRF(aim.wire.mesh->slug));
	return NULL;
}

const struct command ban_command = {
	.name = "ban",
	.aliases = "peer ban",
	.arguments = "WHO",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "ban"),
	COMMAND_FLAGS(ban),
	.run = ban_run,
	.doc = "Puts a member out of the mesh, until it is unbanned.",
	.more = "Its devices, connections and API keys end at once. WHO is a member's name, its\n"
		"public key, or 8 characters of it or more. For the owner and admins; an admin is\n"
		"banned by the owner alone, the owner by nobody.",
	.fields = "mesh banned pubkey",
};

const struct command unban_command = {
	.name = "unban",
	.aliases = "peer unban",
	.arguments = "WHO",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "unban"),
	.run = unban_run,
	.doc = "Lets a banned member in again, as what it was.",
	.fields = "mesh unbanned pubkey",
};

const struct command bans_command = {
	.name = "bans",
	.aliases = "peer bans",
	.arguments = "",
	.group = GROUP_PEER,
	COMMAND_GATE(READ, "peer", "bans"),
	.run = bans_run,
	.doc = "Lists who is banned; for the owner and admins.",
	.fields = "name pubkey revokedAt memberId bannedBy reason",
};

const struct command role_command = {
	.name = "peer role",
	.arguments = "WHO admin|member",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "role"),
	.run = role_run,
	.doc = "Makes a member an admin, or an admin a member.",
	.more = "The owner does that; an admin may only step down itself.",
	.fields = "mesh memberId displayName role",
};
