#include "engine/topic.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/reader.h"

static struct mesh *req_mesh(const struct req *rq)
{
	return req_member(rq)->mesh;
}

/* ---- finding ---- */

static struct err *not_found(struct req *rq, str name)
{
	return err_word(FAIL(rq->arena, NOT_FOUND, "topic \"%.*s\" not found",
			     (int)MIN(name.len, TOPIC_NAME_BYTES_MAX), name.ptr), S("topic_not_found"));
}

bool topic_is_seen(const struct topic *t, const struct member *by)
{
	if (by->revoked_ms || by->mesh != t->mesh)
		return false;
	return t->visibility == VISIBILITY_PUBLIC || topic_sub(t, by);
}

struct err *topic_find_name(struct req *rq, str name, struct topic **ret_topic)
{
	struct topic *t = topic_named(req_mesh(rq), name, req_member(rq));

	if (!t)
		return not_found(rq, name);
	*ret_topic = t;
	return NULL;
}

struct err *topic_find(struct req *rq, str name_or_id, struct topic **ret_topic)
{
	str name = str_starts(name_or_id, S("#")) ? str_skip(name_or_id, 1) : name_or_id;
	struct topic *t = NULL;

	if (name.len == ID_LEN)
		HASH_FIND(hh, req_mesh(rq)->topics, name.ptr, ID_LEN, t);
	if (!t)
		return topic_find_name(rq, name, ret_topic);
	if (!topic_is_seen(t, req_member(rq)))
		return not_found(rq, name);
	*ret_topic = t;
	return NULL;
}

static int by_name(const void *left, const void *right, void *member)
{
	return topic_order(*(struct topic *const *)left, *(struct topic *const *)right, member);
}

void topics_seen(struct req *rq, struct topic ***ret_topics, size_t *ret_n)
{
	struct mesh *m = req_mesh(rq);
	struct topic **items = NEW_ARRAY(rq->arena, struct topic *, HASH_COUNT(m->topics) + 1), *t, *next;
	size_t n = 0;

	HASH_ITER(hh, m->topics, t, next)
		if (topic_is_seen(t, req_member(rq)))
			items[n++] = t;
	qsort_r(items, n, sizeof(*items), by_name, req_member(rq));
	*ret_topics = items;
	*ret_n = n;
}

i64 topic_unread(const struct topic *t, const struct member *member)
{
	const struct topic_sub *sub = topic_sub(t, member);

	return sub ? MAX(t->last_seq - sub->read_seq - sub->own_unread, 0) : 0;
}

struct topic_entry_args topic_entry_of(struct req *rq, const struct topic *t)
{
	const struct topic_sub *sub = topic_sub(t, req_member(rq));

	return (struct topic_entry_args){
		.id = str_from(t->id), .name = t->name,
		.description = t->description.len ? t->description : STR_NONE,
		.visibility = str_from(visibility_words[t->visibility]), .memberCount = t->n_people,
		.createdAt = time_iso(rq->arena, t->created_ms),
		.role = sub ? str_from(topic_role_words[sub->role]) : STR_NONE,
		.unread = topic_unread(t, req_member(rq)), .lastSeq = t->last_seq,
		.lastMessageAt = t->last_seq ? time_iso(rq->arena, t->last_ms) : STR_NONE,
		.epoch = t->epoch, .stale = t->stale, .plaintext = t->plaintext,
	};
}

/* ---- people ---- */

static struct err *member_of_id(struct req *rq, str id, struct member **ret_member)
{
	struct member *member, *next;

	HASH_ITER(hh, req_mesh(rq)->members, member, next) {
		if (member->revoked_ms || !str_eq(id, str_from(member->id)))
			continue;
		*ret_member = member;
		return NULL;
	}
	return err_word(FAIL(rq->arena, NOT_FOUND, "no member '%.*s' in this mesh", STRF(id)), S("member_not_found"));
}

