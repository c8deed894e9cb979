/*
 * login_device.c - a program is signed in by its user's browser (http-data-web.md 4.2 to 4.4).
 *
 * The program knows the device code; the browser has the session id, from the address that the
 * program opened, and both show the user code. Only who is signed in in a browser approves, after
 * having seen what asks and from where (A1, A10). The token is made at the first poll after that. The
 * same poll is given it again until it is used, or LOGIN_REPEAT_MS (C10); meanwhile the store has it
 * sealed, for that device code (A14).
 */
#include "proto/account.h"

#include "base/log.h"
#include "crypto/jwt.h"
#include "crypto/secret.h"
#include "crypto/secretbox.h"
#include "engine/account.h"
#include "engine/msg/msg.h"
#include "engine/tally.h"

_Static_assert((int)MAC_BYTES == (int)SECRET_KEY_BYTES, "a code serves as a key");

/* Nothing that looks like another. */
#define ALPHABET S("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
#define SESSION_START "clm_sess_"
_Static_assert(sizeof(SESSION_START) - 1 + 32 == SESSION_ID_LEN, "length of a session id");

static str digest_of(struct arena *a, str device_code)
{
	u8 digest[DIGEST_BYTES];

	jwt_digest(device_code, digest);
	return arena_dup(a, str_of(digest, sizeof(digest)));
}

/* ---- start ---- */

static struct err *charge_start(struct req *rq)
{
	struct engine *e = rq->engine;
	str from = str_from(rq->event->address);

	TRY(tally_check(rq, "login-start", from, LOGIN_DEVICES_PER_HOUR, LOGIN_DEVICES_BURST,
			"too many logins were started from your address; wait a little"));
	/* Those that wait are rows: there is a bound to them, whoever asks. */
	TRY(tally_check(rq, "login-starts", S("all"), LOGIN_DEVICES_ALL_PER_MINUTE * 60,
			LOGIN_DEVICES_ALL_PER_MINUTE, "too many logins are being started; wait a minute"));
	tally_take(e, "login-start", from, LOGIN_DEVICES_PER_HOUR, LOGIN_DEVICES_BURST);
	tally_take(e, "login-starts", S("all"), LOGIN_DEVICES_ALL_PER_MINUTE * 60, LOGIN_DEVICES_ALL_PER_MINUTE);
	return NULL;
}

static struct err *device_login_run(struct req *rq, const void *args)
{
	const struct device_login_args *in = args;
	struct engine *e = rq->engine;
	struct arena *a = rq->arena;
	str device_code = secret_dup(a, id_from_alphabet(a, e->random, ALPHABET, DEVICE_CODE_LEN));
	str user = id_from_alphabet(a, e->random, ALPHABET, USER_CODE_LEN - 1);
	struct login_device_row row = {
		.digest = digest_of(a, device_code),
		.session_id = arena_printf(a, SESSION_START "%.*s",
					   STRF(id_from_alphabet(a, e->random, ALPHABET, 32))),
		.user_code = arena_printf(a, "%.4s-%.4s", user.ptr, user.ptr + 4),
		.hostname = session_fact(in->hostname, "unknown"), .platform = session_fact(in->platform, "unknown"),
		.arch = session_fact(in->arch, "unknown"),
		.address = str_from(rq->event->address), .created_ms = e->now_ms,
		.until_ms = e->now_ms + LOGIN_DEVICE_MS, .state = LOGIN_PENDING,
	}, *same;

	if (!e->settings.login_secret.len)
		return FAIL(a, NOT_SUPPORTED, "this broker has no secret to sign session tokens with");
	TRY(charge_start(rq));
	TRY(store_login_device_named(e->store, a, row.user_code, &same));
	if (same)
		return FAIL(a, TRY_AGAIN, "the codes were taken; ask again");
	store_login_device_add(e->store, &row);
	e->logins_until_ms = e->now_ms + LOGIN_CODE_MS;
	req_answer(rq, 200, device_login_started_fields, &(struct device_login_started_args){
		.device_code = device_code, .user_code = row.user_code, .session_id = row.session_id,
		.expires_at = time_iso(a, row.until_ms),
		.verification_url = arena_printf(a, "%.*s/cli-auth", STRF(e->settings.http_url)),
		.token_url = arena_printf(a, "%.*s/token", STRF(e->settings.http_url)),
	});
	return NULL;
}

/* ---- poll ---- */

