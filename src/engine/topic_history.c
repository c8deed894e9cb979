/*
 * topic_history.c - what was posted, page by page, and how far it was read. A page begins at a post,
 * by its number in the topic: nothing is skipped or shown twice, whatever their times are.
 */
#include "engine/topic.h"

#include "engine/grant.h"
#include "engine/vouch.h"
#include "proto/enums.h"

static struct topic_message_args message_of(struct req *rq, const struct topic *t, const struct post_row *row,
					    bool member_pubkey)
{
	const struct member *sender = mesh_member_by_no(t->mesh, row->sender_no);
	struct topic_message_args out = {
		.id = row->id, .senderMemberId = S(""), .senderPubkey = row->sender_pubkey, .senderName = S(""),
		.nonce = row->nonce, .ciphertext = row->ciphertext, .bodyVersion = row->body_version,
		.epoch = row->epoch, .replyToId = row->reply_to, .seq = row->seq,
		.priority = enum_word(priority_words, row->rank + PRIORITY_NOW),
		.client_message_id = row->client_id, .createdAt = time_iso(rq->arena, row->created_ms),
		.signature = row->signature, .signedReplyTo = row->reply_to.len ? STR_NONE : row->signed_reply,
	};

	if (sender) {
		out.senderMemberId = str_from(sender->id);
		out.senderName = sender->name;
		if (member_pubkey)
			out.senderPubkey = str_of(sender->pubkey, 64);
		else if (!str_eq(row->sender_pubkey, str_of(sender->pubkey, 64)))
			out.senderMemberPubkey = str_of(sender->pubkey, 64);
	}
	return out;
}

struct topic_message_args topic_message_of(struct req *rq, const struct topic *t, const struct post_row *row)
{
	return message_of(rq, t, row, true);
}

static struct err *no_message(struct req *rq, const struct topic *t, str id)
{
	return err_word(FAIL(rq->arena, NOT_FOUND, "no message '%.*s' in '#%.*s'", STRF(id), STRF(t->name)),
			S("message_not_found"));
}

struct err *topic_seq_of(struct req *rq, struct topic *t, str id, i64 *ret_seq)
{
	struct post_row *row;

	TRY(store_post_by_id(rq->engine->store, rq->arena, t->mesh->no, t->no, id, &row));
	if (!row)
		return no_message(rq, t, id);
	*ret_seq = row->seq;
	return NULL;
}

/* How many of them a page has room for: one, or as many as are not too long together. */
static size_t fitting(const struct post_row *rows, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		bytes += rows[i].ciphertext.len + rows[i].nonce.len;
		if (bytes > TOPIC_PAGE_BYTES_MAX)
			return MAX(i, 1);
	}
	return n;
}

static struct err *read_page(struct req *rq, struct topic *t, const struct topic_page *page, struct post_row **ret_rows,
			     size_t *ret_n, bool *ret_more)
{
	i64 limit = page->limit ? MIN(MAX(page->limit, 1), TOPIC_PAGE_MAX) : TOPIC_PAGE_DEFAULT;
	bool forward = page->after_start || page->after_id.len;
	struct store *st = rq->engine->store;
	struct post_row *rows;
	i64 seq = forward ? 0 : INT64_MAX;
	size_t n;

	if (page->before_id.len && forward)
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'afterId': not together with 'beforeId'"),
				S("invalid"));
	if (page->before_id.len)
		TRY(topic_seq_of(rq, t, page->before_id, &seq));
	if (page->after_id.len)
		TRY(topic_seq_of(rq, t, page->after_id, &seq));
	if (forward)
		TRY(store_posts_after(st, rq->arena, t->mesh->no, t->no, seq, (size_t)limit + 1, &rows, &n));
	else
		TRY(store_posts_before(st, rq->arena, t->mesh->no, t->no, seq, (size_t)limit + 1, &rows, &n));
	*ret_more = n > (size_t)limit;
	n = MIN(n, (size_t)limit);
	*ret_more |= fitting(rows, n) < n;
	*ret_n = fitting(rows, n);
	*ret_rows = rows;
	return NULL;
}

static struct topic_message_list messages_of(struct req *rq, struct topic *t, const struct post_row *rows, size_t n,
					     bool member_pubkeys)
{
	struct topic_message_list list = { NEW_ARRAY(rq->arena, struct topic_message_args, n + 1), n, true };

	for (size_t i = 0; i < n; i++)
		list.items[i] = message_of(rq, t, &rows[i], member_pubkeys);
	return list;
}

