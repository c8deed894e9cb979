/*
 * apikey.c - making, listing and revoking API keys.
 *
 * A member gives a key what it may do itself, and sees and revokes its own; the mesh's admins
 * see and revoke all. To others a foreign key does not exist.
 */
#include "proto/apikey.h"

#include "crypto/apikey.h"
#include "engine/audit.h"
#include "engine/bearer.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/req.h"

enum { SCOPES_JSON_MAX = 64 << 10 };
static const i64 DAY_MS = 24 * 3600 * 1000;

static struct err *bad(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("invalid_args"));
}

/* Its own; an admin's are everybody's, which the store calls 0. */
static i64 whose(const struct member *member)
{
	return member->role == ROLE_ADMIN ? 0 : member->no;
}

static struct err *take_caps(struct req *rq, const struct strs *words, unsigned *ret_caps)
{
	unsigned caps = 0;

	for (size_t i = 0; i < words->n; i++) {
		size_t k = 0;

		while (cap_words[k] && !str_eq(str_from(cap_words[k]), words->items[i]))
			k++;
		if (!cap_words[k])
			return bad(rq, "capabilities: send, read, state_write or admin");
		caps |= 1u << k;
	}
	if (caps & ~member_caps(rq->from->member))
		return FAIL(rq->arena, FORBIDDEN, "only an admin of the mesh may make a key for state_write or admin");
	*ret_caps = caps;
	return NULL;
}

/* A whole time, or a day: its first moment in UTC. */
static struct err *take_end(struct req *rq, str text, i64 *ret_ms)
{
	str full = text.len == 10 ? arena_printf(rq->arena, "%.*sT00:00:00Z", STRF(text)) : text;

	*ret_ms = 0;
	if (!text.ptr)
		return NULL;
	if (!time_from_iso(full, ret_ms))
		return bad(rq, "expiresAt: an ISO time in UTC, as 2026-01-02T03:04:05Z, or a day");
	if (*ret_ms <= rq->engine->now_ms)
		return bad(rq, "expiresAt: must be in the future");
	return NULL;
}

static struct err *take_scopes(struct req *rq, const struct strs *topics, str *ret_json)
{
	struct buf b = buf_make(SCOPES_JSON_MAX);
	struct json_out o = json_out(&b);
	bool good = !topics->present || topics->n;

	*ret_json = STR_NONE;
	json_arr(&o);
	for (size_t i = 0; i < topics->n; i++) {
		str name = topics->items[i];

		if (str_starts(name, S("#")))
			name = str_skip(name, 1);
		good = good && name.len && name.len <= NAME_BYTES_MAX && name_is_printable(name);
		json_str(&o, name);
	}
	json_arr_end(&o);
	if (good && topics->n)
		*ret_json = arena_dup(rq->arena, buf_str(&b));
	buf_done(&b);
	return good ? NULL : bad(rq, "topicScopes: names of topics, at least one; or leave it out for all");
}

/* Those that have ended make room. */
static struct err *find_room(struct req *rq)
{
	struct engine *e = rq->engine;
	const struct member *member = rq->from->member;
	i64 mesh_no = rq->from->mesh->no, n;

	TRY(store_api_key_count(e->store, rq->arena, mesh_no, member->no, &n));
	store_api_keys_prune(e->store, mesh_no,
			     n < APIKEYS_PER_MEMBER_MAX ? e->now_ms - APIKEY_KEEP_DAYS * DAY_MS : e->now_ms);
	if (n >= APIKEYS_PER_MEMBER_MAX)
		TRY(store_api_key_count(e->store, rq->arena, mesh_no, member->no, &n));
	if (n >= APIKEYS_PER_MEMBER_MAX)
		return FAIL(rq->arena, CONFLICT, "you have %lld API keys, the most one may; revoke some", (long long)n);
	return NULL;
}

static struct strs words_of(struct arena *a, i64 caps)
{
	struct strs words = { .items = NEW_ARRAY(a, str, ARRAY_LEN(cap_words)), .present = true };

	for (size_t i = 0; cap_words[i]; i++)
		if (caps & 1 << i)
			words.items[words.n++] = str_from(cap_words[i]);
	return words;
}

static str time_or_null(struct arena *a, i64 ms)
{
	return ms ? time_iso(a, ms) : STR_NONE;
}

static struct err *scopes_of(struct arena *a, const struct api_key_row *row, const struct json **ret_list)
{
	*ret_list = NULL;
	return row->topics.len ? json_parse(a, row->topics, ret_list) : NULL;
}

static struct err *apikey_create_run(struct req *rq, const void *args)
{
	const struct apikey_create_args *in = args;
	struct engine *e = rq->engine;
	struct api_key_row row = { .mesh_no = rq->from->mesh->no, .label = in->label,
				   .member_no = rq->from->member->no, .created_ms = e->now_ms };
	struct apikey_created_args out = { ._reqId = in->_reqId, .label = in->label };
	u8 digest[DIGEST_BYTES];
	unsigned caps = 0;

