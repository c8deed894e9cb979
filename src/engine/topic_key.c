/*
 * topic_key.c - the keys of a topic, which clients make and seal for each other. The broker keeps the
 * sealed copies, fills only empty places (A9), and lets one client at a time make the next key.
 */
#include "engine/topic.h"

#include "crypto/encode.h"
#include "engine/audit.h"

enum { COPY_BYTES = 80, COPY_NONCE_BYTES = 24 };

static struct err *invalid(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("invalid"));
}

static struct err *unencrypted(struct req *rq, const struct topic *t)
{
	return err_word(FAIL(rq->arena, CONFLICT, "'#%.*s' has no key%s", STRF(t->name),
			     t->plaintext ? " and never gets one" : ""), S("topic_unencrypted"));
}

static struct err *check_copy(struct req *rq, str sealed, str nonce)
{
	if (!base64_is_strict(sealed) || base64_bytes(sealed) != COPY_BYTES)
		return invalid(rq, "field 'encryptedKey': base64 of 80 bytes");
	if (!base64_is_strict(nonce) || base64_bytes(nonce) != COPY_NONCE_BYTES)
		return invalid(rq, "field 'nonce': base64 of 24 bytes");
	return NULL;
}

/* ---- a new one ---- */

struct err *topic_new_key_check(struct req *rq, const struct topic_new_key_args *key)
{
	str own = str_from(req_member(rq)->id);
	bool has_own = false;

	if (key->keyPubkey.len && !str_is_hex(key->keyPubkey, 32, false))
		return invalid(rq, "field 'newKey.keyPubkey': 64 hex digits");
	for (size_t i = 0; i < key->copies.n; i++) {
		TRY(check_copy(rq, key->copies.items[i].encryptedKey, key->copies.items[i].nonce));
		has_own |= str_eq(key->copies.items[i].memberId, own);
	}
	/* Else nobody might ever have it (B13). */
	if (!has_own)
		return invalid(rq, "field 'newKey.copies': none is for yourself");
	return NULL;
}

struct err *topic_key_may(struct req *rq, const struct topic *t, const struct topic_new_key_args *key)
{
	const struct topic_sub *sub = topic_sub(t, req_member(rq));

	if (t->plaintext)
		return unencrypted(rq, t);
	if (!sub || sub->role == TOPIC_OBSERVER)
		return FAIL(rq->arena, FORBIDDEN, "only who is in '#%.*s', and no observer, makes its key", STRF(t->name));
	TRY(topic_new_key_check(rq, key));
	if (key->epoch == 1 && t->epoch)
		return err_word(FAIL(rq->arena, CONFLICT, "already_encrypted ('#%.*s' has a key)", STRF(t->name)),
				S("already_encrypted"));
	if (key->epoch != t->epoch + 1)
		return err_word(FAIL(rq->arena, CONFLICT, "stale_epoch ('#%.*s' is at epoch %lld)", STRF(t->name),
				     (long long)t->epoch), S("stale_epoch"));
	if (t->epoch && !t->stale && sub->role != TOPIC_LEAD)
		return FAIL(rq->arena, FORBIDDEN, "the key of '#%.*s' is good; only a lead may change it", STRF(t->name));
	return NULL;
}

static struct topic_sub *sub_of_id(const struct topic *t, str member_id)
{
	struct topic_sub *sub, *next;

	HASH_ITER(hh, t->subs, sub, next)
		if (str_eq(member_id, str_from(sub->member->id)))
			return sub->member->revoked_ms ? NULL : sub;
	return NULL;
}

