/*
 * permission.c - `peer permissions`, `peer permit`, `peer forbid`: what the mesh lets its members do
 * (wire-core.md 11). For who manages it; the broker decides who that is.
 */
#include "cli/commands.h"
#include "cli/moderate.h"

#include "client/validate.h"
#include "proto/permission.h"

/* "as its role" instead of permissions. */
#define DEFAULT_WORD "default"

static bool holds(const struct permission_entry_args *e, const char *word)
{
	return json_get_bool(e->permissions, str_from(word));
}

static void entry_print(struct cli *c, const struct permission_entry_args *e)
{
	struct output *o = &c->out;
	size_t n = 0;

	out_row(o);
	out_span(o, TONE_BOLD, "  %.*s", STRF(e->displayName));
	out_span(o, TONE_DIM, "  %.*s%s", STRF(e->role), e->explicit ? ", set for it" : "");
	out_end(o);
	out_row(o);
	for (unsigned i = 0; permission_words[i]; i++)
		if (holds(e, permission_words[i]))
			out_span(o, TONE_PLAIN, "%s%s", n++ ? ", " : "    ", permission_words[i]);
	if (!n)
		out_span(o, TONE_RED, "    nothing");
	out_end(o);
}

static void list_print(struct cli *c, const struct aim *aim, const struct permissions_args *list)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "members");
		for (size_t i = 0; i < list->members.n; i++) {
			json_obj(j);
			json_encode(j, permission_entry_fields, &list->members.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return;
	}
	out_section(&c->out, "permissions on %.*s", STRF(aim->wire.mesh->slug));
	for (size_t i = 0; i < list->members.n; i++)
		entry_print(c, &list->members.items[i]);
}

/* The aim, and the member meant, if there is one. */
static struct err *open_at(struct cli *c, str who, struct aim *aim, str *ret_id)
{
	struct err *e = NULL;

	*ret_id = STR_NONE;
	TRY(aim_open(c, who, aim));
	if (!str_empty(who))
		e = aim_member(aim, who, ret_id);
	if (e)
		wire_close(&aim->wire);
	return e;
}

static struct err *list_run(struct cli *c, const void *flags UNUSED)
{
	struct permissions_get_args args = { 0 };
	struct permissions_args list;
	struct aim aim;

	TRY(open_at(c, c->args[0], &aim, &args.memberId));
	TRY(aim_ask(&aim, "permissions_get", permissions_get_fields, &args, permissions_fields, &list, sizeof(list)));
	list_print(c, &aim, &list);
	return NULL;
}

/* "canSend canInvite" as an object; NULL for the default. */
static struct err *take_changes(struct cli *c, str text, bool allowed, const struct json **ret_changes)
{
	CLEANUP(buf_done) struct buf b = buf_make(4096);
	struct json_out o = json_out(&b);
	const char *words[ARRAY_LEN(permission_words) + 1] = { "" };
	unsigned named = 0;
	struct invalid why;
	str word;

	memcpy(words + 1, permission_words, sizeof(permission_words));
	*ret_changes = NULL;
	if (allowed && str_eq(str_trim(text), S(DEFAULT_WORD)))
		return NULL;
	for (text = str_trim(text); str_cut(&text, ' ', &word);) {
		str rest = word, part;
		int found;

		while (str_cut(&rest, ',', &part)) {
			if (str_empty(str_trim(part)))
				continue;
			if (!valid_word(c->arena, S("permission"), str_trim(part), words, &found, &why))
				return invalid_err(c->arena, &why);
			named |= 1u << (found - 1);
		}
	}
	if (!named)
		return cli_invalid(c, S("permission"), "missing", S("no permission is named"), S("canSend, canInvite, ..."));
	json_obj(&o);
	for (unsigned i = 0; permission_words[i]; i++)
		if (named & 1u << i)
			json_put_bool(&o, permission_words[i], allowed);
	json_obj_end(&o);
	return json_parse(c->arena, arena_dup(c->arena, buf_str(&b)), ret_changes);
}

static struct err *change(struct cli *c, bool allowed)
{
	struct permissions_set_args args = { 0 };
	struct permissions_args list;
	struct aim aim;

	TRY(take_changes(c, c->args[1], allowed, &args.permissions));
	TRY(open_at(c, c->args[0], &aim, &args.memberId));
	TRY(aim_ask(&aim, "permissions_set", permissions_set_fields, &args, permissions_fields, &list, sizeof(list)));
	if (list.members.n)
		out_ok(&c->out, STR_NONE, "%.*s may on %.*s now:", STRF(list.members.items[0].displayName),
		       STRF(aim.wire.mesh->slug));
	if (c->out.json)
		list_print(c, &aim, &list);
	else if (list.members.n)
		entry_print(c, &list.members.items[0]);
	return NULL;
}

static struct err *permit_run(struct cli *c, const void *flags UNUSED)
{
	return change(c, true);
}

static struct err *forbid_run(struct cli *c, const void *flags UNUSED)
{
	return change(c, false);
}

#define LISTED_FIELDS "memberId displayName role isOwner explicit permissions"

const struct command permissions_command = {
	.name = "peer permissions",
	.arguments = "[WHO]",
	.group = GROUP_PEER,
	COMMAND_GATE(READ, "peer", "permissions"),
	.run = list_run,
	.doc = "Shows what members may do in the mesh; for who manages it.",
	.fields = LISTED_FIELDS,
};

const struct command permit_command = {
	.name = "peer permit",
	.arguments = "WHO PERMISSION...",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "permit"),
	.run = permit_run,
	.doc = "Lets a member do more in the mesh than its role.",
	.more = "PERMISSION is one or more of canInvite, canDeployMcp, canManageFiles, canManageVault,\n"
		"canManageWatches, canManageWebhooks, canWriteState, canSend, canUseTools,\n"
		"canDeleteMesh, canManagePermissions, as far as you have it yourself; or the word\n"
		"default: what its role may, and nothing else.",
	.fields = LISTED_FIELDS,
};

const struct command forbid_command = {
	.name = "peer forbid",
	.arguments = "WHO PERMISSION...",
	.group = GROUP_PEER,
	COMMAND_GATE(WRITE, "peer", "forbid"),
	.run = forbid_run,
	.doc = "Lets a member do less in the mesh than its role.",
	.more = "It is told so when it tries. claudemesh peer permit WHO default undoes it. What a\n"
		"member may do to you alone is said by grant, revoke and block.",
	.fields = LISTED_FIELDS,
};
