/*
 * login.c - who somebody is: an e-mail address, proved by a code that was sent there, or that the
 * operator gave out. One code of an address lives at a time, for LOGIN_CODE_MS and LOGIN_CODE_TRIES.
 *
 * Whether an address has an account is told to nobody: asking for a code has one answer, and so has
 * a code that is wrong, over, used, or was never asked for. The store keeps a keyed hash of it.
 */
#include "proto/account.h"
#include "proto/admin.h"

#include "base/email.h"
#include "base/log.h"
#include "crypto/jwt.h"
#include "crypto/secret.h"
#include "engine/account.h"
#include "engine/mail.h"
#include "engine/msg/msg.h"
#include "engine/tally.h"

enum { CODES = 1000000 };
_Static_assert(LOGIN_CODE_DIGITS == 6, "CODES has as many");

static struct err *take_email(struct req *rq, str given, str *ret_email)
{
	if (!email_is_valid(str_trim(given)))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'email': not an e-mail address, such as "
				     "bob@example.org"), S("invalid_email"));
	*ret_email = email_normal(rq->arena, str_trim(given));
	return NULL;
}

static void mac_of(struct engine *e, str email, str code, u8 ret_mac[MAC_BYTES])
{
	const str parts[] = { email, code };

	mac_parts(e->settings.login_secret, S("claudemesh-login-code"), parts, ARRAY_LEN(parts), ret_mac);
}

/* Replaces the address's code. In memory that is wiped with the arena. */
static str code_new(struct req *rq, str email)
{
	struct engine *e = rq->engine;
	struct login_code_row row = { .email = email, .created_ms = e->now_ms,
				      .until_ms = e->now_ms + LOGIN_CODE_MS };
	char *text = (char *)secret_alloc(rq->arena, LOGIN_CODE_DIGITS + 1);
	str code = str_of(text, LOGIN_CODE_DIGITS);
	u8 mac[MAC_BYTES];

	snprintf(text, LOGIN_CODE_DIGITS + 1, "%06u", (unsigned)random_below(e->random, CODES));
	mac_of(e, email, code, mac);
	row.mac = arena_dup(rq->arena, str_of(mac, sizeof(mac)));
	store_login_code_put(e->store, &row);
	e->logins_until_ms = e->now_ms + LOGIN_CODE_MS;
	return code;
}

static struct err *need_secret(struct req *rq)
{
	if (rq->engine->settings.login_secret.len)
		return NULL;
	return FAIL(rq->arena, NOT_SUPPORTED, "this broker has no secret to sign session tokens with");
}

/* ---- asking for a code ---- */

static struct err *send_code(struct req *rq, str email)
{
	struct engine *e = rq->engine;
	i64 ends_ms = e->now_ms + LOGIN_CODE_MS;
	struct mail mail = {
		.says = { .kind = MAIL_LOGIN_CODE, .to = email, .base = e->settings.http_url,
			  .url = arena_printf(rq->arena, "%.*s/#/account", STRF(e->settings.http_url)),
			  .expires_ms = ends_ms },
		.until_ms = ends_ms,
	};

	/* A code that nobody gets does not take the place of one that somebody has. */
	TRY(mail_check(rq, MAIL_LOGIN_CODE));
	mail.says.code = code_new(rq, email);
	return mail_add(rq, &mail, NULL);
}

static struct err *login_email_run(struct req *rq, const void *args)
{
	const struct login_email_args *in = args;
	struct engine *e = rq->engine;
	str email, from = str_from(rq->event->address);
	struct err *failed = NULL;

	TRY(need_secret(rq));
	TRY(take_email(rq, in->email, &email));
	TRY(tally_check(rq, "login-asked", from, LOGIN_ASKED_PER_HOUR, LOGIN_ASKED_BURST,
			"too many codes were asked for from your address; wait a little"));
	tally_take(e, "login-asked", from, LOGIN_ASKED_PER_HOUR, LOGIN_ASKED_BURST);
	/* Nobody's mailbox is filled, and the code that is there stays good; who asks is not told. */
	if (mail_is_on(e) && tally_has(e, "login-mail", email, LOGIN_MAILS_PER_HOUR, LOGIN_MAILS_BURST)) {
		tally_take(e, "login-mail", email, LOGIN_MAILS_PER_HOUR, LOGIN_MAILS_BURST);
		failed = send_code(rq, email);
	}
	if (failed)
		log_err(LOG_WARN, "a login code was not mailed", failed);
	req_answer(rq, 200, login_email_done_fields, &(struct login_email_done_args){
		.ok = true, .mail = mail_is_on(e), .valid_ms = LOGIN_CODE_MS });
	return NULL;
}

/* ---- using it ---- */

