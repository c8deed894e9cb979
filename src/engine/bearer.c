#include "engine/bearer.h"

#include "crypto/apikey.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "engine/audit.h"
#include "engine/guess.h"
#include "engine/reader.h"

#define TOKEN_START "cmt_"

struct api_key {
	UT_hash_handle hh;            /* engine->api_keys, by digest; oldest reading first */
	u8 digest[DIGEST_BYTES];
	char mesh_id[ID_LEN + 1], id[ID_LEN + 1];
	i64 mesh_no, member_no;
	unsigned caps;
	bool scoped;
	struct strs topics;
	i64 expires_ms, revoked_ms, used_ms;
};

static void key_free(struct engine *e, struct api_key *k)
{
	HASH_DELETE(hh, e->api_keys, k);
	for (size_t i = 0; i < k->topics.n; i++)
		own_free(&k->topics.items[i]);
	free(k->topics.items);
	free(k);
}

void bearers_forget(struct engine *e)
{
	struct api_key *k, *next;

	HASH_ITER(hh, e->api_keys, k, next)
		key_free(e, k);
}

/* The JSON that we wrote. */
static void take_topics(struct arena *a, struct api_key *k, str text)
{
	const struct json *list;

	k->scoped = text.len > 0;
	if (!k->scoped || json_parse(a, text, &list) || !list->count)
		return;
	k->topics.items = calloc(list->count, sizeof(str));
	if (!k->topics.items)
		abort();
	for (const struct json *item = list->first; item; item = item->next)
		own_str(&k->topics.items[k->topics.n++], item->s);
}

static struct api_key *key_keep(struct engine *e, struct arena *a, const struct api_key_row *row,
				str mesh_id)
{
	struct api_key *k = calloc(1, sizeof(*k));

	if (!k || row->digest.len != DIGEST_BYTES)
		abort();
	if (HASH_COUNT(e->api_keys) >= APIKEYS_IN_MEMORY)
		key_free(e, e->api_keys);
	memcpy(k->digest, row->digest.ptr, DIGEST_BYTES);
	snprintf(k->mesh_id, sizeof(k->mesh_id), "%.*s", STRF(mesh_id));
	snprintf(k->id, sizeof(k->id), "%.*s", STRF(row->id));
	k->mesh_no = row->mesh_no;
	k->member_no = row->member_no;
	k->caps = (unsigned)row->caps;
	k->expires_ms = row->expires_ms;
	k->revoked_ms = row->revoked_ms;
	k->used_ms = row->used_ms;
	take_topics(a, k, row->topics);
	HASH_ADD(hh, e->api_keys, digest, DIGEST_BYTES, k);
	return k;
}

static struct err *invalid(struct arena *a, const char *text)
{
	return err_word(FAIL(a, UNAUTHORIZED, "%s", text), S("api_key_invalid"));
}

/* ---- tokens ---- */

/* What a token is, before its seal. */
struct token {
	char mesh_id[ID_LEN];
	i64 member_no, ends_ms;
};

enum { TOKEN_BYTES = sizeof(struct token) + DIGEST_BYTES };

static void token_seal(struct engine *e, const struct token *t, u8 ret_seal[DIGEST_BYTES])
{
	const str parts[] = { str_of(e->token_key, sizeof(e->token_key)), str_of(t, sizeof(*t)) };

	if (!e->has_token_key)
		random_fill(e->random, e->token_key, sizeof(e->token_key));
	e->has_token_key = true;
	digest_parts(parts, ARRAY_LEN(parts), ret_seal);
}

str token_new(struct engine *e, struct arena *a, const struct member *member, i64 ends_ms)
{
	u8 *bytes = secret_alloc(a, TOKEN_BYTES);
	struct token t = { .member_no = member->no, .ends_ms = ends_ms };
	str text;

	memcpy(t.mesh_id, member->mesh->id, ID_LEN);
	memcpy(bytes, &t, sizeof(t));
	token_seal(e, &t, bytes + sizeof(t));
	text = encode_secret_base64url(a, bytes, TOKEN_BYTES);
	return secret_dup(a, arena_printf(a, TOKEN_START "%.*s", STRF(text)));
}

