#include "cli/launch_wizard.h"

#include "cli/ask.h"
#include "cli/text.h"
#include "client/validate.h"
#include "proto/limits.h"

bool launch_wizard_may(const struct cli *c)
{
	return cli_may_ask(c) && !c->global.yes && !c->out.quiet;
}

/* Asked again until it is a name. */
static struct err *ask_name(struct cli *c, str otherwise, str *ret_name)
{
	struct invalid why;
	str name;

	for (;;) {
		TRY(ask_line(c, "Name that peers see", otherwise, &name));
		if (valid_name(c->arena, S("name"), name, NAME_BYTES_MAX, ret_name, &why))
			return NULL;
		out_info(&c->out, "%.*s", STRF(why.reason));
	}
}

static struct err *ask_mode(struct cli *c, str *ret_mode)
{
	static const str modes[] = {
		{ "push   messages reach the agent the moment they come", 53 },
		{ "inbox  it is told of them, and looks when it wants", 50 },
		{ "off    it is not disturbed; they wait in the inbox", 50 },
	};
	static const char *const words[] = { "push", "inbox", "off" };
	size_t choice;

	TRY(ask_choice(c, "Messages:", modes, ARRAY_LEN(modes), 0, &choice));
	*ret_mode = str_from(words[choice]);
	return NULL;
}

struct err *launch_wizard(struct cli *c, str mesh, str cwd, str name, struct launch_wishes *w)
{
	const char *agent = w->agent.len ? arena_cstr(c->arena, w->agent) : "claude";
	bool start;

	out_section(&c->out, "a session of %s on %.*s", agent, STRF(mesh));
	out_kv(&c->out, &(struct kv){ "Directory", cwd }, 1);
	if (!w->name.len)
		TRY(ask_name(c, name, &w->name));
	if (!w->role.len)
		TRY(ask_line(c, "Role, if any (reviewer, tester)", STR_NONE, &w->role));
	if (!w->groups.len)
		TRY(ask_line(c, "Groups, if any (dev:lead,ops)", STR_NONE, &w->groups));
	if (!w->mode.len)
		TRY(ask_mode(c, &w->mode));
	TRY(ask_yes(c, arena_printf(c->arena, "Start %s?", agent).ptr, true, &start));
	if (start)
		return NULL;
	return cli_hint(c, FAIL(c->arena, CANCELLED, "nothing was started"),
			"claudemesh launch --yes asks nothing; flags answer its questions");
}
