/*
 * profile.c - `profile` and `profile set`: what others see of us beside the name.
 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

#define PROFILE_SET_FLAGS(F, T) \
	F(T, str, avatar, "TEXT", 0, AVATAR_BYTES_MAX, "an emoji or an address; '' clears it") \
	F(T, str, title, "TEXT", 0, NAME_BYTES_MAX, "what you are; '' clears it") \
	F(T, str, bio, "TEXT", 0, BIO_BYTES_MAX, "a few words; '' clears it") \
	F(T, str, capabilities, "A,B", 0, 4096, "what you can do, separated by commas")
CLI_FLAGS(profile_set, PROFILE_SET_FLAGS);

/* Our row: of the session that we are, of another one of ours if there is one, else of a
 * connection that runs commands. */
static const struct peer_args *own_row(const struct company *co)
{
	const struct peer_args *found = NULL;

	for (size_t i = 0; i < co->list.peers.n; i++) {
		const struct peer_args *p = &co->list.peers.items[i];

		if (!str_eq_nocase(p->memberPubkey, co->mesh->pubkey))
			continue;
		if (!str_empty(co->session) && str_eq_nocase(p->pubkey, co->session))
			return p;
		if (!found || !str_eq(p->peerRole, S("control-plane")))
			found = p;
	}
	return found;
}

static str groups_text(struct arena *a, const struct peer_args *p)
{
	str all = STR_NONE;

	for (size_t i = 0; i < p->groups.n; i++) {
		const struct group_args *g = &p->groups.items[i];

		all = arena_printf(a, "%.*s%s@%.*s%s%.*s", STRF(all), i ? ", " : "", STRF(g->name),
				   g->role.len ? ":" : "", STRF(g->role));
	}
	return all;
}

static str list_text(struct arena *a, const struct json *list)
{
	str all = STR_NONE;

	for (const struct json *item = list ? list->first : NULL; item; item = item->next)
		all = arena_printf(a, "%.*s%s%.*s", STRF(all), all.len ? ", " : "", STRF(item->s));
	return all;
}

static str absent_if_empty(str s)
{
	return str_empty(s) ? STR_NONE : s;
}

static void profile_json(struct cli *c, const struct company *co, const struct peer_args *p)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "mesh", co->mesh->slug);
	json_put_str(j, "displayName", p->displayName);
	json_put_str(j, "status", p->status);
	json_put_str(j, "summary", absent_if_empty(p->summary));
	json_key(j, S("groups"));
	json_arr(j);
	for (size_t i = 0; i < p->groups.n; i++) {
		json_obj(j);
		json_encode(j, group_fields, &p->groups.items[i]);
		json_obj_end(j);
	}
	json_arr_end(j);
	json_key(j, S("profile"));
	if (p->profile)
		json_value(j, p->profile);
	else
		json_null(j);
	json_put_bool(j, "visible", !(p->visible && p->visible->type == JSON_BOOL && !p->visible->b));
	out_json_end(&c->out);
}

static struct err *profile_run(struct cli *c, const void *flags UNUSED)
{
	const struct peer_args *p;
	struct company co;

	TRY(warm_company(c, &co));
	p = own_row(&co);
	if (!p)
		return FAIL(c->arena, NOT_FOUND, "the broker does not list you");
	if (c->out.json) {
		profile_json(c, &co, p);
		return NULL;
	}
	out_section(&c->out, "you on %.*s", STRF(co.mesh->slug));
	out_kv(&c->out,
	       (struct kv[]){
		       { "Name", p->displayName },
		       { "Status", p->status },
		       { "Summary", absent_if_empty(p->summary) },
		       { "Groups", groups_text(c->arena, p) },
		       { "Avatar", absent_if_empty(json_get_str(p->profile, S("avatar"))) },
		       { "Title", absent_if_empty(json_get_str(p->profile, S("title"))) },
		       { "Bio", absent_if_empty(json_get_str(p->profile, S("bio"))) },
		       { "Can do", list_text(c->arena, json_get(p->profile, S("capabilities"))) },
	       },
	       8);
	return NULL;
}

static struct err *read_capabilities(struct cli *c, str text, struct strs *ret_list)
{
	str *items = NEW_ARRAY(c->arena, str, CAPABILITIES_MAX), item;
	struct strs list = { .items = items, .present = true };

	while (str_cut(&text, ',', &item)) {
		item = str_trim(item);
		if (str_empty(item))
			continue;
		if (list.n == CAPABILITIES_MAX)
			return cli_invalid(c, S("capabilities"), "too_long", S("there are too many of them"),
					   arena_printf(c->arena, "at most %d", CAPABILITIES_MAX));
		if (item.len > NAME_BYTES_MAX)
			return cli_invalid(c, S("capabilities"), "too_long",
					   arena_printf(c->arena, "'%.*s' has %zu bytes", STRF(item), item.len),
					   arena_printf(c->arena, "at most %d bytes each", NAME_BYTES_MAX));
		items[list.n++] = item;
	}
	*ret_list = list;
	return NULL;
}

/* args->mesh becomes the mesh that it was told to. */
static struct err *set(struct cli *c, struct local_profile_args *args, bool *ret_confirmed)
{
	struct set_profile_args told = { .avatar = args->avatar, .title = args->title, .bio = args->bio,
					 .capabilities = args->capabilities, .scope = SCOPE_MEMBER };
	struct warm warm;
	struct stay stay;
	struct err *e;

	TRY(warm_open(c, &warm));
	if (warm.is_up)
		return warm_profile(c, &warm, args, ret_confirmed);
	TRY(stay_open(c, &stay));
	args->mesh = stay.mesh->slug;
	e = visit_tell(c->arena, stay.visit, "set_profile", set_profile_fields, &told, ret_confirmed);
	visit_close(stay.visit);
	return e;
}

static struct err *profile_set_run(struct cli *c, const void *flags)
{
	const struct profile_set_flags *in = flags;
	struct local_profile_args args = { .avatar = in->avatar, .title = in->title, .bio = in->bio };
	bool confirmed;

	if (!in->avatar.ptr && !in->title.ptr && !in->bio.ptr && !in->capabilities.ptr)
		return cli_invalid(c, S("flags"), "missing", S("nothing to set"),
				   S("--avatar, --title, --bio or --capabilities"));
	if (in->capabilities.ptr)
		TRY(read_capabilities(c, in->capabilities, &args.capabilities));
	TRY(set(c, &args, &confirmed));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "mesh", args.mesh);
		json_put_bool(j, "confirmed", confirmed);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, confirmed ? STR_NONE : S("this broker does not confirm it"), "profile updated");
	return NULL;
}

const struct command profile_command = {
	.name = "profile",
	.aliases = "profile view",
	.arguments = "",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(READ, "profile", "view"),
	.run = profile_run,
	.doc = "Shows how others see you.",
	.fields = "mesh displayName status summary groups profile visible",
};

const struct command profile_set_command = {
	.name = "profile set",
	.arguments = "",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "profile", "set"),
	COMMAND_FLAGS(profile_set),
	.run = profile_set_run,
	.doc = "Sets your avatar, title, bio and what you can do.",
	.more = "It holds for all your sessions in the mesh. The name itself is the one you\n"
		"joined with.",
	.fields = "mesh confirmed",
};