static void seal_key(struct engine *e, str digest, u8 ret_key[SECRET_KEY_BYTES])
{
	mac_parts(e->settings.login_secret, S("claudemesh-login-token"), &digest, 1, ret_key);
}

static struct err *first_time(struct req *rq, struct login_device_row *d, const struct account_row *account,
			      str *ret_token)
{
	struct engine *e = rq->engine;
	struct session_facts facts = { d->hostname, d->platform, d->arch, d->address };
	u8 key[SECRET_KEY_BYTES];

	TRY(session_new(rq, account, SESSION_CLI, &facts, ret_token, &d->session));
	seal_key(e, d->digest, key);
	d->token = secretbox_pack(rq->arena, *ret_token, key);
	secret_wipe(key, sizeof(key));
	d->handed_ms = e->now_ms;
	d->until_ms = e->now_ms + LOGIN_REPEAT_MS;
	store_login_device_set(e->store, d);
	log_info("a program was signed in", LOG_S("account", account->id), LOG_S("address", d->address));
	return NULL;
}

/* Empty: it was used, or is no longer given out. */
static struct err *again(struct req *rq, struct login_device_row *d, str *ret_token)
{
	struct engine *e = rq->engine;
	struct account_session_row *session;
	u8 key[SECRET_KEY_BYTES];
	bool opens;

	*ret_token = STR_NONE;
	if (!d->token.len)
		return NULL;
	TRY(store_session(e->store, rq->arena, d->session, &session));
	if (!session || session->seen_ms || session->revoked_ms || d->until_ms <= e->now_ms) {
		d->token = STR_NONE;
		store_login_device_set(e->store, d);
		return NULL;
	}
	seal_key(e, d->digest, key);
	opens = secretbox_unpack(rq->arena, d->token, key, ret_token);
	secret_wipe(key, sizeof(key));
	return opens ? NULL : FAIL(rq->arena, INTERNAL, "a sealed session token does not open");
}

static struct err *poll_approved(struct req *rq, struct login_device_row *d, struct device_login_polled_args *out)
{
	struct account_row *account;

	TRY(store_account(rq->engine->store, rq->arena, d->account, &account));
	if (!account)
		return NULL;
	if (d->handed_ms)
		TRY(again(rq, d, &out->session_token));
	else if (d->until_ms > rq->engine->now_ms)
		TRY(first_time(rq, d, account, &out->session_token));
	else
		return NULL;
	out->status = out->session_token.len ? S("approved") : S("consumed");
	if (out->session_token.len)
		out->user = (struct session_user_args){ true, account->id, account_shown(account), account->email };
	return NULL;
}

static struct err *device_login_poll_run(struct req *rq, const void *args UNUSED)
{
	struct device_login_polled_args out = { .status = S("expired") };
	struct engine *e = rq->engine;
	str code = event_param(rq->event), from = str_from(rq->event->address);
	struct login_device_row *d = NULL;

	TRY(tally_check(rq, "login-missed", from, LOGIN_MISSES_PER_HOUR, LOGIN_MISSES_BURST,
			"too many unknown codes from your address; wait a little"));
	if (code.len == DEVICE_CODE_LEN)
		TRY(store_login_device(e->store, rq->arena, digest_of(rq->arena, code), &d));
	if (!d)
		tally_take(e, "login-missed", from, LOGIN_MISSES_PER_HOUR, LOGIN_MISSES_BURST);
	else if (d->state == LOGIN_APPROVED)
		TRY(poll_approved(rq, d, &out));
	else if (d->state == LOGIN_DENIED)
		out.status = S("denied");
	else if (d->until_ms > e->now_ms)
		out.status = S("pending");
	req_answer(rq, 200, device_login_polled_fields, &out);
	return NULL;
}

/* ---- the browser's side ---- */

/* By session id, or by user code as it is typed. */
static struct err *find(struct req *rq, struct login_device_row **ret_row)
{
	struct engine *e = rq->engine;
	str given = event_param(rq->event), name;
	char *upper = arena_alloc(rq->arena, given.len + 1);