	if (!in->label.len || !in->capabilities.n)
		return bad(rq, "label and at least one capability required");
	if (!name_is_printable(in->label))
		return bad(rq, "label: no control characters");
	TRY(take_caps(rq, &in->capabilities, &caps));
	TRY(take_scopes(rq, &in->topicScopes, &row.topics));
	TRY(take_end(rq, in->expiresAt, &row.expires_ms));
	TRY(find_room(rq));
	out.secret = apikey_new(rq->arena, e->random);
	apikey_digest(out.secret, digest);
	row.id = id_random(rq->arena, e->random);
	row.digest = str_of(digest, sizeof(digest));
	row.prefix = str_of(out.secret.ptr, APIKEY_PREFIX_LEN);
	row.caps = caps;
	row.ends_ms = row.expires_ms ? row.expires_ms : INT64_MAX;
	store_api_key_add(e->store, &row);
	audit(rq->from->mesh, rq->from->member, "apikey_created", row.id);
	out.id = row.id;
	out.prefix = row.prefix;
	out.capabilities = words_of(rq->arena, row.caps);
	TRY(scopes_of(rq->arena, &row, &out.topicScopes));
	out.createdAt = time_iso(rq->arena, row.created_ms);
	out.expiresAt = time_or_null(rq->arena, row.expires_ms);
	req_send(rq, "apikey_created", apikey_created_fields, &out);
	return NULL;
}

static struct err *fill_entry(struct req *rq, const struct api_key_row *row, struct apikey_entry_args *entry)
{
	struct member *issuer = mesh_member_by_no(rq->from->mesh, row->member_no);
	struct arena *a = rq->arena;

	*entry = (struct apikey_entry_args){
		.id = row->id, .label = row->label, .prefix = row->prefix,
		.capabilities = words_of(a, row->caps), .createdAt = time_iso(a, row->created_ms),
		.lastUsedAt = time_or_null(a, row->used_ms), .revokedAt = time_or_null(a, row->revoked_ms),
		.expiresAt = time_or_null(a, row->expires_ms),
		.issuerId = issuer ? str_from(issuer->id) : S(""), .issuerName = issuer ? issuer->name : S(""),
	};
	return scopes_of(a, row, &entry->topicScopes);
}

static struct err *apikey_list_run(struct req *rq, const void *args)
{
	const struct apikey_list_args *in = args;
	struct engine *e = rq->engine;
	struct member *member = rq->from->member;
	struct apikey_list_response_args out = { .keys = { .present = true }, ._reqId = in->_reqId };
	i64 kb = e->settings.lists_kb_per_minute;
	struct api_key_row *rows;
	struct block *block;
	size_t n;

	if (!bucket_has(&member->lists, e->mono_ms, kb, kb))
		return FAIL(rq->arena, RATE_LIMIT, "too much at once; wait a minute");
	TRY(store_api_keys(e->store, rq->arena, rq->from->mesh->no, whose(member), APIKEYS_LISTED_MAX, &rows, &n));
	out.keys.items = NEW_ARRAY(rq->arena, struct apikey_entry_args, n);
	for (size_t i = 0; i < n; i++)
		TRY(fill_entry(rq, &rows[i], &out.keys.items[out.keys.n++]));
	block = message_block("apikey_list_response", apikey_list_response_fields, &out);
	bucket_take_many(&member->lists, (i64)(block->len / 1024 + 1));
	effects_send(e->fx, rq->event->from, block, 0);
	return NULL;
}

/* D-23 of the reference: there `%` revoked the only key of a mesh. */
static struct err *apikey_revoke_run(struct req *rq, const void *args)
{
	const struct apikey_revoke_args *in = args;
	struct apikey_revoke_response_args out = { .status = S("not_found"), ._reqId = in->_reqId };
	struct api_key_row *rows;
	size_t n = 0;

	if (!in->id.len)
		return bad(rq, "id required");
	if (in->id.len < APIKEY_ID_MIN)
		return bad(rq, "id: give at least 6 characters of it");
	if (id_is_prefix(in->id, APIKEY_ID_MIN))
		TRY(store_api_keys_named(rq->engine->store, rq->arena, rq->from->mesh->no,
					 whose(rq->from->member), in->id, &rows, &n));
	if (n > 1) {
		out.status = S("not_unique");
		out.matches = 2;
	} else if (n == 1) {
		out.status = S("revoked");
		out.id = rows[0].id;
		api_key_end(rq->from->mesh, rq->from->member, &rows[0]);
	}
	req_send(rq, "apikey_revoke_response", apikey_revoke_response_fields, &out);
	return NULL;
}

static struct err *bearer_token_run(struct req *rq, const void *args)
{
	const struct bearer_token_args *in = args;
	i64 ends_ms = rq->engine->now_ms + BEARER_TOKEN_MS;
	struct bearer_token_created_args out = {
		.token = token_new(rq->engine, rq->arena, rq->from->member, ends_ms),
		.expiresAt = time_iso(rq->arena, ends_ms), ._reqId = in->_reqId,
	};

	req_send(rq, "bearer_token_created", bearer_token_created_fields, &out);
	return NULL;
}

const struct op msg_apikey[] = {
	OP("apikey_create", OP_FRAME, apikey_create, NULL, apikey_create_run, "apikey_created",
	   apikey_created_fields, "Makes an API key for REST that does no more than its maker may."),
	OP("apikey_list", OP_FRAME, apikey_list, NULL, apikey_list_run, "apikey_list_response",
	   apikey_list_response_fields, "Lists the member's API keys, for an admin those of the mesh."),
	OP("apikey_revoke", OP_FRAME, apikey_revoke, NULL, apikey_revoke_run, "apikey_revoke_response",
	   apikey_revoke_response_fields, "Ends an API key at once, by its id or the start of it."),
	OP("bearer_token", OP_FRAME, bearer_token, NULL, bearer_token_run, "bearer_token_created",
	   bearer_token_created_fields, "Gives a token for REST that is good for ten minutes, as the web page needs one."),
	{ 0 }
};