/* With all its devices; who is in it already keeps what it has. */
static void person_add(struct topic *t, struct member *person, enum topic_role role)
{
	struct member *member, *next;
	bool wanted = t->epoch && !t->stale;

	HASH_ITER(hh, t->mesh->members, member, next) {
		if (member_person(member) != person || member->revoked_ms || topic_sub(t, member))
			continue;
		topic_sub_add(t, member, role);
		if (wanted)
			topic_hint(t, S("topic_key_wanted"), STR_NONE, member);
	}
}

static void person_remove(struct topic *t, struct member *person)
{
	struct topic_sub *sub, *next;

	HASH_ITER(hh, t->subs, sub, next)
		if (member_person(sub->member) == person)
			topic_sub_remove(sub);
}

/* Leads of it, and admins of the mesh. */
static struct err *check_lead(struct req *rq, const struct topic *t)
{
	const struct member *by = req_member(rq);
	const struct topic_sub *sub = topic_sub(t, by);

	if (t->visibility == VISIBILITY_DM)
		return FAIL(rq->arena, FORBIDDEN, "who is in a dm was said when it was made");
	if ((sub && sub->role == TOPIC_LEAD) || by->role == ROLE_ADMIN)
		return NULL;
	return FAIL(rq->arena, FORBIDDEN, "only a lead of '#%.*s' or an admin of the mesh may do this", STRF(t->name));
}

/* As what the caller may come in by itself. */
static struct err *check_bar(struct req *rq, const struct topic *t, enum topic_role *role)
{
	*role = topic_bar_role(t, req_member(rq), *role);
	if (*role || topic_sub(t, req_member(rq)))
		return NULL;
	return FAIL(rq->arena, FORBIDDEN, "you were taken out of '#%.*s'; a lead can add you again", STRF(t->name));
}

/* role: absent: it is not in it any more. */
static void log_change(struct req *rq, struct topic *t, const struct member *member, enum topic_role role)
{
	audit_with(t->mesh, req_member(rq), "topic_member_changed",
		   AUDIT_FIELDS(AUDIT_TEXT("topic", str_from(t->id)), AUDIT_TEXT("memberId", str_from(member->id)),
				AUDIT_TEXT("role", role ? str_from(topic_role_words[role]) : S("none"))));
}

/* ---- making ---- */

static struct err *invalid(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("invalid"));
}

/* A name cannot be taken for an id. */
static bool name_is_valid(str name)
{
	if (!name.len || name.len > TOPIC_NAME_BYTES_MAX || id_is_prefix(name, ID_LEN) || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		      c == '-' || c == '.'))
			return false;
	}
	return true;
}

static struct err *check_new(struct req *rq, const struct topic_create_args *in, str name)
{
	bool dm = in->visibility == VISIBILITY_DM;

	if (!name_is_valid(name))
		return invalid(rq, "field 'name': 1 to 64 letters, digits, _ - . and no record id");
	if (!name_is_printable(in->description) || !str_is_utf8(in->description))
		return invalid(rq, "field 'description': no control characters");
	if (dm && (!in->members.n || in->members.n >= DM_MEMBERS_MAX))
		return invalid(rq, "field 'members': a dm is for 1 to 15 others");
	if (in->plaintext && in->newKey.present)
		return invalid(rq, "field 'newKey': a plaintext topic has no key");
	if (in->newKey.present && in->newKey.epoch != 1)
		return invalid(rq, "field 'newKey.epoch': a topic's first key is 1");
	return NULL;
}

static struct err *check_room(struct req *rq)
{
	const struct member *person = member_person(req_member(rq));
	struct mesh *m = req_mesh(rq);
	struct topic *t, *next;
	size_t own = 0;

	HASH_ITER(hh, m->topics, t, next)
		own += t->created_by == person->no;
	if (HASH_COUNT(m->topics) >= TOPICS_PER_MESH_MAX)
		return FAIL(rq->arena, CONFLICT, "the mesh has %d topics, the most it may", TOPICS_PER_MESH_MAX);
	if (own >= TOPICS_PER_MEMBER_MAX)
		return FAIL(rq->arena, CONFLICT, "you made %zu topics, the most one may", own);
	return NULL;
}

