/*
 * account.c - what who is signed in may see and end: sessions, tokens to paste, the profile; and
 * the link between a member and its account, made over the member's own connection.
 */
#include "proto/account.h"

#include "base/log.h"
#include "engine/account.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/tally.h"

/* ---- tokens and sessions ---- */

static struct err *cli_token_run(struct req *rq, const void *args)
{
	const struct device_login_args *in = args;
	struct session_facts facts = { session_fact(in->hostname, "paste-token"), session_fact(in->platform, "unknown"),
				       session_fact(in->arch, "unknown"), str_from(rq->event->address) };
	struct token_made_args out = { 0 };

	TRY(session_new(rq, rq->account, SESSION_TOKEN, &facts, &out.token, NULL));
	out.expires_at = time_iso(rq->arena, rq->engine->now_ms + SESSION_DAYS * ACCOUNT_DAY_MS);
	log_info("a token was made", LOG_S("account", rq->account->id), LOG_S("address", facts.address));
	req_answer(rq, 200, token_made_fields, &out);
	return NULL;
}

/* For 15 minutes and one use. What it is good for is looked up then: the page has no say (A2). */
static struct err *sync_token_run(struct req *rq, const void *args)
{
	const struct sync_token_args *in = args;
	struct session_facts facts = { S("sync"), S(""), S(""), str_from(rq->event->address) };
	struct token_made_args out = { 0 };

	if (in->action.len && !str_eq(in->action, S("sync")))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'action': 'sync'; a mesh is made by its own call"),
				S("action must be \"sync\""));
	TRY(session_new(rq, rq->account, SESSION_SYNC, &facts, &out.token, NULL));
	out.expires_at = time_iso(rq->arena, rq->engine->now_ms + SYNC_TOKEN_MS);
	req_answer(rq, 200, token_made_fields, &out);
	return NULL;
}

/* Who has a token may end it. */
static struct err *session_revoke_run(struct req *rq, const void *args)
{
	const struct session_revoke_args *in = args;
	struct engine *e = rq->engine;
	struct account_session_row *session = NULL;
	struct session_proof proof;

	if (!in->token.len)
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'token' is missing"), S("token required"));
	if (!session_take_token(rq->arena, e->settings.login_secret, in->token, e->now_ms, &proof))
		TRY(session_find(rq, &proof, &session));
	if (session) {
		store_session_revoke(e->store, session->id, e->now_ms);
		log_info("signed out", LOG_S("account", session->account));
	}
	req_answer(rq, 200, account_ok_fields, &(struct account_ok_args){ .ok = true, .found = session != NULL });
	return NULL;
}

static struct err *session_list_run(struct req *rq, const void *args UNUSED)
{
	struct engine *e = rq->engine;
	struct session_list_args out = { 0 };
	struct account_session_row *rows;
	size_t n;

	TRY(store_sessions(e->store, rq->arena, rq->account->id, e->now_ms, SESSIONS_PER_ACCOUNT_MAX, &rows, &n));
	out.sessions = (struct session_entry_list){ NEW_ARRAY(rq->arena, struct session_entry_args, n), n, true };
	for (size_t i = 0; i < n; i++)
		out.sessions.items[i] = (struct session_entry_args){
			.id = rows[i].id, .hostname = rows[i].hostname, .platform = rows[i].platform,
			.arch = rows[i].arch, .kind = rows[i].kind, .address = rows[i].address,
			.last_seen_at = rows[i].seen_ms ? time_iso(rq->arena, rows[i].seen_ms) : STR_NONE,
			.created_at = time_iso(rq->arena, rows[i].created_ms),
			.expires_at = time_iso(rq->arena, rows[i].expires_ms),
			.current = rq->session && str_eq(rq->session->id, rows[i].id),
		};
	req_answer(rq, 200, session_list_fields, &out);
	return NULL;
}

/* One's own, by the id that the list shows. */
static struct err *session_end_run(struct req *rq, const void *args UNUSED)
{
	struct engine *e = rq->engine;
	struct account_session_row *session = NULL;
	str id = event_param(rq->event);

