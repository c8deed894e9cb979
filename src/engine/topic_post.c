/*
 * topic_post.c - one post: on disk with its receipt, in history, with its notifications, and on its
 * way to everybody in the topic, all in one commit.
 *
 * What a client_message_id says is a send's business too (receipts.h): a repeat is the same post
 * when its fingerprint, or else all that its sender chose, is the same.
 */
#include "engine/topic.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "engine/audit.h"
#include "engine/reader.h"
#include "engine/receipts.h"
#include "engine/traffic.h"
#include "proto/enums.h"

enum { NONCE_BYTES = 24, MAC_BYTES = 16, FINGERPRINT_LEN = 64 };

static struct err *invalid(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("invalid"));
}

static struct err *check_body(struct req *rq, const struct topic *t, const struct topic_draft *d)
{
	i64 size = (i64)(d->ciphertext.len + d->nonce.len + t->name.len + 1);
	i64 max = rq->engine->settings.max_message_bytes;

	if (size > max)
		return FAIL(rq->arena, TOO_LARGE, "payload too large: %lld bytes > MAX_MESSAGE_BYTES=%lld",
			    (long long)size, (long long)max);
	if (!base64_is_strict(d->nonce))
		return invalid(rq, "nonce is not base64");
	if (!base64_is_strict(d->ciphertext))
		return invalid(rq, "ciphertext is not base64");
	/* The broker checks no more of it: who reads cannot believe the broker. */
	if (d->signature.len && (!d->client_id.len || str_index(d->client_id, '|') >= 0))
		return invalid(rq, "signature: only with a client_message_id, which has no '|'");
	if (d->body_version == 2 && base64_bytes(d->nonce) != NONCE_BYTES)
		return invalid(rq, "nonce: version 2 has one of 24 bytes");
	if (d->body_version == 2 && base64_bytes(d->ciphertext) < MAC_BYTES)
		return invalid(rq, "ciphertext: shorter than any of version 2");
	return NULL;
}

/* What tells a repeat from another post under the same id. */
static void describe(struct req *rq, const struct topic *t, const struct topic_draft *d, struct receipt_row *r)
{
	const str parts[] = { str_from(t->id), d->body_version == 2 ? S("2") : S("1"),
			      d->reply_to.len ? d->reply_to : S(""), d->nonce, d->ciphertext };
	u8 *digest;

	r->target = arena_printf(rq->arena, "#%s", t->id);
	r->client_id = d->client_id;
	r->fingerprint = d->fingerprint;
	if (d->fingerprint.len || !d->client_id.len)
		return;
	digest = arena_alloc(rq->arena, DIGEST_BYTES);
	digest_parts(parts, ARRAY_LEN(parts), digest);
	r->digest = str_of(digest, DIGEST_BYTES);
}

static struct err *find_repeat(struct req *rq, const struct receipt_row *now, struct topic_posted *out)
{
	struct receipt_row *first = NULL;

	if (!now->client_id.len)
		return NULL;
	TRY(receipts_get(req_member(rq), rq->arena, now->client_id, &first));
	if (!first)
		return NULL;
	if (!str_eq(first->fingerprint, now->fingerprint) || !str_eq(first->digest, now->digest) ||
	    !str_eq(first->target, now->target))
		return err_word(FAIL(rq->arena, CONFLICT,
				     "idempotency_key_reused (this client_message_id was used for another message)"),
				S("idempotency_key_reused"));
	*out = (struct topic_posted){ .id = first->id, .recipients = first->recipients, .duplicate = true,
				      .created_ms = first->created_ms };
	rq->engine->stats.duplicates++;
	return NULL;
}

static struct err *stale(struct req *rq, const struct topic *t, i64 epoch)
{
	return err_word(FAIL(rq->arena, CONFLICT,
			     "stale_epoch (the key of epoch %lld is not good for '#%.*s', which is at %lld%s)",
			     (long long)epoch, STRF(t->name), (long long)t->epoch, t->stale ? " and wants the next" : ""),
			S("stale_epoch"));
}

/* Version and key against the topic's. *ret_epoch: of the post. */
static struct err *check_epoch(struct req *rq, const struct topic *t, const struct topic_draft *d, i64 *ret_epoch)
{
	i64 epoch = d->epoch ? d->epoch : 1;

	*ret_epoch = 0;
	if (d->body_version != 2) {
		if (d->new_key)
			return invalid(rq, "newKey: only with a body of version 2");
		if (!t->epoch)
			return NULL;
		return err_word(FAIL(rq->arena, BAD_REQUEST,
				     "'#%.*s' is end-to-end encrypted: text that the broker can read is refused; "
				     "post under its key, or make a topic with --plaintext", STRF(t->name)),
				S("encrypted"));
	}
	if (d->new_key) {
		if (epoch != d->new_key->epoch)
			return invalid(rq, "epoch: the post is not under the newKey that comes with it");
		TRY(topic_key_may(rq, t, d->new_key));
	} else if (!t->epoch) {
		return err_word(FAIL(rq->arena, CONFLICT, "'#%.*s' has no key", STRF(t->name)), S("topic_unencrypted"));
	} else if (t->stale || epoch != t->epoch) {
		return stale(rq, t, epoch);
	}
	*ret_epoch = epoch;
	return NULL;
}

