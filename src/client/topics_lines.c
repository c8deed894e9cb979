/*
 * topics_lines.c - posts made readable, and whose word they are: the author's signature, and
 * whether the mesh's owner vouches for the author.
 */
#include "client/resolve.h"
#include "client/topics_internal.h"

/* Is there a line that a key we have not asked for might open? */
static bool want_keys(const struct topic_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lines[i].no_key)
			return true;
	return false;
}

static struct err *read_lines(struct topics *t, str topic_id, const struct topic_message_args *messages, size_t n,
			      struct topic_line *lines)
{
	struct topic_keys_args known;

	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &known));
	for (size_t i = 0; i < n; i++)
		topic_read_line(t->arena, &known, topic_id, &messages[i], &lines[i]);
	return NULL;
}

/* ---- authors ---- */

static i64 now_ms(const struct topics *t)
{
	return clock_ms(t->client->clock);
}

static bool is_own(const struct topics *t, str pubkey)
{
	return str_eq(pubkey, t->mesh->pubkey);
}

/* Without an owner key to start from nobody is vouched for, whatever a list says. */
static bool can_vouch(const struct topics *t)
{
	return !str_empty(t->keys.owner_pubkey) || t->keys.confirmed.n;
}

static void look_up(struct topics *t, const struct topic_message_args *messages, const struct topic_line *lines,
		    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		str key = post_author(&messages[i]);

		if (lines[i].proof != POST_SIGNED || is_own(t, key) ||
		    !members_want_key(t->seen, key, now_ms(t)))
			continue;
		members_take(t->seen, topics_know_members(t) ? NULL : &t->list.members, now_ms(t));
		return;
	}
}

/* Those who were members, looked at beside the members: a device is seen with whose it is. */
static struct member_list verify_former(struct topics *t, const struct member_list *former)
{
	struct member_list all = { .present = true };
	bool known = !topics_know_members(t);
	size_t n = known ? t->list.members.n : 0;

	all.items = NEW_ARRAY(t->arena, struct member_args, n + former->n + 1);
	for (size_t i = 0; i < n; i++)
		all.items[all.n++] = t->list.members.items[i];
	for (size_t i = 0; i < former->n; i++)
		all.items[all.n++] = former->items[i];
	members_verify(t->arena, &all, t->mesh->meshId, t->keys.owner_pubkey);
	members_confirm(&all, t->keys.confirmed.items, t->keys.confirmed.n);
	all.items += n;
	all.n -= n;
	return all;
}

static void vouch_former(struct topics *t, const struct topic_message_args *messages, struct topic_line *lines,
			 size_t n, const struct member_list *former)
{
	struct member_list all = verify_former(t, former);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all.n && lines[i].proof == POST_SIGNED && !lines[i].verified; k++)
			if (all.items[k].verified && str_eq(all.items[k].pubkey, post_author(&messages[i])))
				lines[i].verified = lines[i].former = true;
}

/* One of the two is what its author signed: the one that came first. */
static void drop_repeats(const struct topic_message_args *messages, struct topic_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (lines[i].proof == POST_SIGNED && lines[k].proof == POST_SIGNED &&
			    messages[k].seq < messages[i].seq && post_repeats(&messages[i], &messages[k]))
				topic_line_repeats(&lines[i]);
}

static void name_authors(struct topics *t, str topic_id, const struct topic_message_args *messages,
			 struct topic_line *lines, size_t n, const struct member_list *former)
{
	for (size_t i = 0; i < n; i++)
		topic_prove_line(t->arena, t->mesh->meshId, topic_id, &messages[i], &lines[i]);
	drop_repeats(messages, lines, n);
	if (can_vouch(t))
		look_up(t, messages, lines, n);
	for (size_t i = 0; i < n; i++) {
		str key = post_author(&messages[i]);

		lines[i].verified = lines[i].proof == POST_SIGNED && (is_own(t, key) || members_has(t->seen, key));
	}
	if (can_vouch(t) && former && former->n)
		vouch_former(t, messages, lines, n, former);
}

/* ---- lines ---- */

static struct err *lines_of(struct topics *t, str topic_id, const struct topic_message_args *messages, size_t n,
			    const struct member_list *former, struct topic_line **ret_lines)
{
	struct topic_line *lines = NEW_ARRAY(t->arena, struct topic_line, n + 1);
	struct topic_key_data_args data;

	TRY(read_lines(t, topic_id, messages, n, lines));
	if (want_keys(lines, n)) {
		TRY(topics_keys(t, topic_id, &data));
		TRY(read_lines(t, topic_id, messages, n, lines));
	}
	name_authors(t, topic_id, messages, lines, n, former);
	*ret_lines = lines;
	return NULL;
}

struct err *topics_lines(struct topics *t, str topic_id, const struct topic_message_args *messages, size_t n,
			 struct topic_line **ret_lines)
{
	return lines_of(t, topic_id, messages, n, NULL, ret_lines);
}

struct err *topics_history(struct topics *t, const struct topic_history_args *in,
			   struct topic_history_response_args *ret_page, struct topic_line **ret_lines)
{
	TRY(t->call(t->arg, t->arena, "topic_history", topic_history_fields, in, topic_history_response_fields,
		    ret_page, sizeof(*ret_page)));
	return lines_of(t, ret_page->topicId, ret_page->messages.items, ret_page->messages.n, &ret_page->authors,
			ret_lines);
}
