#include "engine/account.h"

#include "crypto/jwt.h"
#include "crypto/secret.h"
#include "engine/audit.h"
#include "engine/enrol.h"
#include "proto/account.h"

enum { SEEN_STEP_MS = 60000, TOKEN_TEXT_MAX = 2048 };

static const struct kind {
	const char *type;
	i64 life_ms;
} kinds[] = {
	[SESSION_NONE] = { "", 0 },
	[SESSION_BROWSER] = { "browser", SESSION_DAYS * ACCOUNT_DAY_MS },
	[SESSION_CLI] = { "cli-session", SESSION_DAYS * ACCOUNT_DAY_MS },
	[SESSION_TOKEN] = { "cli-token", SESSION_DAYS * ACCOUNT_DAY_MS },
	[SESSION_SYNC] = { "cli-sync", SYNC_TOKEN_MS },
};

const char *session_type(enum session_kind kind)
{
	return kinds[kind].type;
}

static enum session_kind kind_of(str type)
{
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
		if (str_eq(type, str_from(kinds[i].type)))
			return (enum session_kind)i;
	return SESSION_NONE;
}

/* One answer to whatever is wrong: who tries learns nothing of why. */
static struct err *invalid(struct arena *a)
{
	return err_word(FAIL(a, UNAUTHORIZED, "the session token is not valid, has expired or was revoked; "
			     "sign in again"), S("invalid_or_revoked_token"));
}

struct err *session_take_token(struct arena *a, str secret, str token, i64 now_ms,
			       struct session_proof *ret_proof)
{
	struct session_claims_args claims;
	const struct json *obj;
	str payload;

	*ret_proof = (struct session_proof){ 0 };
	if (!secret.len || !jwt_open(a, secret, token, &payload) || json_parse(a, payload, &obj) ||
	    json_decode(a, obj, session_claims_fields, &claims, sizeof(claims), NULL))
		return invalid(a);
	ret_proof->kind = kind_of(claims.type);
	ret_proof->ends_ms = claims.exp * 1000;
	if (ret_proof->kind == SESSION_NONE || ret_proof->ends_ms <= now_ms) {
		*ret_proof = (struct session_proof){ 0 };
		return invalid(a);
	}
	jwt_digest(token, ret_proof->digest);
	return NULL;
}

struct err *session_take(struct arena *a, str secret, str authorization, i64 now_ms,
			 struct session_proof *ret_proof)
{
	*ret_proof = (struct session_proof){ 0 };
	if (authorization.len < 6 || !str_eq_nocase(str_of(authorization.ptr, 6), S("Bearer")))
		return err_word(FAIL(a, UNAUTHORIZED, "sign in: send 'Authorization: Bearer TOKEN'"),
				S("missing_bearer_token"));
	if (!str_trim(str_skip(authorization, 6)).len)
		return err_word(FAIL(a, UNAUTHORIZED, "no token stands behind 'Bearer'"), S("empty_bearer_token"));
	return session_take_token(a, secret, str_trim(str_skip(authorization, 6)), now_ms, ret_proof);
}

struct err *session_find(struct req *rq, const struct session_proof *proof,
			 struct account_session_row **ret_session)
{
	struct engine *e = rq->engine;
	struct account_session_row *s;

	*ret_session = NULL;
	if (proof->kind == SESSION_NONE)
		return NULL;
	TRY(store_session_by_digest(e->store, rq->arena, str_of(proof->digest, DIGEST_BYTES), &s));
	if (!s || s->revoked_ms || s->expires_ms <= e->now_ms || proof->ends_ms <= e->now_ms ||
	    kind_of(s->kind) != proof->kind)
		return NULL;
	*ret_session = s;
	return NULL;
}

/* To the minute, by the house, and with the next commit but for the first time. */
static void note_use(struct req *rq, const struct account_session_row *s)
{
	struct engine *e = rq->engine;

	if (rq->event->forwarded || e->now_ms - s->seen_ms < SEEN_STEP_MS)
		return;
	store_session_seen(e->store, s->id, e->now_ms);
	if (!s->seen_ms)
		engine_commit(e);
}

/* S14: who runs this broker lets programs say whose they are. */
static struct err *check_legacy(struct req *rq)
{
	str id = json_get_str(rq->frame, S("user_id"));
	struct account_row *account = NULL;

	if (id.len <= ID_LEN && id.len)
		TRY(store_account(rq->engine->store, rq->arena, id, &account));
	if (!account || account->blocked_ms)
		return err_word(FAIL(rq->arena, UNAUTHORIZED, "no account has this user_id"),
				S("missing_bearer_token"));
	rq->account = account;
	if (!rq->event->forwarded)
		rq->engine->stats.legacy_auth_hits++;
	return NULL;
}

struct err *account_check(struct req *rq)
{
	const struct session_proof *proof = &rq->event->proof.session;
	struct account_session_row *session;
	struct account_row *account;

	if (proof->kind == SESSION_NONE && rq->op->flags & OP_MAY_ACCOUNT &&
	    !(rq->event->legacy_auth && json_get(rq->frame, S("user_id"))))
		return NULL;
	if (proof->kind == SESSION_NONE && rq->event->legacy_auth && !(rq->op->flags & OP_BROWSER))
		return check_legacy(rq);
	TRY(session_find(rq, proof, &session));
	if (!session || proof->kind == SESSION_SYNC)
		return invalid(rq->arena);
	TRY(store_account(rq->engine->store, rq->arena, session->account, &account));
	if (!account || account->blocked_ms)
		return invalid(rq->arena);
	if (rq->op->flags & OP_BROWSER && proof->kind != SESSION_BROWSER)
		return err_word(FAIL(rq->arena, FORBIDDEN, "only who is signed in in the browser may do this"),
				S("browser_session_required"));
	note_use(rq, session);
	rq->account = account;
	rq->session = session;
	return NULL;
}

