#include "client/account.h"

#include "client/account_internal.h"
#include "client/file.h"
#include "client/json_file.h"
#include "crypto/encode.h"
#include "json/text.h"
#include "net/http_client.h"
#include "net/url.h"

enum { TOKEN_MIN = 51, QUOTE_MAX = 200 };

/* ---- auth.json ---- */

static str auth_path(struct arena *a, const struct paths *p)
{
	return arena_printf(a, "%.*s/auth.json", STRF(p->dir));
}

struct err *auth_load(struct arena *a, const struct paths *p, struct auth_args *ret_auth)
{
	bool found;
	struct err *e = json_file_load(a, auth_path(a, p), auth_fields, ret_auth, sizeof(*ret_auth), &found);

	if (!e || (e->code != ERR_BAD_JSON && e->code != ERR_BAD_REQUEST))
		return e;
	*ret_auth = (struct auth_args){ 0 };
	return NULL;
}

struct err *auth_save(struct arena *a, const struct paths *p, const struct auth_args *auth)
{
	TRY(paths_make(a, p));
	return json_file_save(a, auth_path(a, p), auth_fields, auth);
}

struct err *auth_remove(struct arena *a, const struct paths *p)
{
	return file_remove(a, auth_path(a, p));
}

bool auth_looks_like_token(str text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
		dots += text.ptr[i] == '.';
	}
	return dots == 2 && text.len >= TOKEN_MIN && text.len <= BODY_BYTES_MAX / 2;
}

i64 auth_ends_ms(struct arena *a, str token)
{
	const struct json *claims;
	str part, payload;
	i64 exp;

	if (!str_cut(&token, '.', &part) || !str_cut(&token, '.', &part) || !base64url_decode(a, part, &payload) ||
	    json_parse(a, payload, &claims))
		return 0;
	exp = json_get_int(claims, S("exp"), 0);
	return exp > INT64_MAX / 1000 ? INT64_MAX : exp < INT64_MIN / 1000 ? INT64_MIN : exp * 1000;
}

struct err *auth_token_for(struct arena *a, const struct paths *p, str broker_url, str *ret_token)
{
	struct auth_args auth;
	str base;

	*ret_token = STR_NONE;
	TRY(auth_load(a, p, &auth));
	if (!auth.session_token.len || !auth.broker.len)
		return NULL;
	TRY(url_http_base(a, broker_url, &base));
	if (str_eq(base, auth.broker))
		*ret_token = auth.session_token;
	return NULL;
}

/* ---- calls ---- */

struct ask {
	const char *what;             /* "sign in" */
	str path;
	bool with_token;
	const struct json_field *fields; /* NULL: a GET */
	const void *args;
	const struct json_field *reply_fields;
	void *ret;
	size_t ret_size;
};

static const struct { int status; enum err_code code; } codes[] = {
	{ 400, ERR_BAD_REQUEST }, { 401, ERR_UNAUTHORIZED }, { 403, ERR_FORBIDDEN }, { 404, ERR_NOT_FOUND },
	{ 409, ERR_CONFLICT },    { 410, ERR_GONE },         { 413, ERR_TOO_LARGE }, { 429, ERR_RATE_LIMIT },
	{ 501, ERR_NOT_SUPPORTED }, { 502, ERR_NETWORK },    { 503, ERR_TRY_AGAIN }, { 504, ERR_TIMEOUT },
};

static enum err_code code_of(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status >= 500 ? ERR_TRY_AGAIN : ERR_REFUSED;
}

static struct err *refusal(struct arena *a, const struct ask *q, int status, const struct json *tree)
{
	str word = json_get_str(tree, S("error")), more = json_get_str(tree, S("detail"));
	struct err *e;

	if (!more.len)
		more = word;
	if (!more.len)
		e = FAIL(a, REFUSED, "cannot %s: the broker answered %d; does it have accounts?", q->what, status);
	else
		e = FAIL(a, REFUSED, "cannot %s: %.*s", q->what, STRF(text_quotable(a, more, QUOTE_MAX)));
	e->code = code_of(status);
	return e;
}

static struct err *decode(struct arena *a, const struct ask *q, int status, str body)
{
	const struct json *tree = NULL;
	struct err *bad = json_parse(a, body, &tree);

