#include "cli/account.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

#include <stdlib.h>

/* Who is signed in, as the broker says now. A login that is over stays where it is until the user
 * acts, and so does one that could not be looked at (B12). */
struct login_state {
	struct signed_in in;
	bool is_good, is_over;        /* neither: nobody knows */
	struct cli_mesh_data_args meshes;
	str why;                      /* it could not be looked at */
};

static struct err *look(struct cli *c, struct login_state *l)
{
	struct profile_data_args profile;
	i64 ends_ms;
	struct err *e;

	*l = (struct login_state){ 0 };
	TRY(signed_in_find(c, &l->in));
	if (!l->in.auth.session_token.len)
		return NULL;
	ends_ms = auth_ends_ms(c->arena, l->in.auth.session_token);
	l->is_over = ends_ms && ends_ms <= clock_ms(l->in.client.clock);
	if (l->is_over)
		return NULL;
	out_busy(&c->out, "asking the broker");
	e = account_profile(c->arena, &l->in.api, &profile);
	if (!e) {
		l->in.auth.user = (struct session_user_args){ true, profile.id, profile.display_name, profile.email };
		e = account_meshes(c->arena, &l->in.api, &l->meshes);
	}
	l->is_good = !e;
	l->is_over = e && e->code == ERR_UNAUTHORIZED;
	l->why = e ? e->text : STR_NONE;
	return NULL;
}

static const char *state_of(const struct login_state *l)
{
	return l->is_good ? "signed in" : l->is_over ? "expired or revoked" : "not known: the broker does not answer";
}

static void login_json(struct json_out *j, const struct login_state *l)
{
	const struct session_user_args *u = &l->in.auth.user;

	json_put_bool(j, "signed_in", l->is_good);
	if (!l->in.auth.session_token.len)
		return;
	json_put_str(j, "login", str_from(state_of(l)));
	json_put_str(j, "token_source", l->in.auth.token_source);
	json_key(j, S("user"));
	json_obj(j);
	json_put_str(j, "id", u->id);
	json_put_str(j, "display_name", u->display_name);
	json_put_str(j, "email", u->email);
	json_obj_end(j);
}

static void login_print(struct cli *c, const struct login_state *l)
{
	const struct session_user_args *u = &l->in.auth.user;
	i64 owned = 0;

	if (!l->in.auth.session_token.len)
		return;
	for (size_t i = 0; i < l->meshes.meshes.n; i++)
		owned += l->meshes.meshes.items[i].is_owner;
	out_section(&c->out, "account");
	out_kv(&c->out,
	       (struct kv[]){ { "name", u->display_name },
			      { "email", u->email },
			      { "login", str_from(state_of(l)) },
			      { "broker", l->in.api.base },
			      { "meshes", l->is_good ? arena_printf(c->arena, "%lld yours, %lld of others", (long long)owned,
								    (long long)((i64)l->meshes.meshes.n - owned))
						     : STR_NONE } },
	       5);
	out_end(&c->out);
	if (l->is_over)
		out_hint(&c->out, "claudemesh login   signs in again; claudemesh logout forgets this one");
	else if (!l->is_good)
		out_warn(&c->out, STR_NONE, "%.*s", STRF(l->why));
}

static void whoami_json(struct cli *c, const struct client *client,
			const struct config_args *config, str who,
			const struct config_mesh_args *only, const struct json *session,
			const struct login_state *login)
{
	struct json_out *j = out_json(&c->out);

	if (session) {
		json_key(j, S("session"));
		json_value(j, session);
	}

	login_json(j, login);
	json_put_str(j, "displayName", who);
	json_put_str(j, "configDir", client->paths->dir);
	out_json_list(&c->out, "meshes");
	for (size_t i = 0; i < config->meshes.n; i++) {
		const struct config_mesh_args *m = &config->meshes.items[i];

		if (only && m != only)
			continue;
		json_obj(j);
		json_put_str(j, "slug", m->slug);
		json_put_str(j, "id", m->meshId);
		json_put_str(j, "memberId", m->memberId);
		json_put_str(j, "pubkey", m->pubkey);
		json_put_str(j, "broker", m->brokerUrl);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
	out_json_end(&c->out);
}

/* The session that this program runs in, as the daemon knows it; NULL outside of one. */
static const struct json *own_session(struct cli *c)
{
	struct warm w;
	const struct json *body;
	struct err *e;

	if (!getenv("CLAUDEMESH_IPC_TOKEN") && !getenv("CLAUDEMESH_IPC_TOKEN_FILE"))
		return NULL;
	e = warm_look(c, &w);
	if (!e && w.is_up)
		e = warm_get(c, &w, S("/v1/sessions/me"), &body);
	if (e)
		out_note(&c->out, "this session is not known to the daemon: %.*s", STRF(e->text));
	return e || !w.is_up ? NULL : json_get(body, S("session"));
}

static void session_print(struct cli *c, const struct json *session)
{
	out_section(&c->out, "this session");
	out_kv(&c->out,
	       (struct kv[]){ { "name", json_get_str(session, S("displayName")) },
			      { "mesh", json_get_str(session, S("mesh")) },
			      { "key", json_get_str(session, S("pubkey")) },
			      { "id", json_get_str(session, S("sessionId")) },
			      { "role", json_get_str(session, S("role")) },
			      { "directory", json_get_str(session, S("cwd")) } },
	       6);
}

static struct err *whoami_run(struct cli *c, const void *flags UNUSED)
{
	const struct config_mesh_args *only = NULL;
	const struct json *session;
	struct client client;
	struct config_args config;
	struct login_state login;
	str who;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	if (!str_empty(c->global.mesh))
		TRY(config_find_mesh(c->arena, &config, c->global.mesh, &only));
	who = config_who(c->arena, &config, STR_NONE);
	session = own_session(c);
	TRY(look(c, &login));
	if (c->out.json) {
		whoami_json(c, &client, &config, who, only, session, &login);
		return NULL;
	}
	out_kv(&c->out, (struct kv[]){ { "name", who }, { "files", client.paths->dir } }, 2);
	if (session)
		session_print(c, session);
	login_print(c, &login);
	for (size_t i = 0; i < config.meshes.n; i++) {
		const struct config_mesh_args *m = &config.meshes.items[i];

		if (only && m != only)
			continue;
		out_section(&c->out, "%.*s", STRF(m->slug));
		out_kv(&c->out,
		       (struct kv[]){ { "key", m->pubkey },
				      { "member", m->memberId },
				      { "mesh", m->meshId },
				      { "broker", m->brokerUrl } },
		       4);
	}
	if (config.meshes.n == 0)
		out_hint(&c->out,
			 "you are in no mesh yet: claudemesh join LINK, or claudemesh create NAME");
	return NULL;
}

const struct command whoami_command = {
	.name = "whoami",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = whoami_run,
	.doc = "Shows your name and public keys, never a secret.",
	.fields = "slug id memberId pubkey broker",
};
