#include "client/api.h"

#include "json/text.h"
#include "net/http_client.h"
#include "net/url.h"

enum { QUOTE_MAX = 200 };

/* What a server's word means to the user, and what to do next. */
static const struct {
	const char *word;
	enum err_code code;
	const char *text;
} refusals[] = {
	{ "invite_bad_signature", ERR_UNAUTHORIZED,
	  "the broker says the invite's signature is wrong; ask for a new one" },
	{ "bad_signature", ERR_UNAUTHORIZED,
	  "the broker says a signature is wrong; ask for a new invite" },
	{ "invite_owner_mismatch", ERR_UNAUTHORIZED,
	  "the mesh has another owner than the invite says; ask for a new one" },
	{ "mesh_not_found", ERR_NOT_FOUND, "the broker has no such mesh, or it was deleted" },
	{ "mesh_missing_owner_key", ERR_CONFLICT,
	  "the mesh has no owner key; its owner must invite once more" },
	{ "invite_not_found", ERR_NOT_FOUND,
	  "the broker does not know this invite; check that the link is whole, or "
	  "ask for a new one" },
	{ "not_found", ERR_NOT_FOUND,
	  "the broker does not know this invite; check that the link is whole, or "
	  "ask for a new one" },
	{ "invite_mesh_mismatch", ERR_UNAUTHORIZED, "the invite is for another mesh" },
	{ "invite_revoked", ERR_GONE, "the invite was revoked; ask for a new one" },
	{ "revoked", ERR_GONE, "the invite was revoked; ask for a new one" },
	{ "invite_expired", ERR_GONE, "the invite has expired; ask for a new one" },
	{ "expired", ERR_GONE, "the invite has expired; ask for a new one" },
	{ "invite_exhausted", ERR_GONE,
	  "the invite was used as often as it may be; ask for a new one" },
	{ "exhausted", ERR_GONE, "the invite was used as often as it may be; ask for a new one" },
	{ "invite_v2_disabled", ERR_NOT_SUPPORTED,
	  "this broker does not take this kind of claim; ask for the long link "
	  "('claudemesh share --json' shows its token)" },
	{ "invalid_or_revoked_token", ERR_UNAUTHORIZED,
	  "your login has expired or was revoked; sign in again with 'claudemesh login', or "
	  "forget it with 'claudemesh logout'" },
	{ "rate_limit", ERR_RATE_LIMIT,
	  "the broker has had too many attempts from here; wait a minute" },
};

struct err *api_init(struct arena *a, str broker_url, struct api *ret_api)
{
	TRY(url_http_base(a, broker_url, &ret_api->base));
	ret_api->tls = NULL;
	ret_api->token = STR_NONE;
	return NULL;
}

static enum err_code code_of_status(int status)
{
	switch (status) {
	case 400: return ERR_BAD_REQUEST;
	case 401: return ERR_UNAUTHORIZED;
	case 403: return ERR_FORBIDDEN;
	case 404: return ERR_NOT_FOUND;
	case 409: return ERR_EXISTS;
	case 410: return ERR_GONE;
	case 413: return ERR_TOO_LARGE;
	case 429: return ERR_RATE_LIMIT;
	case 501: return ERR_NOT_SUPPORTED;
	case 502:
	case 503:
	case 504: return ERR_TRY_AGAIN;
	default: return status >= 500 ? ERR_INTERNAL : ERR_REFUSED;
	}
}

static const char *const call_names[] = {
	[API_MESH_CREATE] = "create the mesh",
	[API_INVITE_CREATE] = "make the invite",
	[API_INVITE_LOOKUP] = "look up the invite",
	[API_CLAIM] = "claim the invite",
	[API_JOIN] = "join the mesh",
};

/* Both dialects say the reason in "error"; ours adds "detail", a sentence. */
static struct err *refusal(struct arena *a, enum api_call call, int status, const struct json *tree)
{
	str word = json_get_str(tree, S("error"));
	str more = json_get_str(tree, S("detail"));
	struct err *e;

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (!str_eq(word, str_from(refusals[i].word)))
			continue;
		e = FAIL(a, REFUSED, "cannot %s: %s", call_names[call], refusals[i].text);
		e->code = refusals[i].code;
		return err_word(e, str_from(refusals[i].word));
	}
	if (str_empty(more))
		more = word;
	if (str_empty(more))
		e = FAIL(
			a, REFUSED,
			"cannot %s: the broker answered %d without a reason; is it a claudemesh broker?",
			call_names[call], status);
	else {
		more = text_quotable(a, more, QUOTE_MAX);
		e = FAIL(a, REFUSED, "cannot %s: the broker says: %.*s", call_names[call],
			 STRF(more));
	}
	e->code = code_of_status(status);
	/* Only what looks like a word can be one. */
	if (!str_empty(word) && word.len <= 40 && str_index(word, ' ') < 0)
		err_word(e, text_quotable(a, word, QUOTE_MAX));
	return e;
}

