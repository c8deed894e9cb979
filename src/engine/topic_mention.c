/*
 * topic_mention.c - who is mentioned in a post is notified, when it is written: by the names that its
 * sender gives, or those in a text of version 1 (S05). And what a member finds there.
 */
#include "engine/topic.h"

#include "crypto/encode.h"
#include "engine/grant.h"
#include "engine/mention.h"

/* Of a post whose list is empty the text; version 2 cannot be read here. */
static size_t names_of(struct req *rq, const struct topic_draft *draft, str **ret_names)
{
	size_t n = 0;
	str text;

	*ret_names = NEW_ARRAY(rq->arena, str, MAX(draft->mentions.n, MENTIONS_MAX));
	for (size_t i = 0; i < draft->mentions.n; i++)
		if (draft->mentions.items[i].len && draft->mentions.items[i].len <= NAME_BYTES_MAX + 1)
			(*ret_names)[n++] = mention_name(rq->arena, draft->mentions.items[i]);
	if (draft->mentions.n || draft->body_version == 2 || !base64_decode(rq->arena, draft->ciphertext, &text))
		return n;
	return mentions_in(rq->arena, text, *ret_names);
}

static bool is_named(const struct member *member, const str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(member->name, names[i]))
			return true;
	return false;
}

struct err *topic_mention(struct req *rq, struct topic *t, const struct topic_draft *draft,
			  const struct post_row *row, i64 *ret_notified)
{
	struct member *member, *next, *sender = member_person(req_member(rq));
	struct member *notified[NOTIFIED_MAX];
	str *names;
	size_t n_names = names_of(rq, draft, &names), n = 0;

	*ret_notified = 0;
	/* Walks over the members only for what names somebody. */
	if (!n_names)
		return NULL;
	HASH_ITER(hh, t->mesh->members, member, next) {
		struct member *person = member_person(member);
		bool again = person == sender || n == NOTIFIED_MAX || !topic_is_seen(t, person);

		for (size_t i = 0; i < n && !again; i++)
			again = notified[i] == person;
		if (!again && is_named(member, names, n_names))
			notified[n++] = person;
	}
	/* The sender is not told who does not want it: the number counts them. */
	for (size_t i = 0; i < n; i++)
		if (grant_allows_post(notified[i], row))
			store_notification_add(rq->engine->store, t->mesh->no, notified[i]->no, row);
	HASH_ITER(hh, t->mesh->members, member, next)
		for (size_t i = 0; i < n && member->presences; i++)
			if (member_person(member) == notified[i] && grant_allows_post(member, row))
				topic_hint_to(t, member, S("notification"), NULL, row->id);
	*ret_notified = (i64)n;
	return NULL;
}

/* ---- what is there for a member ---- */

static struct notification_args notification_of(struct req *rq, const struct notification_row *row)
{
	struct mesh *m = req_member(rq)->mesh;
	const struct member *sender = mesh_member_by_no(m, row->post.sender_no);
	struct notification_args out = {
		.id = row->post.id, .notificationId = row->post.id, .nonce = row->post.nonce,
		.ciphertext = row->post.ciphertext, .bodyVersion = row->post.body_version,
		.epoch = row->post.epoch, .client_message_id = row->post.client_id, .signature = row->post.signature,
		.signedReplyTo = row->post.signed_reply, .kind = S("mention"), .topicId = S(""), .topicName = S(""),
		.senderMemberId = S(""), .senderName = S(""), .senderPubkey = S(""),
		.readAt = row->read_ms ? time_iso(rq->arena, row->read_ms) : STR_NONE,
		.createdAt = time_iso(rq->arena, row->post.created_ms),
	};

	if (sender) {
		out.senderMemberId = str_from(sender->id);
		out.senderName = sender->name;
		out.senderPubkey = str_of(sender->pubkey, 64);
	}
	return out;
}

/* NULL: there is none any more, or it may not be seen any more. */
static const struct topic *topic_of(struct req *rq, i64 topic_no)
{
	const struct member *by = req_member(rq);
	struct topic *t, *next;

	HASH_ITER(hh, by->mesh->topics, t, next)
		if (t->no == topic_no)
			return topic_is_seen(t, by) ? t : NULL;
	return NULL;
}

