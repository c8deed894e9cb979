#include "cli/commands.h"
#include "cli/context.h"

#include "cli/text.h"

#define JOIN_FLAGS(F, T) \
	F(T, str, name, "WHO", 1, 128, "your name in it; default: your usual name") \
	F(T, str, broker, "URL", 1, 512, "where the code is from, if it comes without an address")
CLI_FLAGS(join, JOIN_FLAGS);

static void join_print(struct cli *c, const struct mesh_made *made, str who)
{
	const struct config_mesh_args *m = &made->mesh;

	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "slug", m->slug);
		json_put_str(j, "id", m->meshId);
		json_put_str(j, "name", m->name);
		json_put_str(j, "memberId", m->memberId);
		json_put_str(j, "pubkey", m->pubkey);
		json_put_str(j, "role", made->role);
		json_put_str(j, "broker", m->brokerUrl);
		json_put_bool(j, "alreadyMember", made->already_member);
		json_put_bool(j, "verified", made->verified);
		if (!str_empty(made->warning))
			json_put_str(j, "warning", made->warning);
		out_json_end(&c->out);
		return;
	}
	out_ok(&c->out, STR_NONE, made->already_member ? "you are in %.*s already" : "joined %.*s",
	       STRF(m->slug));
	if (!str_empty(made->warning))
		out_warn(&c->out, STR_NONE, "%.*s", STRF(made->warning));
	if (c->out.quiet)
		return;
	out_kv(&c->out,
	       (struct kv[]){ { "you", made->already_member ? STR_NONE : who },
			      { "member", m->memberId },
			      { "key", text_cut(m->pubkey, 16) },
			      { "broker", m->brokerUrl } },
	       4);
	out_hint(&c->out, "claudemesh peers --mesh %.*s   shows who is there", STRF(m->slug));
}

/* The name of a mesh that one is in, in the place of a link: says what to do with it. */
static bool is_joined(struct cli *c, const struct config_args *config, str text)
{
	const struct config_mesh_args *m = NULL;

	for (size_t i = 0; i < config->meshes.n && !m; i++)
		if (str_eq(config->meshes.items[i].slug, text) || str_eq(config->meshes.items[i].name, text))
			m = &config->meshes.items[i];
	if (!m)
		return false;
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "slug", m->slug);
		json_put_str(j, "id", m->meshId);
		json_put_str(j, "name", m->name);
		json_put_bool(j, "alreadyMember", true);
		out_json_end(&c->out);
		return true;
	}
	out_ok(&c->out, STR_NONE, "you are in %.*s already", STRF(m->slug));
	out_hint(&c->out, "claudemesh launch --mesh %.*s   starts an agent in it", STRF(m->slug));
	out_hint(&c->out, "claudemesh peers --mesh %.*s    shows who is there", STRF(m->slug));
	return true;
}

static struct err *join_run(struct cli *c, const void *flags)
{
	const struct join_flags *in = flags;
	struct client client;
	struct config_args config;
	struct mesh_made made;
	str link, who;

	TRY(cli_text(c, c->args[0], JOIN_TEXT_MAX, &link));
	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	if (is_joined(c, &config, str_trim(link)))
		return NULL;
	who = config_who(c->arena, &config, in->name);
	out_busy(&c->out, "asking the broker");
	TRY(mesh_join(c->arena, &client, str_trim(link), who, in->broker, &made));
	join_print(c, &made, who);
	return NULL;
}

const struct command join_command = {
	.name = "join",
	.aliases = "add, workspace join, workspace add",
	.arguments = "LINK",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "join"),
	COMMAND_FLAGS(join),
	.run = join_run,
	.doc = "Joins a mesh with a link; '-' reads it from stdin.",
	.more = "A link on the command line can be seen by other users of this machine while\n"
		"the command runs; 'claudemesh join -' cannot.",
	.fields = "slug id name memberId pubkey role broker alreadyMember verified warning",
};