	if (bad || tree->type != JSON_OBJ)
		tree = NULL;
	if (status != 200)
		return refusal(a, q, status, tree);
	bad = tree ? json_decode(a, tree, q->reply_fields, q->ret, q->ret_size, NULL)
		   : FAIL(a, REFUSED, "it is not JSON");
	return bad ? FAIL(a, REFUSED, "cannot %s: the broker's answer makes no sense: %.*s", q->what, STRF(bad->text))
		   : NULL;
}

static struct err *ask(struct arena *a, const struct api *api, const struct ask *q)
{
	CLEANUP(buf_done) struct buf body = buf_make(BODY_BYTES_MAX);
	struct http_header headers[2] = { { S("Content-Type"), S("application/json") } };
	struct json_out out = json_out(&body);
	struct http_answer answer;
	struct http_spec spec = {
		.url = arena_printf(a, "%.*s%.*s", STRF(api->base), STRF(q->path)),
		.headers = headers, .n_headers = 1, .deadline_ms = API_DEADLINE_MS,
		.response_max = API_ANSWER_MAX, .tls = api->tls,
	};
	struct err *e;

	if (q->with_token)
		headers[spec.n_headers++] = (struct http_header){
			S("Authorization"), arena_printf(a, "Bearer %.*s", STRF(api->token)) };
	if (q->fields) {
		json_obj(&out);
		json_encode(&out, q->fields, q->args);
		json_obj_end(&out);
		spec.body = buf_str(&body);
	}
	e = http_fetch(a, &spec, &answer);
	if (e)
		return err_make(a, e->code, e->file, e->line, "cannot %s: %.*s; is the broker at %.*s running?",
				q->what, STRF(e->text), STRF(api->base));
	return decode(a, q, answer.status, answer.body);
}

#define REPLY(id, ret_) .reply_fields = id##_fields, .ret = ret_, .ret_size = sizeof(*(ret_))

struct err *account_login(struct arena *a, const struct api *api, const struct device_login_args *facts,
			  struct device_login_started_args *ret_started)
{
	return ask(a, api, &(struct ask){ "start the login", S("/cli/device-code"), false, device_login_fields, facts,
					  REPLY(device_login_started, ret_started) });
}

struct err *account_poll(struct arena *a, const struct api *api, str device_code,
			 struct device_login_polled_args *ret_polled)
{
	return ask(a, api, &(struct ask){ "ask for the login",
		arena_printf(a, "/cli/device-code/%.*s", STRF(url_encode(a, device_code))), false, NULL, NULL,
		REPLY(device_login_polled, ret_polled) });
}

struct err *account_profile(struct arena *a, const struct api *api, struct profile_data_args *ret_profile)
{
	return ask(a, api, &(struct ask){ "look at your account", S("/api/my/profile"), true, NULL, NULL,
					  REPLY(profile_data, ret_profile) });
}

struct err *account_meshes(struct arena *a, const struct api *api, struct cli_mesh_data_args *ret_meshes)
{
	return ask(a, api, &(struct ask){ "list your meshes", S("/cli/meshes"), true, NULL, NULL,
					  REPLY(cli_mesh_data, ret_meshes) });
}

struct err *account_sessions(struct arena *a, const struct api *api, struct session_list_args *ret_sessions)
{
	return ask(a, api, &(struct ask){ "list your sessions", S("/cli/sessions"), true, NULL, NULL,
					  REPLY(session_list, ret_sessions) });
}

struct err *account_session_end(struct arena *a, const struct api *api, str id)
{
	static const struct session_revoke_args none = { 0 };
	struct account_ok_args ok;

	return ask(a, api, &(struct ask){ "revoke the session",
		arena_printf(a, "/cli/sessions/%.*s/revoke", STRF(url_encode(a, id))), true,
		session_revoke_fields, &none, REPLY(account_ok, &ok) });
}

struct err *account_logout(struct arena *a, const struct api *api, bool *ret_found)
{
	const struct session_revoke_args args = { .token = api->token };
	struct account_ok_args ok = { 0 };

	TRY(ask(a, api, &(struct ask){ "revoke the session", S("/cli/session/revoke"), false, session_revoke_fields,
				       &args, REPLY(account_ok, &ok) }));
	*ret_found = ok.found;
	return NULL;
}

struct err *account_sync_call(struct arena *a, const struct api *api, const struct cli_sync_args *args,
			      struct cli_synced_args *ret_synced)
{
	return ask(a, api, &(struct ask){ "sync the mesh", S("/cli-sync"), true, cli_sync_fields, args,
					  REPLY(cli_synced, ret_synced) });
}
