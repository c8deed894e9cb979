/*
 * admin_user.c - what the operator sees of people and does to them, over the socket in the data
 * directory only.
 *
 * Who is blocked is signed in nowhere and cannot sign in. Members that were that person's stay members
 * of their meshes, whose admins ban whom they do not want.
 */
#include "proto/admin.h"

#include "base/email.h"
#include "base/log.h"
#include "engine/account.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "proto/account.h"

static struct err *find_account(struct req *rq, str given, struct account_row **ret_account)
{
	str email = email_normal(rq->arena, str_trim(given));

	TRY(store_account_by_email(rq->engine->store, rq->arena, email, ret_account));
	if (!*ret_account)
		return FAIL(rq->arena, NOT_FOUND, "nobody has signed in with '%.*s'", STRF(email));
	return NULL;
}

static struct err *admin_users_run(struct req *rq, const void *args)
{
	const struct admin_users_asked_args *in = args;
	struct engine *e = rq->engine;
	struct admin_users_listed_args out = { .users = { .present = true } };
	struct account_listed *rows;
	size_t n;

	TRY(store_accounts(e->store, rq->arena, in->after.ptr ? in->after : S(""), e->now_ms, ADMIN_USERS_PAGE + 1,
			   &rows, &n));
	if (n > ADMIN_USERS_PAGE) {
		n = ADMIN_USERS_PAGE;
		out.next = rows[n - 1].account.email;
	}
	out.users.items = NEW_ARRAY(rq->arena, struct admin_user_args, n);
	for (size_t i = 0; i < n; i++) {
		const struct account_row *r = &rows[i].account;

		out.users.items[out.users.n++] = (struct admin_user_args){
			.id = r->id, .email = r->email, .name = r->name, .sessions = rows[i].n_sessions,
			.members = rows[i].n_members, .created_at = time_iso(rq->arena, r->created_ms),
			.blocked_at = r->blocked_ms ? time_iso(rq->arena, r->blocked_ms) : STR_NONE,
		};
	}
	req_answer(rq, 200, admin_users_listed_fields, &out);
	return NULL;
}

static struct err *admin_user_block_run(struct req *rq, const void *args)
{
	const struct admin_email_args *in = args;
	struct engine *e = rq->engine;
	struct account_row *account;
	struct admin_user_set_args out = { .blocked = true };

	TRY(find_account(rq, in->email, &account));
	out.email = account->email;
	TRY(store_session_count(e->store, rq->arena, account->id, e->now_ms, &out.sessions_ended));
	store_sessions_revoke_of(e->store, account->id, e->now_ms);
	store_login_code_drop(e->store, account->email);
	if (!account->blocked_ms)
		store_account_block(e->store, account->id, e->now_ms);
	log_info("the operator blocked an account", LOG_S("account", account->id));
	req_answer(rq, 200, admin_user_set_fields, &out);
	return NULL;
}

static struct err *admin_user_unblock_run(struct req *rq, const void *args)
{
	const struct admin_email_args *in = args;
	struct account_row *account;

	TRY(find_account(rq, in->email, &account));
	store_account_block(rq->engine->store, account->id, 0);
	log_info("the operator unblocked an account", LOG_S("account", account->id));
	req_answer(rq, 200, admin_user_set_fields, &(struct admin_user_set_args){ .email = account->email });
	return NULL;
}

static struct err *admin_sessions_run(struct req *rq, const void *args)
{
	const struct admin_email_args *in = args;
	struct engine *e = rq->engine;
	struct session_list_args out = { .sessions = { .present = true } };
	struct account_session_row *rows;
	struct account_row *account;
	size_t n;

	TRY(find_account(rq, in->email, &account));
	TRY(store_sessions(e->store, rq->arena, account->id, e->now_ms, SESSIONS_PER_ACCOUNT_MAX, &rows, &n));
	out.sessions.items = NEW_ARRAY(rq->arena, struct session_entry_args, n);
	for (size_t i = 0; i < n; i++)
		out.sessions.items[out.sessions.n++] = (struct session_entry_args){
			.id = rows[i].id, .hostname = rows[i].hostname, .platform = rows[i].platform,
			.arch = rows[i].arch, .kind = rows[i].kind, .address = rows[i].address,
			.last_seen_at = rows[i].seen_ms ? time_iso(rq->arena, rows[i].seen_ms) : STR_NONE,
			.created_at = time_iso(rq->arena, rows[i].created_ms),
			.expires_at = time_iso(rq->arena, rows[i].expires_ms),
		};
	req_answer(rq, 200, session_list_fields, &out);
	return NULL;
}

static struct err *admin_session_revoke_run(struct req *rq, const void *args)
{
	const struct admin_session_args *in = args;
	struct engine *e = rq->engine;
	struct account_session_row *session;

	TRY(store_session(e->store, rq->arena, in->id, &session));
	if (!session || session->revoked_ms || session->expires_ms <= e->now_ms)
		return FAIL(rq->arena, NOT_FOUND, "no session '%.*s' is open", STRF(in->id));
	store_session_revoke(e->store, session->id, e->now_ms);
	log_info("the operator ended a session", LOG_S("account", session->account), LOG_S("session", session->id));
	req_answer(rq, 200, admin_session_ended_fields, &(struct admin_session_ended_args){ session->id });
	return NULL;
}

const struct op msg_admin_user[] = {
	OP("admin_users", OP_CALL | OP_ADMIN, admin_users_asked, NULL, admin_users_run, "", admin_users_listed_fields,
	   "Lists the accounts, for the operator."),
	OP("admin_user_block", OP_CALL | OP_ADMIN, admin_email, NULL, admin_user_block_run, "", admin_user_set_fields,
	   "Ends every session of an account and lets it sign in no more."),
	OP("admin_user_unblock", OP_CALL | OP_ADMIN, admin_email, NULL, admin_user_unblock_run, "",
	   admin_user_set_fields, "Lets it sign in again."),
	OP("admin_sessions", OP_CALL | OP_ADMIN, admin_email, NULL, admin_sessions_run, "", session_list_fields,
	   "Lists where an account is signed in."),
	OP("admin_session_revoke", OP_CALL | OP_ADMIN, admin_session, NULL, admin_session_revoke_run, "",
	   admin_session_ended_fields, "Ends one of them."),
	{ 0 }
};