static struct err *existing(struct req *rq, struct topic *t)
{
	struct member *by = req_member(rq);
	enum topic_role role = TOPIC_MEMBER;

	TRY(check_bar(rq, t, &role));
	if (topic_sub(t, by))
		return NULL;
	person_add(t, member_person(by), role);
	log_change(rq, t, by, role);
	return NULL;
}

/* Does nothing to the topic: what could be refused was looked at. */
static struct err *make(struct req *rq, const struct topic_create_args *in, str name, struct member **others,
			struct topic **ret_topic)
{
	struct member *person = member_person(req_member(rq));
	struct engine *e = rq->engine;
	struct mesh *m = req_mesh(rq);
	struct topic_row row = {
		.no = store_next(e->store, NUMBER_TOPIC), .mesh_no = m->no, .id = id_random(rq->arena, e->random),
		.name = name, .visibility = str_from(visibility_words[in->visibility]),
		.description = in->description, .created_by = person->no, .created_ms = e->now_ms,
		.plaintext = in->plaintext, .filled = true,
	};
	struct topic *t;

	store_topic_add(e->store, &row);
	t = topic_new(m, &row);
	person_add(t, person, TOPIC_LEAD);
	for (size_t i = 0; i < in->members.n; i++)
		person_add(t, member_person(others[i]), TOPIC_MEMBER);
	*ret_topic = t;
	return NULL;
}

struct err *topic_create(struct req *rq, const struct topic_create_args *in, struct topic **ret_topic,
			 bool *ret_created)
{
	str name = str_starts(in->name, S("#")) ? str_skip(in->name, 1) : in->name;
	struct member **others = NEW_ARRAY(rq->arena, struct member *, in->members.n + 1);
	struct topic *t;

	TRY(check_new(rq, in, name));
	t = topic_named(req_mesh(rq), name, req_member(rq));
	*ret_created = !t;
	*ret_topic = t;
	if (t)
		return existing(rq, t);
	TRY(check_room(rq));
	TRY(topic_news_may(rq));
	for (size_t i = 0; i < in->members.n; i++)
		TRY(member_of_id(rq, in->members.items[i], &others[i]));
	if (in->newKey.present)
		TRY(topic_new_key_check(rq, &in->newKey));
	TRY(make(rq, in, name, others, ret_topic));
	audit_with((*ret_topic)->mesh, req_member(rq), "topic_created",
		   AUDIT_FIELDS(AUDIT_TEXT("topic", str_from((*ret_topic)->id)),
				AUDIT_TEXT("visibility", str_from(visibility_words[in->visibility]))));
	if (in->newKey.present)
		topic_key_put(*ret_topic, req_member(rq), &in->newKey);
	topic_hint(*ret_topic, S("topic_changed"), S("created"), req_member(rq));
	return NULL;
}

/* ---- coming and going ---- */

struct err *topic_join(struct req *rq, struct topic *t, enum topic_role role)
{
	struct member *by = req_member(rq);

	if (topic_sub(t, by))
		return NULL;
	if (role == TOPIC_LEAD && by->role != ROLE_ADMIN)
		return FAIL(rq->arena, FORBIDDEN, "only an admin of the mesh may join '#%.*s' as lead", STRF(t->name));
	if (role == TOPIC_ROLE_ABSENT)
		role = TOPIC_MEMBER;
	TRY(check_bar(rq, t, &role));
	TRY(topic_news_may(rq));
	person_add(t, member_person(by), role);
	log_change(rq, t, by, role);
	topic_hint(t, S("topic_changed"), S("joined"), by);
	return NULL;
}

struct err *topic_leave(struct req *rq, struct topic *t)
{
	struct member *by = req_member(rq);

