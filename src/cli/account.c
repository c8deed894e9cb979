#include "cli/account.h"

struct err *signed_in_find(struct cli *c, struct signed_in *s)
{
	TRY(context_user(c, &s->client));
	TRY(auth_load(c->arena, s->client.paths, &s->auth));
	if (!s->auth.session_token.len)
		return NULL;
	TRY(api_init(c->arena, s->auth.broker.len ? s->auth.broker : S(BROKER_URL_DEFAULT), &s->api));
	s->api.tls = s->client.tls;
	s->api.token = s->auth.session_token;
	return NULL;
}

struct err *signed_in_need(struct cli *c, struct signed_in *s)
{
	TRY(signed_in_find(c, s));
	if (s->auth.session_token.len)
		return NULL;
	return cli_hint(c, FAIL(c->arena, UNAUTHORIZED, "you are not signed in"), "claudemesh login");
}

struct err *signed_in_failed(struct cli *c, struct err *e)
{
	if (e && e->code == ERR_UNAUTHORIZED)
		return cli_hint(c, FAIL(c->arena, UNAUTHORIZED, "your login has expired or was revoked"),
				"claudemesh login   signs in again");
	return e;
}
