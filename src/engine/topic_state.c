/*
 * topic_state.c - topics and who is in them, in memory as the store has them.
 *
 * Read with the mesh. After a failed commit they are read again into the same structs, because
 * connections have places in them. #general is made, and filled with everybody who came before
 * topics were built, by the first who looks: its `filled` says that this was done.
 */
#include "engine/topic.h"

#include <utlist.h>

#include "engine/reader.h"

#define GENERAL "general"
#define GENERAL_DESCRIPTION "Default mesh-wide channel. Every member can read and post."

struct member *member_person(struct member *member)
{
	struct member *person = member->device_of ? mesh_member_by_no(member->mesh, member->device_of) : NULL;

	return person ? person : member;
}

struct topic_sub *topic_sub(const struct topic *t, const struct member *member)
{
	struct topic_sub *sub;

	HASH_FIND(hh, t->subs, &member, sizeof(member), sub);
	return sub;
}

static struct topic *topic_by_no(const struct mesh *m, i64 no)
{
	struct topic *t, *next;

	HASH_ITER(hh, m->topics, t, next)
		if (t->no == no)
			return t;
	return NULL;
}

static enum visibility visibility_of(str word)
{
	return str_eq(word, S("private")) ? VISIBILITY_PRIVATE : str_eq(word, S("dm")) ? VISIBILITY_DM
										       : VISIBILITY_PUBLIC;
}

static enum topic_role role_of(str word)
{
	for (int i = TOPIC_LEAD; topic_role_words[i]; i++)
		if (str_eq(word, str_from(topic_role_words[i])))
			return (enum topic_role)i;
	return TOPIC_MEMBER;
}

static void topic_fill(struct topic *t, const struct topic_row *row)
{
	own_str(&t->description, row->description);
	t->visibility = visibility_of(row->visibility);
	t->plaintext = row->plaintext;
	t->epoch = row->epoch;
	t->stale = row->stale;
	t->last_seq = row->last_seq;
	t->last_ms = row->last_ms;
	t->created_ms = row->created_ms;
	t->created_by = row->created_by;
	t->seen_in_store = true;
}

struct topic *topic_new(struct mesh *m, const struct topic_row *row)
{
	struct topic *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->mesh = m;
	t->no = row->no;
	memcpy(t->id, row->id.ptr, MIN(row->id.len, ID_LEN));
	own_str(&t->name, row->name);
	topic_fill(t, row);
	HASH_ADD(hh, m->topics, id, ID_LEN, t);
	topic_name_add(t);
	return t;
}

static struct topic_sub *sub_new(struct topic *t, struct member *member)
{
	struct topic_sub *sub = calloc(1, sizeof(*sub));

	if (!sub)
		abort();
	sub->topic = t;
	sub->member = member;
	sub->role = TOPIC_MEMBER;
	sub->seen_in_store = true;
	HASH_ADD(hh, t->subs, member, sizeof(member), sub);
	DL_APPEND(member->topics, sub);
	t->n_people += !member->device_of && !member->revoked_ms;
	return sub;
}

static void sub_free(struct topic_sub *sub)
{
	struct topic *t = sub->topic;

	topic_places_end(sub);
	t->n_people -= !sub->member->device_of && !sub->member->revoked_ms;
	HASH_DEL(t->subs, sub);
	DL_DELETE(sub->member->topics, sub);
	free(sub);
}

static void topic_free(struct topic *t)
{
	struct mesh *m = t->mesh;

	while (t->subs)
		sub_free(t->subs);
	HASH_DELETE(hh, m->topics, t);
	topic_name_remove(t);
	topic_bars_free(t);
	own_free(&t->name);
	own_free(&t->description);
	free(t);
}

void topics_free(struct mesh *m)
{
	while (m->topics)
		topic_free(m->topics);
}

void member_topics_free(struct member *member)
{
	while (member->topics)
		sub_free(member->topics);
}

struct topic_sub *topic_sub_add(struct topic *t, struct member *member, enum topic_role role)
{
	struct engine *e = t->mesh->engine;
	struct topic_sub *sub = sub_new(t, member);

	sub->role = role;
	sub->joined_ms = e->now_ms;
	sub->read_seq = sub->place_seq = t->last_seq;
	store_topic_member_add(e->store, t->mesh->no, &(struct topic_member_row){
		.topic_no = t->no, .member_no = member->no, .role = enum_word(topic_role_words, (int)role),
		.joined_ms = sub->joined_ms, .read_seq = sub->read_seq, .place_seq = sub->place_seq });
	return sub;
}

void topic_make_stale(struct topic *t)
{
	struct mesh *m = t->mesh;

	if (!t->epoch || t->stale)
		return;
	t->stale = true;
	store_topic_key_set(m->engine->store, m->no, t->no, t->epoch, true);
	topic_hint(t, S("topic_stale"), STR_NONE, NULL);
}

void topic_sub_remove(struct topic_sub *sub)
{
	struct topic *t = sub->topic;
	struct mesh *m = t->mesh;
	struct member *member = sub->member;

	store_topic_member_remove(m->engine->store, m->no, t->no, member->no);
	topic_make_stale(t);
	sub_free(sub);
	if (t->visibility != VISIBILITY_PUBLIC)
		readers_end(m, member, t->no, "topic_not_found");
}

void topics_member_gone(struct member *member)
{
	struct topic_sub *sub;

	DL_FOREACH(member->topics, sub) {
		topic_make_stale(sub->topic);
		/* The caller has not said yet that it is revoked, or just has. */
		sub->topic->n_people -= !member->device_of;
	}
}

void topics_member_back(struct member *member)
{
	struct topic_sub *sub;

	DL_FOREACH(member->topics, sub) {
		sub->topic->n_people += !member->device_of;
		if (sub->topic->epoch && !sub->topic->stale && !sub->keyed)
			topic_hint(sub->topic, S("topic_key_wanted"), STR_NONE, member);
	}
}

