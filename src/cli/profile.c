/*
 * profile.c - `profile` and `profile set`: what others see of us beside the name.
 */
#include "cli/profile.h"

#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/policy.h"

CLI_FLAGS(profile, MEMBER_FLAGS);

#define PROFILE_SET_FLAGS(F, T) \
	F(T, str, avatar, "TEXT", 0, AVATAR_BYTES_MAX, "an emoji or an address; '' clears it") \
	F(T, str, title, "TEXT", 0, NAME_BYTES_MAX, "what you are; '' clears it") \
	F(T, str, bio, "TEXT", 0, BIO_BYTES_MAX, "a few words; '' clears it") \
	F(T, str, capabilities, "A,B", 0, 4096, "what you can do, separated by commas") \
	MEMBER_FLAGS(F, T)
CLI_FLAGS(profile_set, PROFILE_SET_FLAGS);

/* Who is shown: the member, and a connection of it if there is one. */
struct shown {
	const struct member_args *member; /* NULL: the broker lists none */
	const struct peer_args *peer;
};

/* Of us the session that we are; of anybody a session if there is one, else of a connection that
 * runs commands. */
static const struct peer_args *peer_of(const struct company *co, str member_pubkey)
{
	const struct peer_args *found = NULL;

	for (size_t i = 0; i < co->list.peers.n; i++) {
		const struct peer_args *p = &co->list.peers.items[i];

		if (!str_eq_nocase(p->memberPubkey, member_pubkey))
			continue;
		if (!str_empty(co->session) && str_eq_nocase(p->pubkey, co->session))
			return p;
		if (!found || !str_eq(p->peerRole, S("control-plane")))
			found = p;
	}
	return found;
}

static struct err *find_shown(struct cli *c, const struct company *co, str who, struct shown *ret)
{
	struct shown s = { 0 };