/* Without what people put between digits. */
static str digits_of(struct arena *a, str given)
{
	char *text = (char *)secret_alloc(a, given.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < given.len; i++)
		if (given.ptr[i] != ' ' && given.ptr[i] != '-')
			text[n++] = given.ptr[i];
	return str_of(text, n);
}

/* Looks at the same whatever the code is, and takes as long. */
static struct err *check_code(struct req *rq, str email, str given)
{
	struct engine *e = rq->engine;
	static const u8 none[MAC_BYTES];
	struct login_code_row *row;
	u8 mac[MAC_BYTES];
	bool live, same;

	TRY(store_login_code(e->store, rq->arena, email, &row));
	mac_of(e, email, digits_of(rq->arena, given), mac);
	live = row && row->until_ms > e->now_ms && row->tries < LOGIN_CODE_TRIES;
	same = secret_eq(str_of(mac, sizeof(mac)), live ? row->mac : str_of(none, sizeof(none)));
	if (live && same) {
		store_login_code_drop(e->store, email);
		return NULL;
	}
	if (live)
		store_login_code_tried(e->store, email, row->tries + 1);
	tally_take(e, "login-tried", str_from(rq->event->address), LOGIN_TRIES_PER_HOUR, LOGIN_TRIES_BURST);
	return err_word(FAIL(rq->arena, UNAUTHORIZED, "that code is not right, was used, or is older than %d minutes; "
			     "ask for a new one", LOGIN_CODE_MS / 60000), S("invalid_code"));
}

static struct err *find_or_add(struct req *rq, str email, struct account_row **ret_account)
{
	struct engine *e = rq->engine;
	struct account_row *account;

	TRY(store_account_by_email(e->store, rq->arena, email, &account));
	if (!account) {
		account = NEW(rq->arena, struct account_row);
		*account = (struct account_row){ .id = id_random(rq->arena, e->random), .email = email,
						 .name = S(""), .created_ms = e->now_ms };
		store_account_add(e->store, account);
		log_info("account made", LOG_S("account", account->id));
	}
	*ret_account = account;
	return NULL;
}

static struct err *login_code_run(struct req *rq, const void *args)
{
	const struct login_code_args *in = args;
	struct session_facts facts = { session_fact(in->hostname, "browser"), session_fact(in->platform, ""),
				       session_fact(in->arch, ""), str_from(rq->event->address) };
	struct signed_in_args out = { 0 };
	struct account_row *account;
	str email;

	TRY(need_secret(rq));
	TRY(take_email(rq, in->email, &email));
	TRY(tally_check(rq, "login-tried", facts.address, LOGIN_TRIES_PER_HOUR, LOGIN_TRIES_BURST,
			"too many wrong codes from your address; wait a little"));
	TRY(check_code(rq, email, in->code));
	TRY(find_or_add(rq, email, &account));
	TRY(session_new(rq, account, SESSION_BROWSER, &facts, &out.token, NULL));
	out.user = (struct session_user_args){ true, account->id, account_shown(account), account->email };
	out.expires_at = time_iso(rq->arena, rq->engine->now_ms + SESSION_DAYS * ACCOUNT_DAY_MS);
	log_info("signed in", LOG_S("account", account->id), LOG_S("address", facts.address));
	req_answer(rq, 200, signed_in_fields, &out);
	return NULL;
}

/* ---- the operator's way in ---- */

static struct err *admin_login_code_run(struct req *rq, const void *args)
{
	const struct admin_email_args *in = args;
	struct engine *e = rq->engine;
	struct admin_code_made_args out = { 0 };

	TRY(need_secret(rq));
	TRY(take_email(rq, in->email, &out.email));
	out.code = code_new(rq, out.email);
	out.url = arena_printf(rq->arena, "%.*s/#/account", STRF(e->settings.http_url));
	out.expires_at = time_iso(rq->arena, e->now_ms + LOGIN_CODE_MS);
	log_info("the operator made a login code");
	req_answer(rq, 200, admin_code_made_fields, &out);
	return NULL;
}

const struct op msg_login[] = {
	OP("login_email", OP_CALL | OP_OWN_PAGE, login_email, NULL, login_email_run, "", login_email_done_fields,
	   "Sends a code to an e-mail address; says the same of every address."),
	OP("login_code", OP_CALL | OP_OWN_PAGE, login_code, NULL, login_code_run, "", signed_in_fields,
	   "Signs in with the code; makes the account if there is none."),
	OP("admin_login_code", OP_CALL | OP_ADMIN, admin_email, NULL, admin_login_code_run, "",
	   admin_code_made_fields, "Makes a code for an e-mail address, without mail; for the operator."),
	{ 0 }
};