void topic_key_put(struct topic *t, const struct member *maker, const struct topic_new_key_args *key)
{
	struct mesh *m = t->mesh;
	struct engine *e = m->engine;
	struct topic_sub *sub, *next;

	t->epoch = key->epoch;
	t->stale = false;
	store_topic_key_set(e->store, m->no, t->no, t->epoch, false);
	store_topic_epoch_add(e->store, m->no, t->no, t->epoch, maker->no, key->keyPubkey, e->now_ms);
	HASH_ITER(hh, t->subs, sub, next)
		sub->keyed = false;
	/* What is sealed for somebody who is not in it any more is for nobody. */
	for (size_t i = 0; i < key->copies.n; i++) {
		sub = sub_of_id(t, key->copies.items[i].memberId);
		if (!sub || sub->keyed)
			continue;
		sub->keyed = true;
		store_topic_copy_add(e->store, m->no, &(struct topic_copy_row){ .topic_no = t->no,
				     .epoch = t->epoch, .member_no = sub->member->no,
				     .sealed = key->copies.items[i].encryptedKey, .nonce = key->copies.items[i].nonce,
				     .sealer_no = maker->no, .created_ms = e->now_ms });
	}
	audit_with(m, maker, "epoch_installed", AUDIT_FIELDS(AUDIT_TEXT("topic", str_from(t->id)),
							     AUDIT_INT(m, "epoch", t->epoch)));
	topic_hint(t, S("topic_epoch"), STR_NONE, NULL);
	HASH_ITER(hh, t->subs, sub, next)
		if (!sub->keyed && !sub->member->revoked_ms) {
			topic_hint(t, S("topic_key_wanted"), STR_NONE, NULL);
			break;
		}
}

/* A key is kept as long as its topic, with a copy for each: another one costs what a post costs. */
static struct err *charge_change(struct req *rq, const struct topic *t)
{
	const struct engine_settings *s = &rq->engine->settings;
	struct member *by = req_member(rq);

	if (!t->epoch)
		return NULL;
	if (!bucket_has(&by->sends, rq->engine->mono_ms, s->rate_per_minute, s->rate_burst))
		return FAIL(rq->arena, RATE_LIMIT, "rate_limit: max %lld keys and posts a minute (burst %lld) \xe2\x80\x94 slow down",
			    (long long)s->rate_per_minute, (long long)s->rate_burst);
	message_charge(by);
	return NULL;
}

struct err *topic_key_install(struct req *rq, struct topic *t, const struct topic_new_key_args *key)
{
	TRY(topic_key_may(rq, t, key));
	TRY(topic_news_may(rq));
	TRY(charge_change(rq, t));
	topic_key_put(t, req_member(rq), key);
	return NULL;
}

/* ---- copies ---- */

static str member_id(struct mesh *m, i64 no)
{
	const struct member *member = mesh_member_by_no(m, no);

	return member ? str_from(member->id) : S("");
}

static str member_pubkey(struct mesh *m, i64 no)
{
	const struct member *member = mesh_member_by_no(m, no);

	return member ? str_of(member->pubkey, 64) : S("");
}

struct err *topic_key_data(struct req *rq, struct topic *t, i64 epoch, struct topic_key_data_args *ret_data)
{
	struct topic_copy_row *rows;
	struct topic_key_copy_list *keys = &ret_data->keys;
	size_t n;

	*ret_data = (struct topic_key_data_args){ .topic = t->name, .topicId = str_from(t->id), .epoch = t->epoch,
						  .stale = t->stale, .plaintext = t->plaintext };
	TRY(store_topic_copies(rq->engine->store, rq->arena, t->mesh->no, t->no, req_member(rq)->no, &rows, &n));
	*keys = (struct topic_key_copy_list){ NEW_ARRAY(rq->arena, struct topic_key_copy_args, n + 1), 0, true };
	for (size_t i = 0; i < n; i++) {
		if (epoch && rows[i].epoch != epoch)
			continue;
		keys->items[keys->n++] = (struct topic_key_copy_args){
			.epoch = rows[i].epoch, .encryptedKey = rows[i].sealed, .nonce = rows[i].nonce,
			.sealerMemberId = member_id(t->mesh, rows[i].sealer_no),
			.sealerPubkey = member_pubkey(t->mesh, rows[i].sealer_no),
			.makerMemberId = member_id(t->mesh, rows[i].maker_no), .senderPubkey = rows[i].key_pubkey,
			.createdAt = time_iso(rq->arena, rows[i].created_ms),
		};
	}
	return NULL;
}