static struct err *page_end(struct req *rq, str before_id, i64 *ret_no)
{
	struct member *by = req_member(rq);
	struct topic *t, *next;

	*ret_no = INT64_MAX;
	if (!before_id.len)
		return NULL;
	/* One look for each topic. */
	bucket_take_many(&by->lists, (i64)HASH_COUNT(by->mesh->topics));
	HASH_ITER(hh, by->mesh->topics, t, next) {
		struct post_row *row = NULL;

		if (topic_is_seen(t, by))
			TRY(store_post_by_id(rq->engine->store, rq->arena, by->mesh->no, t->no, before_id, &row));
		if (!row)
			continue;
		*ret_no = row->no;
		return NULL;
	}
	return err_word(FAIL(rq->arena, NOT_FOUND, "no message '%.*s' in a topic of yours", STRF(before_id)),
			S("message_not_found"));
}

struct err *notifications_list(struct req *rq, const struct notification_page *page,
			       struct notification_list *ret_list)
{
	const struct member *person = member_person(req_member(rq));
	i64 limit = page->limit ? MIN(MAX(page->limit, 1), TOPIC_PAGE_MAX) : TOPIC_PAGE_DEFAULT, before;
	i64 since = MAX(page->since_ms, rq->engine->now_ms - (i64)NOTIFICATION_KEEP_DAYS * 24 * 3600 * 1000);
	struct notification_row *rows;
	size_t n;

	TRY(page_end(rq, page->before_id, &before));
	TRY(store_notifications(rq->engine->store, rq->arena, person->mesh->no, person->no, page->unread, before,
				since, (size_t)limit, &rows, &n));
	*ret_list = (struct notification_list){ NEW_ARRAY(rq->arena, struct notification_args, n + 1), 0, true };
	for (size_t i = 0; i < n; i++) {
		const struct topic *t = topic_of(rq, rows[i].post.topic_no);
		struct notification_args *out = &ret_list->items[ret_list->n];

		if (!t)
			continue;
		*out = notification_of(rq, &rows[i]);
		out->topicId = str_from(t->id);
		out->topicName = t->name;
		ret_list->n++;
	}
	return NULL;
}

struct err *notifications_unread(struct req *rq, i64 *ret_n)
{
	const struct member *person = member_person(req_member(rq));

	return store_notifications_unread(rq->engine->store, rq->arena, person->mesh->no, person->no,
					  NOTIFICATIONS_COUNTED_MAX, ret_n);
}

static bool is_wanted(const struct notification_row *row, const struct strs *ids, bool all, i64 before_ms)
{
	if (before_ms && row->post.created_ms > before_ms)
		return false;
	for (size_t i = 0; !all && i < ids->n; i++)
		if (str_eq(ids->items[i], row->post.id))
			return true;
	return all;
}

/* Looks at the unread ones, which are few, or at as many as are counted. */
struct err *notifications_read(struct req *rq, const struct strs *ids, bool all, i64 before_ms, i64 *ret_marked)
{
	const struct member *person = member_person(req_member(rq));
	struct engine *e = rq->engine;
	struct notification_row *rows;
	i64 before = INT64_MAX;
	size_t n;

	*ret_marked = 0;
	do {
		TRY(store_notifications(e->store, rq->arena, person->mesh->no, person->no, true, before, 0,
					NOTIFICATIONS_COUNTED_MAX, &rows, &n));
		for (size_t i = 0; i < n; i++) {
			before = rows[i].post.no;
			if (!is_wanted(&rows[i], ids, all, before_ms))
				continue;
			store_notification_read(e->store, person->mesh->no, person->no, before, e->now_ms);
			++*ret_marked;
		}
	} while (n == NOTIFICATIONS_COUNTED_MAX);
	store_notifications_prune(e->store, person->mesh->no, person->no,
				  e->now_ms - (i64)NOTIFICATION_KEEP_DAYS * 24 * 3600 * 1000);
	return NULL;
}
