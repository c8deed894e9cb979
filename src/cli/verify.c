/*
 * verify.c - `verify`: numbers that two people read to each other; the same on both sides
 * only if nobody between them has put a key of his own in.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include "cli/text.h"
#include "client/confirm.h"
#include "client/keys.h"
#include "crypto/fingerprint.h"

#define VERIFY_FLAGS(F, T) \
	F(T, bool, devices, "", 0, 0, "also the keys of their connections") \
	F(T, bool, confirm, "", 0, 0, "the number is the same on both sides: trust WHO's key from now on")
CLI_FLAGS(verify, VERIFY_FLAGS);

/* A key to compare: of a member, or of one of its connections. */
struct row {
	str name, pubkey, number;
	str session_id;       /* empty: the member's own key */
	bool online, verified;
};

struct rows {
	struct row *items;
	size_t n;
};

static struct err *add(struct cli *c, struct rows *rows, const struct config_mesh_args *mesh, struct row row)
{
	for (size_t i = 0; i < rows->n; i++)
		if (str_eq_nocase(rows->items[i].pubkey, row.pubkey))
			return NULL;
	if (!safety_number(c->arena, mesh->pubkey, row.pubkey, &row.number))
		return FAIL(c->arena, REFUSED, "the broker lists '%.*s' with something that is no key",
			    STRF(row.name));
	rows->items[rows->n++] = row;
	return NULL;
}

static str stable_key(const struct peer_args *p)
{
	return str_empty(p->memberPubkey) ? p->pubkey : p->memberPubkey;
}

/* only: the member meant; empty: everybody else. */
static bool is_wanted(const struct config_mesh_args *mesh, str only, str member_pubkey)
{
	return str_empty(only) ? !str_eq_nocase(member_pubkey, mesh->pubkey) : str_eq_nocase(member_pubkey, only);
}

static struct err *collect(struct cli *c, const struct config_mesh_args *mesh, const struct peers_list_args *list,
			   str only, bool devices, struct rows *rows)
{
	rows->items = NEW_ARRAY(c->arena, struct row, list->members.n + 2 * list->peers.n + 1);
	for (size_t i = 0; i < list->members.n; i++) {
		const struct member_args *m = &list->members.items[i];

		if (is_wanted(mesh, only, m->pubkey))
			TRY(add(c, rows, mesh, (struct row){ .name = m->displayName, .pubkey = m->pubkey,
							     .online = m->online, .verified = m->verified }));
	}
	/* A reference broker lists connections only: a member is met there. */
	for (size_t i = 0; i < list->peers.n; i++) {
		const struct peer_args *p = &list->peers.items[i];

		if (!is_wanted(mesh, only, stable_key(p)))
			continue;
		TRY(add(c, rows, mesh, (struct row){ .name = p->displayName, .pubkey = stable_key(p), .online = true }));
		if (devices)
			TRY(add(c, rows, mesh, (struct row){ .name = p->displayName, .pubkey = p->pubkey,
							     .session_id = p->sessionId, .online = true }));
	}
	return NULL;
}

static void print_json(struct cli *c, const struct config_mesh_args *mesh, const struct rows *rows)
{
	struct json_out *j = out_json(&c->out);

	out_json_list(&c->out, "peers");
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->items[i];

		json_obj(j);
		json_put_str(j, "mesh", mesh->slug);
		json_put_str(j, "peer", r->name);
		json_put_str(j, "pubkey", r->pubkey);
		json_put_str(j, "safetyNumber", r->number);
		json_put_str(j, "sessionId", str_empty(r->session_id) ? STR_NONE : r->session_id);
		json_put_bool(j, "online", r->online);
		json_put_bool(j, "verified", r->verified);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
	out_json_end(&c->out);
}

static void print_rows(struct cli *c, const struct config_mesh_args *mesh, const struct rows *rows)
{
	struct output *o = &c->out;

	out_section(o, "safety numbers on %.*s", STRF(mesh->slug));
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->items[i];
		bool device = !str_empty(r->session_id);

		out_row(o);
		out_span(o, device ? TONE_PLAIN : TONE_BOLD, "%s%.*s", device ? "    a connection of " : "  ",
			 STRF(r->name));
		if (!device && !r->verified)
			out_span(o, TONE_YELLOW, " unverified");
		out_span(o, TONE_DIM, " · %.*s…", STRF(text_cut(r->pubkey, 16)));
		out_end(o);
		out_span(o, TONE_CLAY, "%s%.*s", device ? "      " : "    ", STRF(r->number));
		out_end(o);
	}
	if (rows->n == 0)
		out_info(o, "(nobody else is in this mesh)");
	out_end(o);
	out_hint(o, "read the number to each other by telephone or face to face");
	out_hint(o, "another number on the other side: somebody reads along, do not go on");
}