	if (id.len == ID_LEN)
		TRY(store_session(e->store, rq->arena, id, &session));
	if (!session || !str_eq(session->account, rq->account->id))
		return FAIL(rq->arena, NOT_FOUND, "you have no such session");
	store_session_revoke(e->store, session->id, e->now_ms);
	log_info("a session was revoked", LOG_S("account", rq->account->id), LOG_S("session", id));
	req_answer(rq, 200, account_ok_fields,
		   &(struct account_ok_args){ .ok = true, .found = session->revoked_ms == 0 });
	return NULL;
}

/* ---- profile ---- */

static void answer_profile(struct req *rq, const struct account_row *account)
{
	req_answer(rq, 200, profile_data_fields, &(struct profile_data_args){
		.id = account->id, .email = account->email, .name = account->name,
		.display_name = account_shown(account), .created_at = time_iso(rq->arena, account->created_ms),
		.expires_at = rq->session ? time_iso(rq->arena, rq->session->expires_ms) : STR_NONE,
	});
}

static struct err *profile_get_run(struct req *rq, const void *args UNUSED)
{
	answer_profile(rq, rq->account);
	return NULL;
}

static struct err *profile_set_run(struct req *rq, const void *args)
{
	const struct profile_name_args *in = args;
	struct account_row account = *rq->account;

	account.name = str_trim(in->name);
	if (!name_is_printable(account.name))
		return FAIL(rq->arena, BAD_REQUEST, "field 'name': has control characters");
	store_account_name_set(rq->engine->store, account.id, account.name);
	answer_profile(rq, &account);
	return NULL;
}

/* ---- the link ---- */

/* The connection has proved the member's key, the token says whose account. */
static struct err *account_link_run(struct req *rq, const void *args)
{
	const struct account_link_args *in = args;
	struct engine *e = rq->engine;
	struct member *member = rq->from->member;
	struct account_session_row *session = NULL;
	struct account_row *account = NULL;
	struct session_proof proof;

	if (rq->from->session || member->device_of)
		return FAIL(rq->arena, FORBIDDEN, "only the member itself links its account, no session or device of it");
	TRY(session_take_token(rq->arena, e->settings.login_secret, in->token, e->now_ms, &proof));
	TRY(session_find(rq, &proof, &session));
	if (session && proof.kind != SESSION_SYNC)
		TRY(store_account(e->store, rq->arena, session->account, &account));
	if (!account)
		return err_word(FAIL(rq->arena, UNAUTHORIZED, "the session token is not valid, has expired or was revoked; "
				     "sign in again"), S("invalid_or_revoked_token"));
	rq->account = account;
	TRY(account_link(rq, member->mesh, member));
	req_send(rq, "account_linked", account_linked_fields, &(struct account_linked_args){
		.accountId = account->id, .email = account->email, ._reqId = in->_reqId });
	return NULL;
}

#define NO_ARGS(F, T) F(T, any, unused, OPT, 0, 0, "the path says it all; who asks, the token")
JSON_ARGS(account_name, NO_ARGS);

const struct op msg_account[] = {
	OP("cli_token", OP_CALL | OP_ACCOUNT | OP_BROWSER | OP_OWN_PAGE, device_login, NULL, cli_token_run, "",
	   token_made_fields, "Makes a token to paste into a terminal."),
	OP("cli_sync_token", OP_CALL | OP_ACCOUNT | OP_BROWSER | OP_OWN_PAGE, sync_token, NULL, sync_token_run, "",
	   token_made_fields, "Makes a token for one /cli-sync, within 15 minutes."),
	OP("session_revoke", OP_CALL, session_revoke, NULL, session_revoke_run, "", account_ok_fields,
	   "Ends the session of a token."),
	OP("session_list", OP_CALL | OP_ACCOUNT, account_name, NULL, session_list_run, "", session_list_fields,
	   "Lists where the account is signed in."),
	OP("session_end", OP_CALL | OP_ACCOUNT | OP_OWN_PAGE, account_name, NULL, session_end_run, "",
	   account_ok_fields, "Ends one of those sessions."),
	OP("profile_get", OP_CALL | OP_ACCOUNT, account_name, NULL, profile_get_run, "", profile_data_fields,
	   "Tells whose account it is."),
	OP("profile_set", OP_CALL | OP_ACCOUNT | OP_OWN_PAGE, profile_name, NULL, profile_set_run, "",
	   profile_data_fields, "Gives the account a name."),
	OP("account_link", OP_FRAME, account_link, NULL, account_link_run, "account_linked",
	   account_linked_fields,
	   "Says whose account the member of this connection is."),
	{ 0 }
};