struct err *topic_history(struct req *rq, struct topic *t, const struct topic_page *page,
			  struct topic_message_list *ret_list, bool *ret_more)
{
	struct post_row *rows;
	size_t n;

	TRY(read_page(rq, t, page, &rows, &n, ret_more));
	*ret_list = messages_of(rq, t, rows, n, page->member_pubkeys);
	return NULL;
}

struct err *topic_followed(struct req *rq, struct topic *t, const struct topic_page *page,
			   struct topic_message_list *ret_list, struct topic_read *ret_read, bool *ret_more)
{
	struct post_row *rows;
	size_t n, kept = 0;

	TRY(read_page(rq, t, page, &rows, &n, ret_more));
	*ret_read = (struct topic_read){ n ? rows[n - 1].id : STR_NONE, n, 0 };
	for (size_t i = 0; i < n; i++)
		ret_read->bytes += rows[i].ciphertext.len;
	for (size_t i = 0; i < n; i++)
		if (grant_allows_post(req_member(rq), &rows[i]))
			rows[kept++] = rows[i];
	*ret_list = messages_of(rq, t, rows, kept, page->member_pubkeys);
	return NULL;
}

struct err *topic_history_signed(struct req *rq, struct topic *t, const struct topic_page *page,
				 struct topic_history_response_args *ret_page)
{
	struct post_row *rows;
	size_t n, n_signed = 0;
	i64 *signers;

	TRY(read_page(rq, t, page, &rows, &n, &ret_page->more));
	ret_page->messages = messages_of(rq, t, rows, n, page->member_pubkeys);
	signers = NEW_ARRAY(rq->arena, i64, n + 1);
	for (size_t i = 0; i < n; i++)
		if (rows[i].signature.len)
			signers[n_signed++] = rows[i].sender_no;
	return vouch_gone(rq, signers, n_signed, &ret_page->authors);
}

/* ---- read marks ---- */

/* How many of the person's own posts stand behind seq. */
static struct err *own_behind(struct req *rq, struct topic *t, const struct member *person, i64 seq, i64 *ret_n)
{
	struct topic_sub *sub, *next;

	*ret_n = 0;
	if (seq == t->last_seq)
		return NULL;
	HASH_ITER(hh, t->subs, sub, next) {
		i64 n;

		if (member_person(sub->member) != person)
			continue;
		TRY(store_posts_of_sender(rq->engine->store, rq->arena, t->mesh->no, t->no, seq, sub->member->no, &n));
		*ret_n += n;
	}
	return NULL;
}

static void set_read(struct topic_sub *sub, i64 read_ms, i64 read_seq, i64 own_unread)
{
	struct topic *t = sub->topic;

	sub->read_ms = read_ms;
	sub->read_seq = read_seq;
	sub->own_unread = own_unread;
	store_topic_member_read(t->mesh->engine->store, t->mesh->no, &(struct topic_member_row){
		.topic_no = t->no, .member_no = sub->member->no, .read_ms = read_ms, .read_seq = read_seq,
		.own_unread = own_unread });
}

void topic_sub_own(struct topic_sub *sub, i64 seq)
{
	if (sub->read_seq == seq - 1)
		set_read(sub, sub->read_ms, seq, 0);
	else
		set_read(sub, sub->read_ms, sub->read_seq, sub->own_unread + 1);
}

struct err *topic_mark_read(struct req *rq, struct topic *t, str up_to_id, i64 *ret_read_ms)
{
	struct member *person = member_person(req_member(rq));
	i64 now = rq->engine->now_ms, seq = t->last_seq, own;
	struct topic_sub *sub, *next;

	if (!topic_sub(t, req_member(rq)))
		return FAIL(rq->arena, FORBIDDEN, "you are not in '#%.*s'; join it first", STRF(t->name));
	if (up_to_id.len)
		TRY(topic_seq_of(rq, t, up_to_id, &seq));
	TRY(own_behind(rq, t, person, seq, &own));
	HASH_ITER(hh, t->subs, sub, next) {
		if (member_person(sub->member) != person)
			continue;
		if (seq >= sub->read_seq)
			set_read(sub, now, seq, own);
		topic_hint_to(t, sub->member, S("topic_read"), rq->from, STR_NONE);
	}
	*ret_read_ms = now;
	return NULL;
}
