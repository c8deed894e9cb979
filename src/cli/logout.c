#include "cli/account.h"
#include "cli/commands.h"

/* The file goes in any case; only the message says whether the broker knows. */
static struct err *logout_run(struct cli *c, const void *flags UNUSED)
{
	struct signed_in s = { 0 };
	bool found = false;
	struct err *e;

	TRY(signed_in_need(c, &s));
	e = account_logout(c->arena, &s.api, &found);
	TRY(auth_remove(c->arena, s.client.paths));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_bool(j, "revoked", !e && found);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, s.auth.user.email, "signed out");
	if (e)
		out_warn(&c->out, S("revoke it on the page, under sessions"),
			 "the session is still good at the broker: %.*s", STRF(e->text));
	return NULL;
}

const struct command logout_command = {
	.name = "logout",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = logout_run,
	.doc = "Ends your session at the broker and forgets it here.",
	.fields = "revoked",
};