static bool token_take(str text, struct proof *proof)
{
	u8 bytes[TOKEN_BYTES];
	struct token t;

	if (!decode_secret_base64url(str_skip(text, strlen(TOKEN_START)), bytes, sizeof(bytes)))
		return false;
	memcpy(&t, bytes, sizeof(t));
	proof->bearer_kind = BEARER_TOKEN;
	memcpy(proof->bearer, bytes + sizeof(t), DIGEST_BYTES);
	memcpy(proof->mesh_id, t.mesh_id, ID_LEN);
	proof->token_member_no = t.member_no;
	proof->token_ends_ms = t.ends_ms;
	return id_is_prefix(str_from(proof->mesh_id), ID_LEN);
}

/* Everything in it was given by who sent it, until the seal is known to be ours. */
static struct err *token_check(struct req *rq, struct caller *who)
{
	const struct proof *p = &rq->event->proof;
	struct token t = { .member_no = p->token_member_no, .ends_ms = p->token_ends_ms };
	struct engine *e = rq->engine;
	u8 seal[DIGEST_BYTES];

	memcpy(t.mesh_id, p->mesh_id, ID_LEN);
	token_seal(e, &t, seal);
	if (!secret_eq(str_of(seal, DIGEST_BYTES), str_of(p->bearer, DIGEST_BYTES)))
		return invalid(rq->arena, "this broker did not make the token, or has started anew since");
	if (t.ends_ms <= e->now_ms)
		return invalid(rq->arena, "the token has expired");
	TRY(mesh_get(e, rq->arena, str_from(p->mesh_id), &who->mesh));
	if (!who->mesh)
		return invalid(rq->arena, "the mesh of the token is archived");
	who->member = mesh_member_by_no(who->mesh, t.member_no);
	if (!who->member || who->member->revoked_ms)
		return invalid(rq->arena, "the token is of somebody who is no member any more");
	if (t.ends_ms - BEARER_TOKEN_MS <= who->member->tokens_ms)
		return invalid(rq->arena, "the token is from before its member was removed");
	who->member->called_ms = e->now_ms;
	who->caps = member_caps(who->member);
	who->key_id = "";
	who->ends_ms = t.ends_ms;
	return NULL;
}

struct err *bearer_take(struct arena *a, str authorization, struct proof *proof)
{
	str token = str_trim(str_skip(authorization, 7));

	if (!authorization.ptr)
		return err_word(FAIL(a, UNAUTHORIZED, "no API key: send 'Authorization: Bearer KEY'"),
				S("api_key_missing"));
	if (authorization.len < 7 || !str_eq_nocase(str_of(authorization.ptr, 7), S("Bearer ")))
		return invalid(a, "not of the form 'Authorization: Bearer KEY'");
	if (str_starts(token, S(TOKEN_START)))
		return token_take(token, proof) ? NULL : invalid(a, "that is no token: it was cut or changed");
	if (!apikey_is_well_formed(token))
		return invalid(a, "that is no API key: it was mistyped or cut, as its check characters show");
	apikey_digest(token, proof->bearer);
	proof->bearer_kind = BEARER_API_KEY;
	return NULL;
}

static struct err *key_get(struct req *rq, struct api_key **ret_key)
{
	const u8 *digest = rq->event->proof.bearer;
	struct engine *e = rq->engine;
	struct api_key_row *row;
	struct mesh_row *mesh = NULL;

	HASH_FIND(hh, e->api_keys, digest, DIGEST_BYTES, *ret_key);
	if (*ret_key)
		return NULL;
	TRY(guess_check(rq));
	TRY(store_api_key(e->store, rq->arena, str_of(digest, DIGEST_BYTES), &row));
	if (row)
		TRY(store_mesh_by_no(e->store, rq->arena, row->mesh_no, &mesh));
	if (!mesh) {
		guess_failed(rq);
		return invalid(rq->arena, "this broker does not know the API key");
	}
	*ret_key = key_keep(e, rq->arena, row, mesh->id);
	return NULL;
}

/* To the minute, and with the next commit: it is worth none of its own. */
static void note_use(struct engine *e, struct api_key *k, struct member *member)
{
	member->called_ms = e->now_ms;
	if (e->now_ms - k->used_ms < APIKEY_USED_STEP_MS)
		return;
	k->used_ms = e->now_ms;
	store_api_key_used(e->store, k->mesh_no, str_from(k->id), e->now_ms);
}

unsigned member_caps(const struct member *member)
{
	unsigned mine = CAP_SEND | CAP_READ;

	return member->role == ROLE_ADMIN ? mine | CAP_STATE_WRITE | CAP_ADMIN : mine;
}

