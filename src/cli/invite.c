/*
 * invite.c - `invite list`, `invite revoke`: the invites of a mesh, for who may invite.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include <inttypes.h>

#include "proto/invite.h"

#define INVITE_LIST_FLAGS(F, T) \
	F(T, bool, all, "", 0, 0, "those that have ended, too")
CLI_FLAGS(invite_list, INVITE_LIST_FLAGS);

static struct err *ask(struct cli *c, const char *type, const struct json_field *fields, const void *args,
		       const struct json_field *reply_fields, void *ret_reply, size_t reply_size,
		       const struct config_mesh_args **ret_mesh)
{
	struct stay *stay = NEW(c->arena, struct stay);
	struct err *e;

	TRY(stay_open(c, stay));
	e = visit_call(c->arena, stay->visit, type, fields, args, reply_fields, ret_reply, reply_size);
	visit_close(stay->visit);
	*ret_mesh = stay->mesh;
	return e;
}

static enum tone tone_of(str state)
{
	return str_eq(state, S("live")) ? TONE_GREEN : str_eq(state, S("revoked")) ? TONE_RED : TONE_YELLOW;
}

static void print_invite(struct cli *c, const struct invite_entry_args *i)
{
	struct output *o = &c->out;

	out_row(o);
	out_span(o, TONE_BOLD, "  %.*s", STRF(i->code));
	out_span(o, tone_of(i->state), " %.*s", STRF(i->state));
	out_span(o, TONE_DIM, " · %.*s · used %" PRId64 " of %" PRId64 " · until %.*s", STRF(i->role), i->uses,
		 i->max_uses, STRF(context_time(c->arena, i->expires_at)));
	out_end(o);
	if (str_empty(i->email) && str_empty(i->made_by))
		return;
	out_row(o);
	out_span(o, TONE_DIM, "   ");
	if (!str_empty(i->email))
		out_span(o, TONE_DIM, " to %.*s (%s)", STRF(i->email),
			 str_empty(i->mail) ? "not mailed" : str_eq(i->mail, S("sent")) ? "mailed"
			 : str_eq(i->mail, S("failed")) ? "could not be mailed" : "being mailed");
	if (!str_empty(i->made_by))
		out_span(o, TONE_DIM, " by %.*s", STRF(i->made_by));
	out_end(o);
}

static struct err *list_run(struct cli *c, const void *flags)
{
	const struct invite_list_flags *in = flags;
	struct invite_list_args args = { .all = in->all };
	const struct config_mesh_args *mesh;
	struct invites_args list;

	TRY(ask(c, "invite_list", invite_list_fields, &args, invites_fields, &list, sizeof(list), &mesh));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "invites");
		for (size_t i = 0; i < list.invites.n; i++) {
			json_obj(j);
			json_encode(j, invite_entry_fields, &list.invites.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "invites to %.*s (%zu)", STRF(mesh->slug), list.invites.n);
	for (size_t i = 0; i < list.invites.n; i++)
		print_invite(c, &list.invites.items[i]);
	if (!list.invites.n)
		out_hint(&c->out, "claudemesh share makes one");
	return NULL;
}

/* A code or an id, or the link that it stands in. */
static str invite_name(str text)
{
	ptrdiff_t hash = str_index(text, '#');

	if (hash >= 0)
		text.len = (size_t)hash;
	for (ptrdiff_t slash; (slash = str_index(text, '/')) >= 0;)
		text = str_skip(text, (size_t)slash + 1);
	return text;
}

static struct err *revoke_run(struct cli *c, const void *flags UNUSED)
{
	struct invite_revoke_args args = { .invite = invite_name(str_trim(c->args[0])) };
	const struct config_mesh_args *mesh;
	struct invite_revoked_args done;
	struct err *e;

	if (str_empty(args.invite) || args.invite.len > 64)
		return cli_invalid(c, S("invite"), "bad_format", S("that is no invite's code"), S("a code, an id or a link"));
	e = ask(c, "invite_revoke", invite_revoke_fields, &args, invite_revoked_fields, &done, sizeof(done), &mesh);
	if (e && e->code == ERR_NOT_FOUND)
		return cli_hint(c, e, "claudemesh invite list --all");
	TRY(e);
	if (c->out.json) {
		json_put_str(out_json(&c->out), "revoked", done.id);
		json_put_str(&c->out.json_out, "code", done.code);
		json_put_str(&c->out.json_out, "revoked_at", done.revoked_at);
		json_put_int(&c->out.json_out, "uses", done.uses);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, done.code, "nobody can join %.*s by it any more", STRF(mesh->slug));
	if (done.uses)
		out_hint(&c->out, "%" PRId64 " joined by it and stay: claudemesh peers", done.uses);
	return NULL;
}

const struct command invite_list_command = {
	.name = "invite list",
	.aliases = "invites",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_GATE(READ, "mesh", "invites"),
	COMMAND_FLAGS(invite_list),
	.run = list_run,
	.doc = "Lists the invites of a mesh, and what became of their mails.",
	.fields = "id code url state role max_uses uses created_at expires_at used_at proves made_by email mail",
};

const struct command invite_revoke_command = {
	.name = "invite revoke",
	.arguments = "INVITE",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "uninvite"),
	.run = revoke_run,
	.doc = "Ends an invite; who joined by it stays.",
	.fields = "revoked code revoked_at uses",
};
