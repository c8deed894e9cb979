#include "cli/account.h"
#include "cli/commands.h"
#include "cli/text.h"

enum { ID_SHOWN = 8 };

static void put_session(struct json_out *j, const struct session_entry_args *s)
{
	json_obj(j);
	json_put_str(j, "id", s->id);
	json_put_str(j, "hostname", s->hostname);
	json_put_str(j, "platform", s->platform);
	json_put_str(j, "arch", s->arch);
	json_put_str(j, "kind", s->kind);
	json_put_str(j, "address", s->address);
	json_put_str(j, "created_at", s->created_at);
	json_put_str(j, "last_seen_at", s->last_seen_at);
	json_put_str(j, "expires_at", s->expires_at);
	json_put_bool(j, "current", s->current);
	json_obj_end(j);
}

static const char *what_is(str kind)
{
	return str_eq(kind, S("browser")) ? "browser" : str_eq(kind, S("cli-token")) ? "pasted token" : "program";
}

static struct err *sessions_run(struct cli *c, const void *flags UNUSED)
{
	struct session_list_args list = { 0 };
	struct signed_in s = { 0 };

	TRY(signed_in_need(c, &s));
	TRY(signed_in_failed(c, account_sessions(c->arena, &s.api, &list)));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "sessions");
		for (size_t i = 0; i < list.sessions.n; i++)
			put_session(j, &list.sessions.items[i]);
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "sessions of %.*s (%zu)", STRF(s.auth.user.email), list.sessions.n);
	for (size_t i = 0; i < list.sessions.n; i++) {
		const struct session_entry_args *e = &list.sessions.items[i];

		out_row(&c->out);
		out_span(&c->out, TONE_BOLD, "  %.*s", STRF(text_cut(e->id, ID_SHOWN)));
		out_span(&c->out, TONE_PLAIN, "  %s", what_is(e->kind));
		out_span(&c->out, TONE_PLAIN, "  %.*s %.*s", STRF(e->hostname), STRF(e->platform));
		out_span(&c->out, TONE_DIM, "  %.*s", STRF(e->address));
		out_span(&c->out, TONE_DIM, "  last seen %.*s", STRF(e->last_seen_at.len ? context_time(c->arena, e->last_seen_at) : S("never")));
		if (e->current)
			out_span(&c->out, TONE_GREEN, "  this one");
		out_end(&c->out);
	}
	out_hint(&c->out, "claudemesh sessions revoke ID   ends one of them");
	return NULL;
}

/* By its id, or the start of it. */
static struct err *find(struct cli *c, const struct session_list_args *list, str given, str *ret_id)
{
	*ret_id = STR_NONE;
	for (size_t i = 0; i < list->sessions.n; i++) {
		if (!str_starts(list->sessions.items[i].id, given))
			continue;
		if (ret_id->len)
			return FAIL(c->arena, AMBIGUOUS, "several sessions start with '%.*s'", STRF(given));
		*ret_id = list->sessions.items[i].id;
	}
	if (ret_id->len)
		return NULL;
	return cli_hint(c, FAIL(c->arena, NOT_FOUND, "you have no session '%.*s'", STRF(given)), "claudemesh sessions");
}

static struct err *sessions_revoke_run(struct cli *c, const void *flags UNUSED)
{
	struct session_list_args list = { 0 };
	struct signed_in s = { 0 };
	str id;

	TRY(signed_in_need(c, &s));
	TRY(signed_in_failed(c, account_sessions(c->arena, &s.api, &list)));
	TRY(find(c, &list, c->args[0], &id));
	TRY(signed_in_failed(c, account_session_end(c->arena, &s.api, id)));
	if (c->out.json) {
		json_put_str(out_json(&c->out), "id", id);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "the session %.*s has ended", STRF(text_cut(id, ID_SHOWN)));
	return NULL;
}

const struct command sessions_command = {
	.name = "sessions",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_GATE(READ, "session", "list"),
	.run = sessions_run,
	.doc = "Lists where your account is signed in.",
	.fields = "id hostname platform arch kind address created_at last_seen_at expires_at current",
};

const struct command sessions_revoke_command = {
	.name = "sessions revoke",
	.arguments = "ID",
	.group = GROUP_SETUP,
	COMMAND_GATE(WRITE, "session", "revoke"),
	.run = sessions_revoke_run,
	.doc = "Ends a session of your account, by its id or the start of it.",
	.fields = "id",
};