	if (!topic_sub(t, by))
		return NULL;
	TRY(topic_news_may(rq));
	person_remove(t, member_person(by));
	log_change(rq, t, by, TOPIC_ROLE_ABSENT);
	topic_hint(t, S("topic_changed"), S("left"), by);
	return NULL;
}

struct err *topic_member_set(struct req *rq, struct topic *t, str member_id, enum topic_role role)
{
	struct member *member, *person;
	struct topic_sub *sub, *next;

	TRY(check_lead(rq, t));
	TRY(member_of_id(rq, member_id, &member));
	if (!topic_sub(t, member) && t->visibility != VISIBILITY_PUBLIC &&
	    topic_name_is_another(t, member, req_member(rq)))
		return err_word(FAIL(rq->arena, CONFLICT, "'#%.*s' means another topic to '%.*s'", STRF(t->name),
				     STRF(member->name)), S("name_taken"));
	TRY(topic_news_may(rq));
	person = member_person(member);
	if (role == TOPIC_ROLE_ABSENT)
		role = TOPIC_MEMBER;
	topic_bar_set(t, person, role);
	log_change(rq, t, member, role);
	HASH_ITER(hh, t->subs, sub, next) {
		if (member_person(sub->member) != person || sub->role == role)
			continue;
		sub->role = role;
		store_topic_member_role(rq->engine->store, t->mesh->no, t->no, sub->member->no,
					str_from(topic_role_words[role]));
	}
	if (topic_sub(t, member)) {
		topic_hint(t, S("topic_changed"), S("role"), member);
		return NULL;
	}
	person_add(t, person, role);
	topic_hint(t, S("topic_changed"), S("joined"), member);
	return NULL;
}

struct err *topic_member_remove(struct req *rq, struct topic *t, str member_id)
{
	struct topic_sub *sub, *next, *found = NULL;

	TRY(check_lead(rq, t));
	HASH_ITER(hh, t->subs, sub, next)
		if (str_eq(member_id, str_from(sub->member->id)))
			found = sub;
	if (!found)
		return err_word(FAIL(rq->arena, NOT_FOUND, "no member '%.*s' in '#%.*s'", STRF(member_id),
				     STRF(t->name)), S("member_not_found"));
	TRY(topic_news_may(rq));
	log_change(rq, t, found->member, TOPIC_ROLE_ABSENT);
	topic_hint(t, S("topic_changed"), S("removed"), found->member);
	if (member_person(found->member) != member_person(req_member(rq)))
		topic_bar_set(t, found->member, TOPIC_ROLE_ABSENT);
	person_remove(t, member_person(found->member));
	return NULL;
}

static int by_member_name(const void *left, const void *right)
{
	const struct topic_member_entry_args *a = left, *b = right;
	int order = str_cmp(a->displayName, b->displayName);

	return order ? order : str_cmp(a->memberId, b->memberId);
}

struct err *topic_members(struct req *rq, struct topic *t, struct topic_member_entry_list *ret_list)
{
	struct topic_sub *sub, *next;
	size_t n = 0;

	ret_list->present = true;
	ret_list->items = NEW_ARRAY(rq->arena, struct topic_member_entry_args, HASH_COUNT(t->subs) + 1);
	HASH_ITER(hh, t->subs, sub, next) {
		struct member *member = sub->member, *person = member_person(member);

		ret_list->items[n++] = (struct topic_member_entry_args){
			.memberId = str_from(member->id), .pubkey = str_of(member->pubkey, 64),
			.displayName = member->name, .role = str_from(topic_role_words[sub->role]),
			.joinedAt = time_iso(rq->arena, sub->joined_ms),
			.lastReadAt = sub->read_ms ? time_iso(rq->arena, sub->read_ms) : STR_NONE,
			.deviceOf = person != member ? str_from(person->id) : STR_NONE,
			.revoked = member->revoked_ms != 0, .keyed = sub->keyed,
		};
	}
	ret_list->n = n;
	qsort(ret_list->items, n, sizeof(*ret_list->items), by_member_name);
	return NULL;
}