static struct err *check_sender(struct req *rq, const struct topic *t)
{
	const struct topic_sub *sub = topic_sub(t, req_member(rq));
	const struct engine_settings *s = &rq->engine->settings;
	enum topic_role role = sub ? sub->role : topic_bar_role(t, req_member(rq), TOPIC_MEMBER);

	if (role == TOPIC_OBSERVER)
		return FAIL(rq->arena, FORBIDDEN, "you are an observer of '#%.*s'", STRF(t->name));
	if (!role)
		return FAIL(rq->arena, FORBIDDEN, "you were taken out of '#%.*s'", STRF(t->name));
	if (!bucket_has(&req_member(rq)->sends, rq->engine->mono_ms, s->rate_per_minute, s->rate_burst))
		return FAIL(rq->arena, RATE_LIMIT, "rate_limit: max %lld msg/min (burst %lld) \xe2\x80\x94 slow down",
			    (long long)s->rate_per_minute, (long long)s->rate_burst);
	return NULL;
}

static struct err *find_parent(struct req *rq, struct topic *t, str id, struct post_row *row)
{
	struct post_row *parent;

	if (!id.len)
		return NULL;
	TRY(store_post_by_id(rq->engine->store, rq->arena, t->mesh->no, t->no, id, &parent));
	if (!parent)
		return invalid(rq, "replyToId: no such message in this topic");
	row->reply_no = parent->no;
	row->reply_to = parent->id;
	return NULL;
}

/* One's own posts are read, where nothing else is unread; else they do not count. */
static void read_own(struct topic *t, struct member *person, i64 seq)
{
	struct topic_sub *sub = topic_sub(t, person), *next;

	/* Nobody in it is a device: the usual case. */
	if (sub && HASH_COUNT(t->subs) == (size_t)t->n_people) {
		topic_sub_own(sub, seq);
		return;
	}
	HASH_ITER(hh, t->subs, sub, next)
		if (member_person(sub->member) == person)
			topic_sub_own(sub, seq);
}

static struct post_row row_of(struct req *rq, const struct topic *t, const struct topic_draft *d, i64 epoch)
{
	const struct member *member = req_member(rq);

	return (struct post_row){
		.mesh_no = t->mesh->no, .topic_no = t->no, .sender_no = member->no,
		.sender_pubkey = rq->from ? presence_pubkey(rq->from) : str_of(member->pubkey, 64),
		.sender_name = rq->from ? presence_name(rq->from) : member->name,
		.rank = (int)(d->priority ? d->priority : PRIORITY_NEXT) - PRIORITY_NOW,
		.nonce = d->nonce, .ciphertext = d->ciphertext, .body_version = d->body_version == 2 ? 2 : 1,
		.epoch = epoch, .client_id = d->client_id, .fingerprint = d->fingerprint,
		.signature = d->signature, .signed_reply = d->signature.len ? d->reply_to : STR_NONE,
		.created_ms = rq->engine->now_ms,
	};
}

/* Nothing can be refused any more. */
static struct err *accept_post(struct req *rq, struct topic *t, const struct topic_draft *d, struct post_row *row,
			       struct receipt_row *receipt, struct topic_posted *out)
{
	struct engine *e = rq->engine;
	struct member *member = req_member(rq);
	i64 live;

	message_charge(member);
	if (d->new_key)
		topic_key_put(t, member, d->new_key);
	row->id = receipt->id = id_message(rq->arena, &e->ids);
	row->no = receipt->no = store_next(e->store, NUMBER_MESSAGE);
	row->seq = ++t->last_seq;
	t->last_ms = row->created_ms;
	receipt->mesh_no = row->mesh_no;
	receipt->sender_no = row->sender_no;
	receipt->recipients = MAX(t->n_people - (topic_sub(t, member) ? 1 : 0), 0);
	receipt->created_ms = row->created_ms;
	receipts_add(e, receipt);
	store_post_add(e->store, row);
	audit_sent(t->mesh, member, arena_printf(rq->arena, "#%s", t->id), row->rank);
	read_own(t, member_person(member), row->seq);
	if (!rq->from || !rq->from->hidden)
		traffic_post(t, member);
	TRY(topic_mention(rq, t, d, row, &out->notified));
	topic_push(t, row, rq->from, &live);
	if (topic_has_readers(t->mesh, t->no)) {
		struct topic_message_args message = topic_message_of(rq, t, row);

		readers_tell(t, row, reader_message(&message));
	}
	engine_accepted(e, rq->event);
	out->id = row->id;
	out->seq = row->seq;
	out->epoch = row->epoch;
	out->created_ms = row->created_ms;
	out->recipients = receipt->recipients;
	out->reply_to = row->reply_to;
	out->live = live > 0;
	return NULL;
}

struct err *topic_post(struct req *rq, struct topic *t, const struct topic_draft *draft,
		       struct topic_posted *ret_posted)
{
	struct receipt_row receipt = { .id = STR_NONE };
	struct topic_posted out = { .id = STR_NONE };
	struct post_row row;
	i64 epoch;

	TRY(check_body(rq, t, draft));
	describe(rq, t, draft, &receipt);
	TRY(find_repeat(rq, &receipt, &out));
	if (!out.duplicate) {
		TRY(check_sender(rq, t));
		TRY(check_epoch(rq, t, draft, &epoch));
		row = row_of(rq, t, draft, epoch);
		TRY(find_parent(rq, t, draft->reply_to, &row));
		TRY(accept_post(rq, t, draft, &row, &receipt, &out));
	}
	*ret_posted = out;
	return NULL;
}