/* The owner's word is told to everybody, where nobody has given it yet. Keeping it to oneself is no
 * failure: of a broker that does not know how, nothing is lost. */
static struct err *tell_others(struct cli *c, const struct member_args *m, bool *ret_told)
{
	struct member_confirm_args args;
	struct mesh_keys_args keys;
	struct stay stay;
	struct err *e;

	*ret_told = false;
	TRY(stay_find(c, &stay));
	TRY(keys_load(c->arena, stay.client.paths, stay.mesh->meshId, &keys));
	if (str_empty(keys.owner_secret) || m->device.present || m->chain.present)
		return NULL;
	TRY(confirm_make(c->arena, &keys, stay.mesh->slug, m, clock_ms(&clock_real), &random_system, &args));
	TRY(stay_visit(c, &stay));
	e = visit_call(c->arena, stay.visit, "member_confirm", member_confirm_fields, &args, NULL, NULL, 0);
	visit_close(stay.visit);
	*ret_told = !e;
	return e;
}

/* From now on this machine takes the key to be that person's: it seals topic keys to it. */
static struct err *confirm(struct cli *c, const struct stay *s, const struct peers_list_args *list,
			   const struct target *who)
{
	bool told = false;
	str number;

	if (who->is_self)
		return cli_invalid(c, S("target"), "bad_format", S("that is you"), S("somebody else"));
	if (!who->listed || !safety_number(c->arena, s->mesh->pubkey, who->member_pubkey, &number))
		return FAIL(c->arena, NOT_FOUND, "nobody here has the key '%.*s'", STRF(c->args[0]));
	TRY(cli_confirm(c, "Do you both see %.*s?", STRF(number)));
	TRY(keys_confirm(c->arena, s->client.paths, s->mesh->meshId, who->member_pubkey));
	for (size_t i = 0; i < list->members.n; i++)
		if (str_eq_nocase(list->members.items[i].pubkey, who->member_pubkey))
			TRY(tell_others(c, &list->members.items[i], &told));
	out_ok(&c->out, text_cut(who->member_pubkey, 16), told ? "%.*s is who they say, and verified for everybody"
	       : "%.*s is who they say", STRF(who->name));
	if (c->out.json) {
		json_put_str(out_json(&c->out), "peer", who->name);
		json_put_str(&c->out.json_out, "pubkey", who->member_pubkey);
		json_put_bool(&c->out.json_out, "confirmed", true);
		json_put_bool(&c->out.json_out, "signed", told);
		out_json_end(&c->out);
	}
	return NULL;
}

static struct err *verify_run(struct cli *c, const void *flags)
{
	const struct verify_flags *in = flags;
	struct peers_list_args list;
	struct target who = { 0 };
	struct rows rows = { 0 };
	bool taken = false;
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = visit_peers(c->arena, stay.visit, true, &list);
	if (!e)
		e = confirm_take_root(c->arena, stay.client.paths, stay.mesh, stay.visit, &taken);
	visit_close(stay.visit);
	TRY(e);
	if (taken)
		out_info(&c->out, "the owner has confirmed your key, and sent the mesh's root key");
	if (in->confirm && !c->args_n)
		return cli_invalid(c, S("target"), "missing", S("--confirm is about one person"), S("a name or a key"));
	if (c->args_n) {
		TRY(resolve_target(c->arena, &list, stay.mesh->pubkey, c->args[0], &who));
		if (who.kind != TARGET_KEY)
			return cli_invalid(c, S("target"), "bad_format", S("a number is of one person"),
					   S("a name or a key"));
	}
	if (in->confirm)
		return confirm(c, &stay, &list, &who);
	TRY(collect(c, stay.mesh, &list, who.member_pubkey, in->devices, &rows));
	if (c->args_n && rows.n == 0)
		return FAIL(c->arena, NOT_FOUND, "nobody here has the key '%.*s'", STRF(c->args[0]));
	if (c->out.json)
		print_json(c, stay.mesh, &rows);
	else
		print_rows(c, stay.mesh, &rows);
	return NULL;
}

const struct command verify_command = {
	.name = "verify",
	.aliases = "peer verify",
	.arguments = "[WHO]",
	.group = GROUP_SECURITY,
	COMMAND_GATE(READ, "peer", "verify"),
	COMMAND_FLAGS(verify),
	.run = verify_run,
	.doc = "Shows safety numbers, to make sure that a key is a person's.",
	.more = "Both sides see the same six groups of digits if they have each other's true\n"
		"keys. With --devices also those of the single connections, as the other\n"
		"claudemesh shows them. With --confirm you say that you compared the number with\n"
		"WHO: keys of topics are sealed to them even if no invite proves who they are.\n"
		"Of the owner it is a signature: everybody sees WHO as verified from then on.",
	.fields = "mesh peer pubkey safetyNumber sessionId online verified confirmed signed",
};
