/*
 * topic_member.c - `topic role`, `topic remove`: who is in a topic, and as what.
 */
#include "cli/topic.h"

#include "cli/commands.h"
#include "client/validate.h"

/* The member meant, among all of the mesh: who is away has a role, too. */
static struct err *find_member(struct topic_stay *s, str who, str *ret_id, str *ret_name)
{
	struct cli *c = s->wire.c;
	struct list_peers_args args = { .members = true };
	struct peers_list_args list;
	struct target to;

	TRY(wire_call(&s->wire, c->arena, "list_peers", list_peers_fields, &args, peers_list_fields, &list,
		      sizeof(list)));
	TRY(resolve_target(c->arena, &list, s->wire.mesh->pubkey, who, &to));
	for (size_t i = 0; i < list.members.n; i++) {
		if (to.kind != TARGET_KEY || !str_eq(list.members.items[i].pubkey, to.member_pubkey))
			continue;
		*ret_id = list.members.items[i].memberId;
		*ret_name = list.members.items[i].displayName;
		return NULL;
	}
	return FAIL(c->arena, NOT_FOUND, "'%.*s' is no member of the mesh", STRF(who));
}

static struct err *explain(struct cli *c, struct err *e)
{
	if (e && str_eq(err_wire(e), S("topic_not_found")))
		return cli_hint(c, e, "claudemesh topic list shows those there are");
	if (e && str_eq(err_wire(e), S("forbidden")))
		return cli_hint(c, e, "claudemesh topic members %.*s shows its leads", STRF(topic_argument(c)));
	return e;
}

static void tell(struct cli *c, str name, str member_id, str role)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "topic", topic_argument(c));
	json_put_str(j, "member", name);
	json_put_str(j, "memberId", member_id);
	json_put_str(j, "role", role);
	out_json_end(&c->out);
}

/* ---- role ---- */

static struct err *set_role(struct topic_stay *s, enum topic_role role, str *ret_id, str *ret_name)
{
	struct cli *c = s->wire.c;
	struct topic_member_set_args args = { .topic = topic_argument(c), .role = role };
	size_t sealed;

	TRY(find_member(s, c->args[1], &args.memberId, ret_name));
	*ret_id = args.memberId;
	TRY(wire_call(&s->wire, c->arena, "topic_member_set", topic_member_set_fields, &args, NULL, NULL, 0));
	/* Who was added reads at once, if we have the key; else whoever has it seals it. */
	(void)!topics_seal_pending(&s->topics, args.topic, &sealed);
	return NULL;
}

static struct err *role_run(struct cli *c, const void *flags UNUSED)
{
	enum topic_role role = TOPIC_ROLE_ABSENT;
	struct topic_stay s;
	struct err *e;
	str id, name;

	for (int i = TOPIC_LEAD; topic_role_words[i]; i++)
		if (str_eq_nocase(c->args[2], str_from(topic_role_words[i])))
			role = (enum topic_role)i;
	TRY(topic_open(c, &s));
	e = set_role(&s, role, &id, &name);
	topic_close(&s);
	TRY(explain(c, e));
	if (c->out.json)
		tell(c, name, id, c->args[2]);
	else
		out_ok(&c->out, arena_printf(c->arena, "#%.*s", STRF(topic_argument(c))), "%.*s is %s %.*s now",
		       STRF(name), role == TOPIC_OBSERVER ? "an" : "a", STRF(c->args[2]));
	return NULL;
}

/* ---- remove ---- */

static struct err *take_out(struct topic_stay *s, str *ret_id, str *ret_name)
{
	struct cli *c = s->wire.c;
	struct topic_member_remove_args args = { .topic = topic_argument(c) };

	TRY(find_member(s, c->args[1], &args.memberId, ret_name));
	*ret_id = args.memberId;
	return wire_call(&s->wire, c->arena, "topic_member_remove", topic_member_remove_fields, &args, NULL, NULL, 0);
}

static struct err *remove_run(struct cli *c, const void *flags UNUSED)
{
	struct topic_stay s;
	struct err *e;
	str id, name;

	TRY(topic_open(c, &s));
	e = take_out(&s, &id, &name);
	topic_close(&s);
	TRY(explain(c, e));
	if (c->out.json) {
		tell(c, name, id, STR_NONE);
		return NULL;
	}
	out_ok(&c->out, arena_printf(c->arena, "#%.*s", STRF(topic_argument(c))), "%.*s is not in it any more",
	       STRF(name));
	out_hint(&c->out, "the next post is under a key that they do not get; what was before they can read");
	return NULL;
}

const struct command topic_role_command = {
	.name = "topic role",
	.arguments = "TOPIC PEER lead|member|observer",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "topic", "role"),
	.run = role_run,
	.doc = "Changes what somebody is in a topic, or adds them to it.",
	.more = "Of leads, and of the mesh's admins who are in it. An observer reads and does not post.",
	.fields = "topic member memberId role",
};

const struct command topic_remove_command = {
	.name = "topic remove",
	.arguments = "TOPIC PEER",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "topic", "remove"),
	.run = remove_run,
	.doc = "Takes somebody out of a topic; what follows is under a key that they do not get.",
	.fields = "topic member memberId role",
};