/* ---- #general ---- */

static struct topic *general_new(struct mesh *m, const struct member *by)
{
	struct engine *e = m->engine;
	struct topic_row row = {
		.no = store_next(e->store, NUMBER_TOPIC), .mesh_no = m->no,
		.id = id_random(e->batch, e->random), .name = S(GENERAL), .visibility = S("public"),
		.description = S(GENERAL_DESCRIPTION), .created_by = by->no, .created_ms = e->now_ms,
		.filled = true,
	};

	store_topic_add(e->store, &row);
	return topic_new(m, &row);
}

void topic_general_join(struct mesh *m, struct member *member, enum topic_role role)
{
	struct topic *t = topic_public(m, S(GENERAL));

	if (!t)
		t = general_new(m, member);
	role = topic_bar_role(t, member, role);
	if (topic_sub(t, member) || !role)
		return;
	topic_sub_add(t, member, role);
	if (t->epoch && !t->stale)
		topic_hint(t, S("topic_key_wanted"), STR_NONE, member);
}

void topic_device_join(struct member *device)
{
	struct topic_sub *sub;
	struct member *person = member_person(device);

	if (person == device)
		return;
	DL_FOREACH(person->topics, sub) {
		if (topic_sub(sub->topic, device))
			continue;
		topic_sub_add(sub->topic, device, sub->role);
		if (sub->topic->epoch && !sub->topic->stale)
			topic_hint(sub->topic, S("topic_key_wanted"), STR_NONE, device);
	}
}

/* The oldest member that is still there: who made the mesh, or stands in for who did. */
static struct member *first_member(struct mesh *m)
{
	struct member *member, *next, *first = NULL;

	HASH_ITER(hh, m->members, member, next)
		if (!member->revoked_ms && !member->device_of && (!first || member->no < first->no))
			first = member;
	return first;
}

/* S08: everybody who is a member and came before is in it, once; twice changes nothing. */
static void general_fill(struct mesh *m)
{
	struct member *member, *next, *owner = first_member(m);
	struct topic *t;

	if (!owner)
		return;
	t = topic_public(m, S(GENERAL));
	if (!t)
		t = general_new(m, owner);
	HASH_ITER(hh, m->members, member, next)
		if (!member->revoked_ms && !topic_sub(t, member))
			topic_sub_add(t, member, member == owner ? TOPIC_LEAD : TOPIC_MEMBER);
	store_topic_filled(m->engine->store, m->no, t->no);
}

/* ---- reading ---- */

static void sub_fill(struct topic_sub *sub, const struct topic_member_row *row)
{
	sub->role = role_of(row->role);
	sub->joined_ms = row->joined_ms;
	sub->read_ms = row->read_ms;
	sub->read_seq = row->read_seq;
	sub->own_unread = row->own_unread;
	/* Memory may know better, and must not know what a failed batch made. */
	sub->place_seq = MIN(MAX(sub->place_seq, row->place_seq), sub->topic->last_seq);
	if (sub->place_seq > row->place_seq)
		topic_sub_dirty(sub);
	sub->keyed = row->keyed;
	sub->seen_in_store = true;
}

static struct err *subs_read(struct mesh *m, struct arena *a)
{
	struct topic_member_row *rows;
	struct topic *t = NULL, *next;
	struct topic_sub *sub, *next_sub;
	size_t n;

	TRY(store_topic_members(m->engine->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->topics, t, next)
		HASH_ITER(hh, t->subs, sub, next_sub)
			sub->seen_in_store = false;
	t = NULL;
	for (size_t i = 0; i < n; i++) {
		struct member *member = mesh_member_by_no(m, rows[i].member_no);

		if (!t || t->no != rows[i].topic_no)
			t = topic_by_no(m, rows[i].topic_no);
		if (!t || !member)
			return FAIL(a, INTERNAL, "topic %lld has no member %lld", (long long)rows[i].topic_no,
				    (long long)rows[i].member_no);
		sub = topic_sub(t, member);
		sub_fill(sub ? sub : sub_new(t, member), &rows[i]);
	}
	HASH_ITER(hh, m->topics, t, next)
		HASH_ITER(hh, t->subs, sub, next_sub) {
			if (!sub->seen_in_store)
				sub_free(sub);
			else
				topic_places_reset(sub);
		}
	return NULL;
}

/* Who was removed, or is not any more as a batch failed. */
static void count_people(struct topic *t)
{
	struct topic_sub *sub, *next;

	t->n_people = 0;
	HASH_ITER(hh, t->subs, sub, next)
		t->n_people += !sub->member->device_of && !sub->member->revoked_ms;
}

struct err *topics_read(struct mesh *m, struct arena *a)
{
	struct topic_row *rows;
	struct topic *t, *next;
	bool filled = false;
	size_t n;

	TRY(store_topics(m->engine->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->topics, t, next)
		t->seen_in_store = false;
	for (size_t i = 0; i < n; i++) {
		filled |= rows[i].filled && str_eq(rows[i].name, S(GENERAL)) && str_eq(rows[i].visibility, S("public"));
		HASH_FIND(hh, m->topics, rows[i].id.ptr, ID_LEN, t);
		if (t)
			topic_fill(t, &rows[i]);
		else
			topic_new(m, &rows[i]);
	}
	HASH_ITER(hh, m->topics, t, next)
		if (!t->seen_in_store)
			topic_free(t);
	TRY(subs_read(m, a));
	TRY(topic_bars_read(m, a));
	if (!filled)
		general_fill(m);
	HASH_ITER(hh, m->topics, t, next)
		count_people(t);
	return NULL;
}