	if (who.ptr)
		TRY(member_meant(c, &co->list, co->mesh->pubkey, who, &s.member));
	for (size_t i = 0; i < co->list.members.n && !s.member; i++)
		if (str_eq_nocase(co->list.members.items[i].pubkey, co->mesh->pubkey))
			s.member = &co->list.members.items[i];
	s.peer = peer_of(co, who.ptr ? s.member->pubkey : co->mesh->pubkey);
	if (!s.peer && !who.ptr)
		return FAIL(c->arena, NOT_FOUND, "the broker does not list you");
	*ret = s;
	return NULL;
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

static void groups_json(struct json_out *j, const struct group_list *groups)
{
	json_key(j, S("groups"));
	json_arr(j);
	for (size_t i = 0; i < groups->n; i++) {
		json_obj(j);
		json_encode(j, group_fields, &groups->items[i]);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void profile_json(struct cli *c, const struct company *co, const struct shown *s)
{
	static const struct peer_args away; /* nobody is here as it */
	const struct peer_args *p = s->peer ? s->peer : &away;
	const struct member_args *m = s->member;
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "mesh", co->mesh->slug);
	json_put_str(j, "memberId", m ? m->memberId : STR_NONE);
	json_put_str(j, "displayName", s->peer ? p->displayName : m->displayName);
	json_put_str(j, "roleTag", m ? absent_if_empty(m->roleTag) : STR_NONE);
	json_put_str(j, "messageMode", m && m->messageMode.len ? m->messageMode : S("push"));
	json_put_str(j, "role", m ? m->role : STR_NONE);
	json_put_str(j, "status", absent_if_empty(p->status));
	json_put_str(j, "summary", absent_if_empty(p->summary));
	groups_json(j, &p->groups);
	json_key(j, S("profile"));
	if (p->profile)
		json_value(j, p->profile);
	else
		json_null(j);
	json_put_bool(j, "visible", !(p->visible && p->visible->type == JSON_BOOL && !p->visible->b));
	out_json_end(&c->out);
}

static void profile_print(struct cli *c, const struct company *co, const struct shown *s, bool own)
{
	static const struct peer_args away; /* nobody is here as it */
	const struct peer_args *p = s->peer ? s->peer : &away;
	const struct member_args *m = s->member;
	str name = s->peer ? p->displayName : m->displayName;

	if (own)
		out_section(&c->out, "you on %.*s", STRF(co->mesh->slug));
	else
		out_section(&c->out, "%.*s on %.*s", STRF(m->displayName), STRF(co->mesh->slug));
	out_kv(&c->out,
	       (struct kv[]){
		       { "Name", name },
		       { "Role", m ? absent_if_empty(m->roleTag) : STR_NONE },
		       { "Status", s->peer ? p->status : S("away") },
		       { "Summary", absent_if_empty(p->summary) },
		       { "Groups", groups_text(c->arena, &p->groups) },
		       { "Messages", m ? absent_if_empty(m->messageMode) : STR_NONE },
		       { "Access", m ? m->role : STR_NONE },
		       { "Avatar", absent_if_empty(json_get_str(p->profile, S("avatar"))) },
		       { "Title", absent_if_empty(json_get_str(p->profile, S("title"))) },
		       { "Bio", absent_if_empty(json_get_str(p->profile, S("bio"))) },
		       { "Can do", list_text(c->arena, json_get(p->profile, S("capabilities"))) },
	       },
	       11);
}

static struct err *show(struct cli *c, str who)
{
	struct shown s = { 0 };
	struct company co;

	TRY(warm_company(c, &co));
	TRY(find_shown(c, &co, who, &s));
	if (c->out.json)
		profile_json(c, &co, &s);
	else
		profile_print(c, &co, &s, !who.ptr);
	return NULL;
}

/* The reference's way to say `profile set`: it changes something, so it is asked as that. */
static struct err *profile_run(struct cli *c, const void *flags)
{
	const struct profile_flags *in = flags;
	const struct member_edit *edit = MEMBER_EDIT(in);
	struct member_updated_args now;
	str slug;

	if (!member_edit_any(edit))
		return show(c, in->member);
	TRY(policy_ask(c, &(struct policy_request){ .resource = S("profile"), .verb = S("set"), .is_write = true,
						     .command = S("profile set") }));
	TRY(member_edit(c, edit, &now, &slug));
	if (c->out.json) {
		json_put_str(out_json(&c->out), "mesh", slug);
		member_edit_json(&c->out.json_out, &now);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "profile updated");
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

static bool shows_anything(const struct profile_set_flags *in)
{
	return in->avatar.ptr || in->title.ptr || in->bio.ptr || in->capabilities.ptr;
}

static struct err *check_given(struct cli *c, const struct profile_set_flags *in)
{
	if (!shows_anything(in) && !member_edit_any(MEMBER_EDIT(in)))
		return cli_invalid(c, S("flags"), "missing", S("nothing to set"),
				   S("--name, --role-tag, --groups, --message-mode, --avatar, --title, --bio or "
				     "--capabilities"));
	if (in->member.ptr && shows_anything(in))
		return cli_invalid(c, S("member"), "invalid", S("avatar, title, bio and capabilities are one's own"),
				   S("--member with --name, --role-tag, --groups or --message-mode"));
	return NULL;
}

static struct err *profile_set_run(struct cli *c, const void *flags)
{
	const struct profile_set_flags *in = flags;
	struct local_profile_args args = { .avatar = in->avatar, .title = in->title, .bio = in->bio };
	struct member_updated_args now;
	bool confirmed = true;

	TRY(check_given(c, in));
	if (in->capabilities.ptr)
		TRY(read_capabilities(c, in->capabilities, &args.capabilities));
	if (member_edit_any(MEMBER_EDIT(in)))
		TRY(member_edit(c, MEMBER_EDIT(in), &now, &args.mesh));
	if (shows_anything(in))
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
	COMMAND_FLAGS(profile),
	.run = profile_run,
	.doc = "Shows how others see you, or with --member how they see somebody else.",
	.more = "With a flag other than --member it changes that, as 'claudemesh profile set' does.",
	.fields = "mesh memberId displayName roleTag messageMode role status summary groups profile visible",
};

const struct command profile_set_command = {
	.name = "profile set",
	.arguments = "",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "profile", "set"),
	COMMAND_FLAGS(profile_set),
	.run = profile_set_run,
	.doc = "Sets your name, role tag, groups, avatar, title, bio and what you can do.",
	.more = "It holds for all your sessions in the mesh. An admin may change another\n"
		"member's name, role tag, groups and message mode with --member.",
	.fields = "mesh confirmed",
};
