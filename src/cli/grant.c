/*
 * grant.c - `grant`, `revoke`, `block`, `unblock`, `grants`: what others may do to us (wire-core.md 9).
 * The broker keeps it; entries are for the member's key, so that they hold for all of its sessions.
 */
#include "cli/commands.h"
#include "cli/wire.h"

#include "cli/text.h"
#include "client/resolve.h"
#include "client/validate.h"
#include "proto/grant.h"

enum { KEY_SHOWN = 16 };

enum act { ACT_GRANT, ACT_REVOKE, ACT_BLOCK, ACT_UNBLOCK };

/* "dm, broadcast"; "(blocked)" of none. */
static str shown(struct arena *a, unsigned caps)
{
	str out = STR_NONE;

	for (unsigned i = 0; grant_words[i]; i++)
		if (caps & 1u << i)
			out = arena_printf(a, "%.*s%s%s", STRF(out), out.len ? ", " : "", grant_words[i]);
	return out.len ? out : S("(blocked)");
}

/* Words that a later broker may have and we do not know are left out. */
static unsigned caps_of(const struct json *list)
{
	unsigned caps = 0;

	for (const struct json *word = list->type == JSON_ARR ? list->first : NULL; word; word = word->next)
		for (unsigned i = 0; grant_words[i]; i++)
			if (str_eq(word->s, str_from(grant_words[i])))
				caps |= 1u << i;
	return caps;
}

/* "dm broadcast", "dm,broadcast" or "all". */
static struct err *take_caps(struct cli *c, str text, unsigned *ret_caps)
{
	const char *words[ARRAY_LEN(grant_words) + 2] = { "", "all" };
	struct invalid why;
	str word;

	memcpy(words + 2, grant_words, sizeof(grant_words));
	*ret_caps = 0;
	for (text = str_trim(text); str_cut(&text, ' ', &word);) {
		str rest = word, part;

		while (str_cut(&rest, ',', &part)) {
			int found;

			part = str_trim(part);
			if (str_empty(part))
				continue;
			if (!valid_word(c->arena, S("cap"), part, words, &found, &why))
				return invalid_err(c->arena, &why);
			*ret_caps |= found == 1 ? (unsigned)GRANT_ALL : 1u << (found - 2);
		}
	}
	return *ret_caps ? NULL
			 : cli_invalid(c, S("cap"), "missing", S("no capability is named"),
				       S("read, dm, broadcast, state-read, state-write, file-read or all"));
}

/* The reference's broker lists no members, and does not answer a verb that it does not know. */
static struct err *is_ours(struct cli *c, const struct peers_list_args *list)
{
	if (list->members.n)
		return NULL;
	return cli_hint(c, FAIL(c->arena, NOT_SUPPORTED, "this broker takes no grants from here"),
			"the reference keeps them for accounts: its own claudemesh sets them when signed in");
}

/* Whose key it is; somebody who is not listed any more is meant by the whole key. */
static struct err *find(struct cli *c, str who, struct target *ret_who)
{
	struct company co;

	TRY(warm_company(c, &co));
	TRY(is_ours(c, &co.list));
	/* The same one, if several were to choose from. */
	c->global.mesh = co.mesh->slug;
	TRY(resolve_target(c->arena, &co.list, co.mesh->pubkey, who, ret_who));
	if (ret_who->kind != TARGET_KEY)
		return cli_invalid(c, S("target"), "bad_format", S("a grant is for one person"), S("a name or a key"));
	if (ret_who->is_self)
		return cli_invalid(c, S("target"), "bad_format", S("that is you"), S("somebody else"));
	if (str_empty(ret_who->member_pubkey))
		ret_who->member_pubkey = ret_who->spec;
	if (str_empty(ret_who->name))
		ret_who->name = text_cut(ret_who->member_pubkey, KEY_SHOWN);
	return NULL;
}

static struct err *get(struct wire *w, struct grants_args *ret)
{
	return wire_call(w, w->c->arena, "grants_get", grants_get_fields, &(struct grants_get_args){ 0 },
			 grants_fields, ret, sizeof(*ret));
}

static struct err *put(struct wire *w, str key, enum act act, unsigned caps, struct grants_args *ret)
{
	struct arena *a = w->c->arena;
	CLEANUP(buf_done) struct buf b = buf_make(1024);
	struct json_out o = json_out(&b);
	struct grants_set_args args;

