#include "broker/account.h"

#include "engine/account.h"
#include "json/json.h"
#include "net/url.h"

enum { LEGACY_BODY_MAX = 1024 };

/* The reference takes it from the query where there is no body. */
static struct err *body_of_query(struct server_request *rq, str *ret_body)
{
	CLEANUP(buf_done) struct buf b = buf_make(LEGACY_BODY_MAX);
	struct json_out o = json_out(&b);
	str id = STR_NONE;

	if (!rq->head->query.ptr)
		return NULL;
	TRY(url_query_get(rq->arena, rq->head->query, S("user_id"), &id));
	if (!id.len || !str_is_utf8(id))
		return NULL;
	json_obj(&o);
	json_put_str(&o, "user_id", id);
	json_obj_end(&o);
	if (!b.full)
		*ret_body = arena_dup(rq->arena, buf_str(&b));
	return NULL;
}

struct err *account_call_take(struct http *h, struct server_request *rq, const struct op *op,
			      struct account_call *ret_call)
{
	str given = http_header_get(rq->head, S("authorization"));
	struct http_note *note = rq->user;

	*ret_call = (struct account_call){ .body = rq->body };
	if (!(op->flags & (OP_ACCOUNT | OP_MAY_ACCOUNT)))
		return NULL;
	if (!given.ptr && h->env.legacy_auth && !(op->flags & OP_BROWSER)) {
		ret_call->legacy = note->legacy = true;
		return rq->body.len ? NULL : body_of_query(rq, &ret_call->body);
	}
	if (!given.ptr && op->flags & OP_MAY_ACCOUNT)
		return NULL;
	/* A program of this machine needs none; the reference's sends the token of another service. */
	if (op->flags & OP_MAY_ACCOUNT && policy_may_invite(h->env.policy, rq) &&
	    session_take(rq->arena, h->env.login_secret, given, clock_ms(h->env.clock), &ret_call->session)) {
		ret_call->session = (struct session_proof){ 0 };
		return NULL;
	}
	return session_take(rq->arena, h->env.login_secret, given, clock_ms(h->env.clock), &ret_call->session);
}

size_t account_headers(const struct http_note *note, int status, struct http_header *ret_headers)
{
	if (!note->legacy || status >= 400)
		return 0;
	ret_headers[0] = (struct http_header){ S("Deprecation"),
					       S("version=\"legacy-body-userid\"; sunset=\"2026-05-15\"") };
	ret_headers[1] = (struct http_header){ S("Warning"),
					       S("299 - \"body.user_id auth is deprecated; send Authorization: "
						 "Bearer <session_token>\"") };
	return 2;
}