struct err *topic_pending_seals(struct req *rq, struct topic *t,
				struct topic_pending_seals_response_args *ret_pending)
{
	struct topic_pending_entry_list *list = &ret_pending->pending;
	struct topic_sub *sub, *next;

	*ret_pending = (struct topic_pending_seals_response_args){ .topic = t->name, .topicId = str_from(t->id),
								   .epoch = t->epoch, .stale = t->stale };
	*list = (struct topic_pending_entry_list){ NEW_ARRAY(rq->arena, struct topic_pending_entry_args,
							     TOPIC_PENDING_MAX), 0, true };
	if (!t->epoch)
		return NULL;
	TRY(store_topic_key_pubkey(rq->engine->store, rq->arena, t->mesh->no, t->no, t->epoch,
				   &ret_pending->senderPubkey));
	HASH_ITER(hh, t->subs, sub, next) {
		if (sub->keyed || sub->member->revoked_ms || list->n == TOPIC_PENDING_MAX)
			continue;
		list->items[list->n++] = (struct topic_pending_entry_args){
			.memberId = str_from(sub->member->id), .pubkey = str_of(sub->member->pubkey, 64),
			.displayName = sub->member->name };
	}
	return NULL;
}

/* Who has none cannot have sealed one; who was removed may still have one. */
static struct err *check_holder(struct req *rq, const struct topic *t, i64 epoch)
{
	bool holds;

	if (!topic_sub(t, req_member(rq)))
		return FAIL(rq->arena, FORBIDDEN, "only who is in '#%.*s' seals its key for others", STRF(t->name));
	TRY(store_topic_copy(rq->engine->store, rq->arena, t->mesh->no, t->no, epoch, req_member(rq)->no, &holds));
	if (!holds)
		return FAIL(rq->arena, FORBIDDEN, "only who has the key of '#%.*s' may seal it for others", STRF(t->name));
	return NULL;
}

struct err *topic_seal(struct req *rq, struct topic *t, i64 epoch, const struct topic_copy_args *copy,
		       bool *ret_sealed)
{
	struct engine *e = rq->engine;
	struct topic_sub *sub = sub_of_id(t, copy->memberId);
	bool there;

	if (!t->epoch)
		return unencrypted(rq, t);
	if (!epoch)
		epoch = t->epoch;
	if (epoch > t->epoch)
		return err_word(FAIL(rq->arena, CONFLICT, "stale_epoch ('#%.*s' is at epoch %lld)", STRF(t->name),
				     (long long)t->epoch), S("stale_epoch"));
	TRY(check_copy(rq, copy->encryptedKey, copy->nonce));
	if (!sub)
		return err_word(FAIL(rq->arena, NOT_FOUND, "no member '%.*s' in '#%.*s'", STRF(copy->memberId),
				     STRF(t->name)), S("recipient_not_in_topic"));
	TRY(check_holder(rq, t, epoch));
	TRY(store_topic_copy(e->store, rq->arena, t->mesh->no, t->no, epoch, sub->member->no, &there));
	*ret_sealed = !there;
	if (there)
		return NULL;
	store_topic_copy_add(e->store, t->mesh->no, &(struct topic_copy_row){ .topic_no = t->no, .epoch = epoch,
			     .member_no = sub->member->no, .sealed = copy->encryptedKey, .nonce = copy->nonce,
			     .sealer_no = req_member(rq)->no, .created_ms = e->now_ms });
	sub->keyed |= epoch == t->epoch;
	topic_hint_to(t, sub->member, S("topic_key_sealed"), NULL, STR_NONE);
	return NULL;
}

struct err *topic_key_drop(struct req *rq, struct topic *t, i64 epoch)
{
	struct member *by = req_member(rq);
	struct topic_sub *sub = topic_sub(t, by);

	TRY(topic_news_may(rq));
	store_topic_copy_drop(rq->engine->store, t->mesh->no, t->no, epoch, by->no);
	if (!sub || epoch != t->epoch || !sub->keyed)
		return NULL;
	sub->keyed = false;
	topic_hint(t, S("topic_key_wanted"), STR_NONE, by);
	return NULL;
}
