/*
 * share.c - `share`: an invite as a link, a QR code, or a mail. Who has the owner's key makes one that
 * proves itself; who may invite but has not, one whose members the owner confirms.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include <inttypes.h>

#include "base/email.h"
#include "cli/qr.h"
#include "proto/invite.h"
#include "proto/mail.h"

enum { SHARE_WAIT_MS = MAIL_ANSWER_MS + 5000 };

#define SHARE_FLAGS(F, T) \
	F(T, str, role, "ROLE", 1, 16, "member (default), or admin: may invite and remove others") \
	F(T, i64, uses, "N", 1, INVITE_USES_MAX, "how many may join with it; default 1") \
	F(T, duration, expires, "TIME", 1000, SHARE_TTL_MAX_MS, \
	  "how long it is good: 2h, 7d (default)")
CLI_FLAGS(share, SHARE_FLAGS);

static void share_json(struct cli *c, const struct share_made *made, str email, bool proves)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "mesh", made->slug);
	json_put_str(j, "url", made->url);
	json_put_str(j, "code", made->code);
	if (!str_empty(made->token))
		json_put_str(j, "token", made->token);
	json_put_str(j, "expires_at", made->expires_at);
	json_put_int(j, "max_uses", made->max_uses);
	json_put_bool(j, "proves", proves);
	if (!str_empty(email)) {
		json_put_str(j, "email", email);
		json_put_bool(j, "emailed", made->emailed);
	}
	out_json_end(&c->out);
}

static void share_print(struct cli *c, const struct share_made *made, str email, bool proves)
{
	if (c->out.json) {
		share_json(c, made, email, proves);
		return;
	}
	out_section(&c->out, "invite to %.*s", STRF(made->slug));
	out_link(&c->out, made->url);
	if (c->out.tty && !c->out.quiet)
		qr_print(&c->out, c->arena, made->url);
	if (!c->out.quiet)
		out_end(&c->out);
	if (!str_empty(email) && made->emailed)
		out_ok(&c->out, STR_NONE, "mailed to %.*s", STRF(email));
	else if (!str_empty(email))
		out_warn(&c->out, STR_NONE, "not mailed to %.*s yet: send the link yourself, or look with claudemesh "
			 "invite list", STRF(email));
	out_info(&c->out, "good until %.*s, for %" PRId64 " %s",
		 STRF(context_time(c->arena, made->expires_at)), made->max_uses,
		 made->max_uses == 1 ? "person" : "people");
	if (!str_empty(email) || !proves)
		out_info(&c->out, "%s has no secret: who joins by it is unverified until %s",
			 proves ? "the mailed link" : "this link", proves ? "you confirm: claudemesh verify NAME --confirm"
			 : "the owner confirms");
	out_hint(&c->out, "whoever has the link can join: claudemesh join LINK");
}

/* Without the owner's key: the broker makes it. */
static struct err *share_open(struct cli *c, const struct share_flags *in, str email, struct share_made *ret_made)
{
	struct invite_make_args args = { .role = in->role, .max_uses = in->uses, .email = email };
	struct invite_made_args made;
	struct stay stay;
	struct err *e;

	if (in->expires)
		args.expires_at = (clock_ms(&clock_real) + in->expires) / 1000;
	TRY(stay_open(c, &stay));
	e = visit_call_for(c->arena, stay.visit, "invite_make", invite_make_fields, &args, SHARE_WAIT_MS,
			   invite_made_fields, &made, sizeof(made));
	visit_close(stay.visit);
	TRY(e);
	*ret_made = (struct share_made){ .url = made.url, .code = made.code, .expires_at = made.expires_at,
					 .max_uses = made.max_uses, .slug = stay.mesh->slug, .emailed = made.emailed };
	return NULL;
}

static struct err *share_run(struct cli *c, const void *flags)
{
	const struct share_flags *in = flags;
	str email = c->args_n ? str_trim(c->args[0]) : STR_NONE;
	struct client client;
	struct config_args config;
	const struct config_mesh_args *mesh;
	struct mesh_keys_args keys;
	struct share_made made;
	bool proves;

	if (c->args_n && !email_is_valid(email))
		return cli_invalid(c, S("email"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no e-mail address", STRF(email)), S("bob@example.org"));
	if (!str_empty(in->role) && !str_eq(in->role, S("member")) && !str_eq(in->role, S("admin")))
		return cli_invalid(c, S("role"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no role", STRF(in->role)), S("member or admin"));
	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(context_mesh(c, &config, &mesh));
	TRY(keys_load(c->arena, client.paths, mesh->meshId, &keys));
	proves = !str_empty(keys.owner_secret);
	out_busy(&c->out, "asking the broker");
	if (proves)
		TRY(mesh_share_to(c->arena, &client, mesh, in->role, email, in->uses, in->expires, &made));
	else
		TRY(share_open(c, in, email, &made));
	share_print(c, &made, email, proves);
	return NULL;
}

const struct command share_command = {
	.name = "share",
	.aliases = "invite, workspace share, workspace invite",
	.arguments = "[EMAIL]",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "share"),
	COMMAND_FLAGS(share),
	.run = share_run,
	.doc = "Makes a link with which others join, and mails it.",
	.more = "What follows '#' in the link is the invite's secret. The broker never sees it;\n"
		"send the link over a channel you trust. A mailed link has no secret, nor has one\n"
		"of an admin who is not the owner: who joins by it is unverified until the owner\n"
		"has compared safety numbers and runs claudemesh verify NAME --confirm.",
	.fields = "mesh url code token expires_at max_uses proves email emailed",
};