	TRY(tally_check(rq, "login-looked", rq->account->id, LOGIN_MISSES_PER_HOUR, LOGIN_MISSES_BURST,
			"you tried too many unknown codes; wait a little"));
	for (size_t i = 0; i < given.len; i++)
		upper[i] = given.ptr[i] >= 'a' && given.ptr[i] <= 'z' ? (char)(given.ptr[i] - 'a' + 'A') : given.ptr[i];
	name = str_of(upper, given.len);
	if (given.len == USER_CODE_LEN - 1)
		name = arena_printf(rq->arena, "%.4s-%.4s", upper, upper + 4);
	*ret_row = NULL;
	if (given.len <= SESSION_ID_LEN)
		TRY(store_login_device_named(e->store, rq->arena, given.len == SESSION_ID_LEN ? given : name,
					     ret_row));
	if (*ret_row)
		return NULL;
	tally_take(e, "login-looked", rq->account->id, LOGIN_MISSES_PER_HOUR, LOGIN_MISSES_BURST);
	return err_word(FAIL(rq->arena, NOT_FOUND, "no program waits with this code; run 'claudemesh login' again"),
			S("Code not found or expired"));
}

static struct err *check_pending(struct req *rq, const struct login_device_row *d)
{
	if (d->state != LOGIN_PENDING)
		return err_word(FAIL(rq->arena, NOT_FOUND, "this code was used"), S("Code not found or expired"));
	if (d->until_ms <= rq->engine->now_ms)
		return err_word(FAIL(rq->arena, GONE, "this code has expired; run 'claudemesh login' again"),
				S("Code expired"));
	return NULL;
}

static struct err *device_login_look_run(struct req *rq, const void *args UNUSED)
{
	struct login_device_row *d;

	TRY(find(rq, &d));
	TRY(check_pending(rq, d));
	req_answer(rq, 200, device_login_seen_fields, &(struct device_login_seen_args){
		.session_id = d->session_id, .user_code = d->user_code, .hostname = d->hostname,
		.platform = d->platform, .arch = d->arch, .address = d->address,
		.created_at = time_iso(rq->arena, d->created_ms), .expires_at = time_iso(rq->arena, d->until_ms),
	});
	return NULL;
}

static struct err *decide(struct req *rq, enum login_state state)
{
	struct engine *e = rq->engine;
	struct login_device_row *d;
	bool again_;

	TRY(find(rq, &d));
	/* The same answer twice, where the first got lost. */
	again_ = d->state == (i64)state && str_eq(d->account, rq->account->id) && !d->handed_ms;
	if (!again_) {
		TRY(check_pending(rq, d));
		d->state = state;
		d->account = rq->account->id;
		d->until_ms = e->now_ms + LOGIN_DEVICE_MS;
		store_login_device_set(e->store, d);
		log_info(state == LOGIN_APPROVED ? "a login was approved" : "a login was denied",
			 LOG_S("account", rq->account->id), LOG_S("address", d->address));
	}
	req_answer(rq, 200, account_ok_fields, &(struct account_ok_args){ .ok = true });
	return NULL;
}

static struct err *device_login_approve_run(struct req *rq, const void *args UNUSED)
{
	i64 n;

	TRY(store_session_count(rq->engine->store, rq->arena, rq->account->id, rq->engine->now_ms, &n));
	if (n >= SESSIONS_PER_ACCOUNT_MAX)
		return FAIL(rq->arena, CONFLICT, "you are signed in %lld times; revoke a session first", (long long)n);
	return decide(rq, LOGIN_APPROVED);
}

static struct err *device_login_deny_run(struct req *rq, const void *args UNUSED)
{
	return decide(rq, LOGIN_DENIED);
}

#define NO_ARGS(F, T) F(T, any, unused, OPT, 0, 0, "the path says it all; who asks, the token")
JSON_ARGS(device_login_name, NO_ARGS);

const struct op msg_login_device[] = {
	OP("device_login", OP_CALL, device_login, NULL, device_login_run, "", device_login_started_fields,
	   "Starts the login of a program."),
	OP("device_login_poll", OP_CALL, device_login_name, NULL, device_login_poll_run, "",
	   device_login_polled_fields, "Tells a program what became of its login, and gives it its token."),
	OP("device_login_look", OP_CALL | OP_ACCOUNT | OP_BROWSER | OP_OWN_PAGE, device_login_name, NULL,
	   device_login_look_run, "", device_login_seen_fields, "Shows what a login is asked for by, before it is approved."),
	OP("device_login_approve", OP_CALL | OP_ACCOUNT | OP_BROWSER | OP_OWN_PAGE, device_login_name, NULL,
	   device_login_approve_run, "", account_ok_fields, "Signs the program in that waits with this code."),
	OP("device_login_deny", OP_CALL | OP_ACCOUNT | OP_BROWSER | OP_OWN_PAGE, device_login_name, NULL,
	   device_login_deny_run, "", account_ok_fields, "Refuses it."),
	{ 0 }
};
