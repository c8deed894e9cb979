/*
 * welcome.c - what a bare `claudemesh` does: the first steps for who is in no mesh, else launch.
 */
#include "cli/welcome.h"

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/launch.h"
#include "cli/launch_wizard.h"
#include "client/invite_link.h"

static void first_steps(struct cli *c)
{
	out_section(&c->out, "welcome to claudemesh");
	out_info(&c->out, "A mesh is a few people and their agents, who write to each other.");
	out_end(&c->out);
}

static struct err *with_link(struct cli *c)
{
	struct invite_link link = { 0 };
	str text;

	TRY(ask_line(c, "Paste the link", STR_NONE, &text));
	TRY(invite_link_parse(c->arena, text, &link));
	invite_link_wipe(&link);
	return launch_with(c, text);
}

static struct err *menu(struct cli *c)
{
	const str items[] = { S("I have an invite link"), S("make a mesh of my own"), S("show me all commands") };
	size_t choice;

	first_steps(c);
	TRY(ask_choice(c, "What first?", items, ARRAY_LEN(items), 0, &choice));
	if (choice == 0)
		return with_link(c);
	if (choice == 2) {
		help_overview(c);
		return NULL;
	}
	out_hint(&c->out, "claudemesh serve              runs a broker on this machine");
	out_hint(&c->out, "claudemesh create NAME        makes a mesh there; --broker URL elsewhere");
	out_hint(&c->out, "claudemesh share              makes a link for somebody else");
	return NULL;
}

static struct err *welcome_run(struct cli *c, const void *flags UNUSED)
{
	if (c->out.json) {
		json_put_str(out_json(&c->out), "next", S("claudemesh join LINK, or claudemesh create NAME"));
		out_json_end(&c->out);
		return NULL;
	}
	if (launch_wizard_may(c))
		return menu(c);
	first_steps(c);
	out_hint(&c->out, "claudemesh join LINK          with a link from somebody");
	out_hint(&c->out, "claudemesh create NAME        makes a mesh");
	out_hint(&c->out, "claudemesh help               shows all commands");
	return NULL;
}

struct err *welcome_bare(struct cli *c)
{
	struct config_args config;
	struct client client;

	if (!launch_wizard_may(c)) {
		help_overview(c);
		return NULL;
	}
	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	return config.meshes.n ? launch_with(c, STR_NONE) : welcome_run(c, NULL);
}

const struct command welcome_command = {
	.name = "welcome",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = welcome_run,
	.doc = "The first steps; a bare 'claudemesh' on a terminal begins there.",
	.more = "Once a mesh is joined a bare 'claudemesh' is 'claudemesh launch'.",
	.fields = "next",
};
