#include "db/group.h"

static u64 mix(u64 hash, const void *bytes, size_t n)
{
	const u8 *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 1099511628211u;
	return hash;
}

static u64 row_key(const struct db_write *w, u64 keys)
{
	u64 hash = 1469598103934665603u;

	for (size_t i = 0; w->query->binds[i]; i++) {
		const struct db_value *v = &w->values[i];

		if (!(keys >> i & 1))
			continue;
		hash = mix(hash, &v->i, sizeof(v->i));
		hash = mix(hash, &v->s.len, sizeof(v->s.len));
		hash = mix(hash, v->s.ptr, v->s.len);
	}
	return hash;
}

static bool has_room(const struct group *g, u64 key)
{
	if (!g->shape->many.len || g->n >= GROUP_ROWS_MAX)
		return false;
	if (g->shape->keys)
		for (const struct group_row *row = g->first; row; row = row->next)
			if (row->key == key)
				return false;
	return true;
}

/* The group that a write may join, or NULL. */
static struct group *find(struct group *groups, size_t n, const struct db_query *q,
			  const struct shape *shape, u64 key)
{
	for (size_t back = 1; back <= MIN(n, GROUP_BACK); back++) {
		struct group *g = &groups[n - back];

		if (g->query == q)
			return has_room(g, key) ? g : NULL;
		if (!shape_commute(g->shape, shape))
			return NULL;
	}
	return NULL;
}

size_t group_writes(struct arena *a, const struct db_write *writes, size_t n,
		    const struct shape *const shapes[DB_SLOT_MAX], struct group **ret_groups)
{
	struct group *groups = NEW_ARRAY(a, struct group, n);
	struct group_row *rows = NEW_ARRAY(a, struct group_row, n);
	size_t n_groups = 0;

	for (size_t i = 0; i < n; i++) {
		const struct db_query *q = writes[i].query;
		const struct shape *shape = shapes[q->slot];
		struct group *g;

		rows[i] = (struct group_row){ .write = &writes[i] };
		if (shape->keys)
			rows[i].key = row_key(&writes[i], shape->keys);
		g = find(groups, n_groups, q, shape, rows[i].key);
		if (!g) {
			g = &groups[n_groups++];
			*g = (struct group){ .query = q, .shape = shape };
		}
		if (g->last)
			g->last->next = &rows[i];
		else
			g->first = &rows[i];
		g->last = &rows[i];
		g->n++;
	}
	*ret_groups = groups;
	return n_groups;
}
