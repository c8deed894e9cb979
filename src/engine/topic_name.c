/*
 * topic_name.c - which topic a name means.
 *
 * Nobody learns from a name that there is a private topic of that name: so another may be made, by
 * who cannot see the first. Somebody may come to see several then. A name goes on to mean what it
 * meant: of those that a member sees the one that it has been in longest, else the public one, of
 * which there is one. The others are named by their id.
 */
#include "engine/topic.h"

#include <utlist.h>

/* All topics of one name, the oldest first. */
struct topic_name {
	UT_hash_handle hh;                    /* mesh->topic_names, by name */
	struct topic *topics;
	str name;
};

static struct topic_name *find(const struct mesh *m, str name)
{
	struct topic_name *n = NULL;

	if (name.len)
		HASH_FIND(hh, m->topic_names, name.ptr, name.len, n);
	return n;
}

void topic_name_add(struct topic *t)
{
	struct topic_name *n = find(t->mesh, t->name);

	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			abort();
		own_str(&n->name, t->name);
		HASH_ADD_KEYPTR(hh, t->mesh->topic_names, n->name.ptr, n->name.len, n);
	}
	DL_APPEND2(n->topics, t, same_prev, same_next);
}

void topic_name_remove(struct topic *t)
{
	struct topic_name *n = find(t->mesh, t->name);

	DL_DELETE2(n->topics, t, same_prev, same_next);
	if (n->topics)
		return;
	HASH_DELETE(hh, t->mesh->topic_names, n);
	own_free(&n->name);
	free(n);
}

struct topic *topic_public(const struct mesh *m, str name)
{
	struct topic_name *n = find(m, name);
	struct topic *t;

	if (n)
		DL_FOREACH2(n->topics, t, same_next)
			if (t->visibility == VISIBILITY_PUBLIC)
				return t;
	return NULL;
}

int topic_order(const struct topic *left, const struct topic *right, struct member *by)
{
	const struct topic_sub *a = topic_sub(left, member_person(by)), *b = topic_sub(right, member_person(by));
	i64 since_a = a ? a->joined_ms : INT64_MAX, since_b = b ? b->joined_ms : INT64_MAX;
	int order = str_cmp(left->name, right->name);

	if (order)
		return order;
	if (since_a != since_b)
		return since_a < since_b ? -1 : 1;
	return left->no < right->no ? -1 : left->no > right->no;
}

struct topic *topic_named(const struct mesh *m, str name, struct member *by)
{
	struct topic_name *n = find(m, name);
	struct topic *t, *best = NULL;

	if (n)
		DL_FOREACH2(n->topics, t, same_next)
			if (topic_is_seen(t, by) && (!best || topic_order(t, best, by) < 0))
				best = t;
	return best;
}

bool topic_in_scope(const struct req *rq, str id)
{
	struct mesh *m = req_member(rq)->mesh;
	struct topic *t = NULL;

	if (!rq->caller->topics)
		return true;
	if (id.len == ID_LEN)
		HASH_FIND(hh, m->topics, id.ptr, ID_LEN, t);
	return t && caller_sees(rq->caller, t->name) && topic_named(m, t->name, req_member(rq)) == t;
}

bool topic_name_is_another(const struct topic *t, struct member *who, struct member *to)
{
	const struct topic *other;

	DL_FOREACH2(find(t->mesh, t->name)->topics, other, same_next)
		if (other != t && topic_is_seen(other, who) && topic_is_seen(other, to))
			return true;
	return false;
}