struct err *account_member_in(struct req *rq, struct mesh *m, struct member **ret_member)
{
	i64 *numbers;
	size_t n;

	*ret_member = NULL;
	TRY(store_account_members_in(rq->engine->store, rq->arena, rq->account->id, m->no, &numbers, &n));
	for (size_t i = 0; i < n; i++) {
		struct member *member = mesh_member_by_no(m, numbers[i]);

		if (!member || member->revoked_ms || member->device_of)
			continue;
		if (!*ret_member || (member->role == ROLE_ADMIN && (*ret_member)->role != ROLE_ADMIN))
			*ret_member = member;
	}
	return NULL;
}

struct err *account_member_of(struct req *rq, str slug, struct member **ret_member)
{
	struct engine *e = rq->engine;
	struct mesh *m = NULL;
	struct mesh_row *row;

	*ret_member = NULL;
	TRY(store_mesh_by_slug(e->store, rq->arena, slug, &row));
	if (row && !engine_owns(e, row->id))
		return req_forward(rq, row->id);
	if (row)
		TRY(mesh_get(e, rq->arena, row->id, &m));
	if (!m)
		return err_word(FAIL(rq->arena, NOT_FOUND, "no mesh has the slug '%.*s'", STRF(slug)),
				S("Mesh not found"));
	TRY(account_member_in(rq, m, ret_member));
	if (!*ret_member)
		return err_word(FAIL(rq->arena, FORBIDDEN, "you are no member of '%.*s', or it was not linked to "
				     "your account", STRF(slug)), S("Not a member of this mesh"));
	m->touched_in = e->batch_no;
	return NULL;
}

void account_own(struct req *rq, const struct mesh *m, const struct member *member)
{
	struct engine *e = rq->engine;

	store_account_member_add(e->store, m->no, member->no, rq->account->id, e->now_ms);
}

struct err *account_link(struct req *rq, struct mesh *m, const struct member *member)
{
	str before;

	TRY(store_account_of_member(rq->engine->store, rq->arena, m->no, member->no, &before));
	if (str_eq(before, rq->account->id))
		return NULL;
	account_own(rq, m, member);
	audit(m, member, "account_linked", rq->account->id);
	return NULL;
}

/* ---- tokens ---- */

static str token_make(struct req *rq, const struct account_row *account, enum session_kind kind, i64 made_s)
{
	struct session_claims_args claims = {
		.sub = account->id, .email = account->email, .name = account->name.len ? account->name : STR_NONE,
		.type = str_from(kinds[kind].type), .jti = id_uuid(rq->arena, rq->engine->random),
		.iat = made_s, .exp = made_s + kinds[kind].life_ms / 1000,
	};
	CLEANUP(buf_done) struct buf b = buf_make(TOKEN_TEXT_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_encode(&o, session_claims_fields, &claims);
	json_obj_end(&o);
	return jwt_sign(rq->arena, rq->engine->settings.login_secret, buf_str(&b));
}

str session_fact(str given, const char *otherwise)
{
	return given.len && name_is_printable(given) ? given : str_from(otherwise);
}

/* Who signs in with a code gets in, and can end the others then: the oldest gives way. */
static struct err *make_room(struct req *rq, const struct account_row *account, enum session_kind kind)
{
	struct engine *e = rq->engine;
	struct account_session_row *oldest;
	size_t n_oldest;
	i64 n;

	TRY(store_session_count(e->store, rq->arena, account->id, e->now_ms, &n));
	if (n < SESSIONS_PER_ACCOUNT_MAX)
		return NULL;
	if (kind != SESSION_BROWSER)
		return FAIL(rq->arena, CONFLICT, "you are signed in %lld times; revoke a session first", (long long)n);
	TRY(store_sessions(e->store, rq->arena, account->id, e->now_ms, 1, &oldest, &n_oldest));
	if (n_oldest)
		store_session_revoke(e->store, oldest->id, e->now_ms);
	return NULL;
}

struct err *session_new(struct req *rq, const struct account_row *account, enum session_kind kind,
			const struct session_facts *facts, str *ret_token, str *ret_id)
{
	struct engine *e = rq->engine;
	struct account_session_row row = {
		.id = id_random(rq->arena, e->random), .account = account->id, .kind = str_from(kinds[kind].type),
		.hostname = facts->hostname, .platform = facts->platform, .arch = facts->arch,
		.address = facts->address, .created_ms = e->now_ms,
		.expires_ms = (e->now_ms / 1000) * 1000 + kinds[kind].life_ms,
	};
	u8 digest[DIGEST_BYTES];

	if (!e->settings.login_secret.len)
		return FAIL(rq->arena, NOT_SUPPORTED, "this broker has no secret to sign session tokens with");
	if (account->blocked_ms)
		return err_word(FAIL(rq->arena, FORBIDDEN, "the operator of this broker has blocked this account"),
				S("account_blocked"));
	TRY(make_room(rq, account, kind));
	*ret_token = token_make(rq, account, kind, e->now_ms / 1000);
	jwt_digest(*ret_token, digest);
	row.digest = arena_dup(rq->arena, str_of(digest, sizeof(digest)));
	store_session_add(e->store, &row);
	e->logins_until_ms = e->now_ms + LOGIN_CODE_MS;
	if (ret_id)
		*ret_id = row.id;
	return NULL;
}

str account_shown(const struct account_row *account)
{
	ptrdiff_t at = str_index(account->email, '@');

	return account->name.len ? account->name : str_of(account->email.ptr, at > 0 ? (size_t)at : account->email.len);
}