static const struct {
	const struct json_field *fields;
	size_t size;
} answers[] = {
	[API_MESH_CREATE] = { mesh_created_fields, sizeof(struct mesh_created_args) },
	[API_INVITE_CREATE] = { invite_created_fields, sizeof(struct invite_created_args) },
	[API_INVITE_LOOKUP] = { invite_code_fields, sizeof(struct invite_code_args) },
	[API_CLAIM] = { claimed_fields, sizeof(struct claimed_args) },
	[API_JOIN] = { joined_fields, sizeof(struct joined_args) },
};

struct err *api_answer(struct arena *a, enum api_call call, int status, str body, void *ret_args)
{
	const struct json *tree = NULL;
	struct err *bad = json_parse(a, body, &tree);

	if (bad || tree->type != JSON_OBJ)
		tree = NULL;
	if (call == API_INVITE_LOOKUP && tree && json_get(tree, S("found")) &&
	    !json_get_bool(tree, S("found")))
		return err_word(
			FAIL(a, NOT_FOUND,
			     "the broker has no live invite with this code: it has expired or was used "
			     "up, or the link is not whole; ask for a new one"),
			S("invite_not_found"));
	if (status != 200)
		return refusal(a, call, status, tree);
	if (!tree)
		return FAIL(a, REFUSED,
			    "cannot %s: the answer is not JSON; is it a claudemesh broker?",
			    call_names[call]);
	if (call == API_JOIN && !json_get_bool(tree, S("ok")))
		return refusal(a, call, status, tree);
	bad = json_decode(a, tree, answers[call].fields, ret_args, answers[call].size, NULL);
	if (bad)
		return FAIL(a, REFUSED, "cannot %s: the broker's answer makes no sense: %.*s",
			    call_names[call], STRF(bad->text));
	return NULL;
}

/* Who answered, though not as hoped, does run. */
static struct err *unreachable(struct arena *a, const struct api *api, enum api_call call,
			       const struct err *e)
{
	if (e->code == ERR_BAD_REQUEST || e->code == ERR_IO || str_eq(err_wire(e), S("tls")))
		return err_make(a, e->code, e->file, e->line, "cannot %s: %.*s", call_names[call],
				STRF(e->text));
	return err_make(a, e->code, e->file, e->line,
			"cannot %s: %.*s; is the broker at %.*s running?", call_names[call],
			STRF(e->text), STRF(api->base));
}

/* args NULL: a GET. */
static struct err *call_broker(struct arena *a, const struct api *api, enum api_call call, str path,
			       const struct json_field *fields, const void *args, void *ret_args)
{
	CLEANUP(buf_done) struct buf body = buf_make(BODY_BYTES_MAX);
	struct http_header headers[] = {
		{ S("Content-Type"), S("application/json") },
		{ S("Authorization"), arena_printf(a, "Bearer %.*s", STRF(api->token)) },
	};
	struct json_out out = json_out(&body);
	struct http_answer answer;
	struct http_spec spec = {
		.url = arena_printf(a, "%.*s%.*s", STRF(api->base), STRF(path)),
		.deadline_ms = API_DEADLINE_MS,
		.response_max = API_ANSWER_MAX,
		.tls = api->tls,
	};
	struct err *e;

	if (args) {
		json_obj(&out);
		json_encode(&out, fields, args);
		json_obj_end(&out);
		if (body.full)
			return FAIL(a, TOO_LARGE, "cannot %s: the request has more than %d bytes",
				    call_names[call], BODY_BYTES_MAX);
		spec.body = buf_str(&body);
		spec.headers = headers;
		spec.n_headers = api->token.len ? 2 : 1;
	}
	e = http_fetch(a, &spec, &answer);
	if (e)
		return unreachable(a, api, call, e);
	return api_answer(a, call, answer.status, answer.body, ret_args);
}

struct err *api_mesh_create(struct arena *a, const struct api *api,
			    const struct mesh_create_args *args, struct mesh_created_args *ret_made)
{
	return call_broker(a, api, API_MESH_CREATE, S("/cli/mesh/create"), mesh_create_fields, args,
			   ret_made);
}

struct err *api_invite_create(struct arena *a, const struct api *api, str slug,
			      const struct invite_create_args *args,
			      struct invite_created_args *ret_made)
{
	str escaped = url_encode(a, slug);

	return call_broker(a, api, API_INVITE_CREATE,
			   arena_printf(a, "/cli/mesh/%.*s/invite", STRF(escaped)),
			   invite_create_fields, args, ret_made);
}

struct err *api_invite_lookup(struct arena *a, const struct api *api, str code,
			      struct invite_code_args *ret_invite)
{
	str escaped = url_encode(a, code);

	return call_broker(a, api, API_INVITE_LOOKUP,
			   arena_printf(a, "/api/public/invite-code/%.*s", STRF(escaped)), NULL,
			   NULL, ret_invite);
}

struct err *api_claim(struct arena *a, const struct api *api, str code,
		      const struct claim_args *args, struct claimed_args *ret_claimed)
{
	str escaped = url_encode(a, code);

	return call_broker(a, api, API_CLAIM, arena_printf(a, "/invites/%.*s/claim", STRF(escaped)),
			   claim_fields, args, ret_claimed);
}

struct err *api_join(struct arena *a, const struct api *api, const struct join_args *args,
		     struct joined_args *ret_joined)
{
	return call_broker(a, api, API_JOIN, S("/join"), join_fields, args, ret_joined);
}