	json_obj(&o);
	json_key(&o, key);
	if (act == ACT_UNBLOCK) {
		json_null(&o);
	} else {
		json_arr(&o);
		for (unsigned i = 0; grant_words[i]; i++)
			if (caps & 1u << i)
				json_str(&o, str_from(grant_words[i]));
		json_arr_end(&o);
	}
	json_obj_end(&o);
	TRY(json_parse(a, arena_dup(a, buf_str(&b)), &args.grants));
	args._reqId = STR_NONE;
	return wire_call(w, a, "grants_set", grants_set_fields, &args, grants_fields, ret, sizeof(*ret));
}

/* What the key may do now: its entry, or the default. */
static unsigned present(const struct grants_args *grants, str key)
{
	const struct json *entry = json_get(grants->grants, key);

	return entry ? caps_of(entry) : (unsigned)GRANT_DEFAULT;
}

static void print(struct cli *c, const struct wire *w, const struct target *who, enum act act, unsigned asked,
		  unsigned now)
{
	struct output *o = &c->out;
	str name = who->name, slug = w->mesh->slug;
	struct kv pairs[] = { { "now", shown(c->arena, now) } };

	if (c->out.json) {
		json_put_str(out_json(o), "mesh", slug);
		json_put_str(&o->json_out, "peer", name);
		json_put_str(&o->json_out, "pubkey", who->member_pubkey);
		json_key(&o->json_out, S("capabilities"));
		json_arr(&o->json_out);
		for (unsigned i = 0; grant_words[i]; i++)
			if (now & 1u << i)
				json_str(&o->json_out, str_from(grant_words[i]));
		json_arr_end(&o->json_out);
		out_json_end(o);
		return;
	}
	switch (act) {
	case ACT_GRANT:
		out_ok(o, STR_NONE, "Granted %.*s to %.*s on %.*s.", STRF(shown(c->arena, asked)), STRF(name), STRF(slug));
		break;
	case ACT_REVOKE:
		out_ok(o, STR_NONE, "Revoked %.*s from %.*s on %.*s.", STRF(shown(c->arena, asked)), STRF(name), STRF(slug));
		break;
	case ACT_BLOCK:
		out_ok(o, STR_NONE, "Blocked %.*s on %.*s.", STRF(name), STRF(slug));
		out_hint(o, "they are not told; what they send ends unread");
		out_hint(o, "undo: claudemesh unblock %.*s", STRF(name));
		return;
	case ACT_UNBLOCK:
		out_ok(o, STR_NONE, "Unblocked %.*s on %.*s.", STRF(name), STRF(slug));
		out_hint(o, "what was kept from you meanwhile does not come any more");
		break;
	}
	out_kv(o, pairs, ARRAY_LEN(pairs));
}

static struct err *change(struct cli *c, enum act act, unsigned asked)
{
	struct grants_args grants;
	struct target who;
	struct wire w;
	struct err *e;
	unsigned caps;

	TRY(find(c, c->args[0], &who));
	TRY(wire_open(c, &w));
	e = get(&w, &grants);
	if (!e) {
		caps = present(&grants, who.member_pubkey);
		caps = act == ACT_GRANT ? caps | asked : act == ACT_REVOKE ? caps & ~asked : 0;
		e = put(&w, who.member_pubkey, act, caps, &grants);
	}
	wire_close(&w);
	TRY(e);
	print(c, &w, &who, act, asked, present(&grants, who.member_pubkey));
	return NULL;
}

static struct err *grant_run(struct cli *c, const void *flags UNUSED)
{
	unsigned caps;

	TRY(take_caps(c, c->args[1], &caps));
	return change(c, ACT_GRANT, caps);
}

static struct err *revoke_run(struct cli *c, const void *flags UNUSED)
{
	unsigned caps;

	TRY(take_caps(c, c->args[1], &caps));
	return change(c, ACT_REVOKE, caps);
}

static struct err *block_run(struct cli *c, const void *flags UNUSED)
{
	return change(c, ACT_BLOCK, 0);
}

static struct err *unblock_run(struct cli *c, const void *flags UNUSED)
{
	return change(c, ACT_UNBLOCK, 0);
}

/* ---- the list ---- */

static str name_of(const struct peers_list_args *list, str key)
{
	for (size_t i = 0; i < list->members.n; i++)
		if (str_eq(list->members.items[i].pubkey, key))
			return list->members.items[i].displayName;
	for (size_t i = 0; i < list->peers.n; i++)
		if (str_eq(list->peers.items[i].pubkey, key))
			return list->peers.items[i].displayName;
	return text_cut(key, KEY_SHOWN);
}

