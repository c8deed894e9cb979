#include "cli/commands.h"
#include "cli/context.h"

#define CREATE_FLAGS(F, T) \
	F(T, str, broker, "URL", 1, 512, "where; default $CLAUDEMESH_BROKER_URL or this machine") \
	F(T, str, name, "WHO", 1, 128, "your name in it; default: your usual name")
CLI_FLAGS(create, CREATE_FLAGS);

static str broker_of(const struct create_flags *in)
{
	str from_env = str_from(getenv("CLAUDEMESH_BROKER_URL"));

	return !str_empty(in->broker) ? in->broker
	       : !str_empty(from_env) ? from_env
				      : S(BROKER_URL_DEFAULT);
}

static void create_print(struct cli *c, const struct mesh_made *made, str who)
{
	const struct config_mesh_args *m = &made->mesh;

	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "slug", m->slug);
		json_put_str(j, "id", m->meshId);
		json_put_str(j, "name", m->name);
		json_put_str(j, "memberId", m->memberId);
		json_put_str(j, "pubkey", m->pubkey);
		json_put_str(j, "broker", m->brokerUrl);
		json_put_opt(j, "warning", made->warning);
		out_json_end(&c->out);
		return;
	}
	out_section(&c->out, "created %.*s", STRF(m->slug));
	out_kv(&c->out,
	       (struct kv[]){ { "id", m->meshId },
			      { "role", S("owner") },
			      { "you", who },
			      { "broker", m->brokerUrl } },
	       4);
	out_end(&c->out);
	if (!str_empty(made->warning))
		out_warn(&c->out, STR_NONE, "%.*s", STRF(made->warning));
	out_hint(&c->out, "claudemesh share --mesh %.*s   makes a link for others to join",
		 STRF(m->slug));
}

static struct err *create_run(struct cli *c, const void *flags)
{
	const struct create_flags *in = flags;
	struct client client;
	struct config_args config;
	struct mesh_made made;
	struct err *e;
	str who;

	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	who = config_who(c->arena, &config, in->name);
	out_busy(&c->out, "asking the broker");
	e = mesh_create(c->arena, &client, c->args[0], who, broker_of(in), &made);
	if (e && e->code == ERR_FORBIDDEN)
		return cli_hint(c, e, "claudemesh login   some brokers let only who is signed in make meshes");
	if (e)
		return e->code == ERR_NETWORK
			       ? cli_hint(c, e, "claudemesh serve   runs a broker here; --broker URL names another")
			       : e;
	create_print(c, &made, who);
	return NULL;
}

const struct command create_command = {
	.name = "create",
	.aliases = "new, workspace create, workspace new",
	.arguments = "NAME",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "create"),
	COMMAND_FLAGS(create),
	.run = create_run,
	.doc = "Makes a mesh and joins it as its owner.",
	.more = "The owner's key stays on this machine, in keys/ of the configuration\n"
		"directory. Keep a copy: nobody else has it.",
	.fields = "slug id name memberId pubkey broker warning",
};