static struct err *key_check(struct req *rq, struct api_key *k, struct caller *who)
{
	struct engine *e = rq->engine;

	if (k->revoked_ms)
		return invalid(rq->arena, "the API key was revoked");
	if (k->expires_ms && k->expires_ms <= e->now_ms)
		return invalid(rq->arena, "the API key has expired");
	TRY(mesh_get(e, rq->arena, str_from(k->mesh_id), &who->mesh));
	if (!who->mesh)
		return invalid(rq->arena, "the mesh of the API key is archived");
	who->member = mesh_member_by_no(who->mesh, k->member_no);
	if (!who->member || who->member->revoked_ms)
		return invalid(rq->arena, "who made the API key is no member any more");
	who->caps = k->caps & CAP_ADMIN ? k->caps | CAP_SEND | CAP_READ | CAP_STATE_WRITE : k->caps;
	who->caps &= member_caps(who->member);
	who->topics = k->scoped ? &k->topics : NULL;
	who->key_id = k->id;
	who->ends_ms = k->expires_ms;
	note_use(e, k, who->member);
	return NULL;
}

struct err *bearer_check(struct req *rq, struct caller *ret_caller, bool *ret_elsewhere)
{
	struct api_key *k = NULL;

	*ret_elsewhere = false;
	*ret_caller = (struct caller){ 0 };
	if (rq->event->proof.bearer_kind == BEARER_NONE)
		return bearer_take(rq->arena, STR_NONE, NULL);
	if (rq->event->proof.bearer_kind == BEARER_TOKEN) {
		*ret_elsewhere = !engine_owns(rq->engine, str_from(rq->event->proof.mesh_id));
		return *ret_elsewhere ? req_forward(rq, str_from(rq->event->proof.mesh_id))
				      : token_check(rq, ret_caller);
	}
	TRY(key_get(rq, &k));
	if (!engine_owns(rq->engine, str_from(k->mesh_id))) {
		*ret_elsewhere = true;
		return req_forward(rq, str_from(k->mesh_id));
	}
	return key_check(rq, k, ret_caller);
}

struct err *caller_may(struct arena *a, const struct caller *who, enum cap cap)
{
	for (size_t i = 0; cap_words[i]; i++)
		if (cap & 1u << i && !(who->caps & 1u << i))
			return err_word(FAIL(a, FORBIDDEN, "the API key may not '%s'", cap_words[i]),
					S("api_key_missing_capability"));
	return NULL;
}

bool caller_sees(const struct caller *who, str topic)
{
	if (!who->topics)
		return true;
	for (size_t i = 0; i < who->topics->n; i++)
		if (str_eq(who->topics->items[i], topic))
			return true;
	return false;
}

struct err *caller_reaches(struct arena *a, const struct caller *who, str topic)
{
	if (caller_sees(who, topic))
		return NULL;
	return err_word(FAIL(a, FORBIDDEN, "the API key is not for this topic"),
			S("api_key_topic_out_of_scope"));
}

void bearer_revoked(struct engine *e, str digest, i64 revoked_ms)
{
	struct api_key *k;

	HASH_FIND(hh, e->api_keys, digest.ptr, (unsigned)digest.len, k);
	if (k && !k->revoked_ms)
		k->revoked_ms = revoked_ms;
	readers_end_key(e, digest);
}

void api_key_end(struct mesh *m, const struct member *by, const struct api_key_row *row)
{
	struct engine *e = m->engine;

	if (row->revoked_ms)
		return;
	store_api_key_revoke(e->store, row->mesh_no, row->id, e->now_ms);
	bearer_revoked(e, row->digest, e->now_ms);
	audit(m, by, "apikey_revoked", row->id);
}

void bearers_end(struct member *member)
{
	struct engine *e = member->mesh->engine;
	struct api_key *k, *next;

	member->tokens_ms = e->now_ms;
	store_api_keys_revoke_of(e->store, member->mesh->no, member->no, e->now_ms);
	HASH_ITER(hh, e->api_keys, k, next)
		if (k->member_no == member->no && k->mesh_no == member->mesh->no && !k->revoked_ms)
			k->revoked_ms = e->now_ms;
	readers_end(member->mesh, member, 0, "you are no member of the mesh any more");
}