static void dropped_json(struct cli *c, const struct grants_args *grants)
{
	struct json_out *j = out_json(&c->out);

	json_key(j, S("dropped"));
	json_arr(j);
	for (size_t i = 0; i < grants->dropped.n; i++) {
		json_obj(j);
		json_encode(j, grants_dropped_fields, &grants->dropped.items[i]);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void list_json(struct cli *c, const struct wire *w, const struct grants_args *grants)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "mesh", w->mesh->slug);
	json_key(j, S("grants"));
	json_value(j, grants->grants);
	dropped_json(c, grants);
	out_json_end(&c->out);
}

static void list_print(struct cli *c, const struct wire *w, const struct grants_args *grants,
		       const struct peers_list_args *list)
{
	struct output *o = &c->out;

	out_section(o, "grants on %.*s", STRF(w->mesh->slug));
	for (const struct json *entry = grants->grants->first; entry; entry = entry->next) {
		unsigned caps = caps_of(entry);

		out_row(o);
		out_span(o, TONE_BOLD, "  %.*s", STRF(name_of(list, entry->key)));
		out_span(o, caps ? TONE_PLAIN : TONE_RED, "  %.*s", STRF(shown(c->arena, caps)));
		out_end(o);
		for (size_t i = 0; i < grants->dropped.n; i++) {
			const struct grants_dropped_args *d = &grants->dropped.items[i];

			if (!str_eq(d->pubkey, entry->key))
				continue;
			out_row(o);
			out_span(o, TONE_DIM, "    %lld kept from you for want of %.*s, last %.*s", (long long)d->count,
				 STRF(d->capability), STRF(context_time(c->arena, d->lastAt)));
			out_end(o);
		}
	}
	if (!grants->grants->first)
		out_info(o, "everybody may: %.*s", STRF(shown(c->arena, GRANT_DEFAULT)));
}

static struct err *list_run(struct cli *c, const void *flags UNUSED)
{
	struct peers_list_args list = { 0 };
	struct grants_args grants;
	struct wire w;
	struct err *e;

	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "list_peers", list_peers_fields, &(struct list_peers_args){ .members = true },
		      peers_list_fields, &list, sizeof(list));
	if (!e)
		e = is_ours(c, &list);
	if (!e)
		e = get(&w, &grants);
	wire_close(&w);
	TRY(e);
	if (c->out.json)
		list_json(c, &w, &grants);
	else
		list_print(c, &w, &grants, &list);
	return NULL;
}

#define CHANGED_FIELDS "mesh peer pubkey capabilities"

const struct command grant_command = {
	.name = "grant",
	.arguments = "WHO CAP...",
	.group = GROUP_SECURITY,
	COMMAND_GATE(WRITE, "grant", "grant"),
	.run = grant_run,
	.doc = "Lets somebody do more to you than others may.",
	.more = "CAP is one or more of read, dm, broadcast, state-read, state-write, file-read, or all.\n"
		"Everybody may read, dm, broadcast and state-read. The broker keeps it, for all your\n"
		"sessions and all of theirs.",
	.fields = CHANGED_FIELDS,
};

const struct command revoke_command = {
	.name = "revoke",
	.arguments = "WHO CAP...",
	.group = GROUP_SECURITY,
	COMMAND_GATE(WRITE, "grant", "revoke"),
	.run = revoke_run,
	.doc = "Lets somebody do less to you.",
	.more = "Without dm their messages to you, without broadcast those to groups, to all and to\n"
		"topics do not reach you. They are not told, and cannot find out: what they send\n"
		"looks like a message that nobody reads.",
	.fields = CHANGED_FIELDS,
};

const struct command block_command = {
	.name = "block",
	.arguments = "WHO",
	.group = GROUP_SECURITY,
	COMMAND_GATE(WRITE, "grant", "block"),
	.run = block_run,
	.doc = "Lets nothing of somebody reach you.",
	.more = "Also what waits already. They are not told, and cannot find out: what they send looks\n"
		"like a message that nobody reads. What they posted is still in the history of topics.",
	.fields = CHANGED_FIELDS,
};

const struct command unblock_command = {
	.name = "unblock",
	.arguments = "WHO",
	.group = GROUP_SECURITY,
	COMMAND_GATE(WRITE, "grant", "unblock"),
	.run = unblock_run,
	.doc = "Lets somebody do what everybody may, again.",
	.more = "What was kept from you meanwhile does not come any more.",
	.fields = CHANGED_FIELDS,
};

const struct command grants_command = {
	.name = "grants",
	.arguments = "",
	.group = GROUP_SECURITY,
	COMMAND_GATE(READ, "grant", "list"),
	.run = list_run,
	.doc = "Shows who may do what to you, and what was kept from you for that.",
	.fields = "mesh grants dropped",
};
