/*
 * topic_bar.c - what a lead said of somebody in a public topic, and leaving does not undo: made an
 * observer, it comes back as one; taken out, it does not come back by itself.
 */
#include "engine/topic.h"

static struct topic_bar *find(const struct topic *t, struct member *member)
{
	i64 no = member_person(member)->no;
	struct topic_bar *bar;

	HASH_FIND(hh, t->bars, &no, sizeof(no), bar);
	return bar;
}

static void forget(struct topic *t, struct topic_bar *bar)
{
	HASH_DEL(t->bars, bar);
	free(bar);
}

void topic_bars_free(struct topic *t)
{
	while (t->bars)
		forget(t, t->bars);
}

static void add(struct topic *t, i64 member_no, enum topic_role role)
{
	struct topic_bar *bar = calloc(1, sizeof(*bar));

	if (!bar)
		abort();
	bar->member_no = member_no;
	bar->role = role;
	HASH_ADD(hh, t->bars, member_no, sizeof(bar->member_no), bar);
}

void topic_bar_set(struct topic *t, struct member *member, enum topic_role role)
{
	struct mesh *m = t->mesh;
	i64 no = member_person(member)->no;
	struct topic_bar *bar = find(t, member);

	/* Into others nobody comes by itself. */
	if (t->visibility != VISIBILITY_PUBLIC)
		return;
	if (bar)
		forget(t, bar);
	if (role == TOPIC_MEMBER || role == TOPIC_LEAD) {
		if (bar)
			store_topic_bar_drop(m->engine->store, m->no, t->no, no);
		return;
	}
	add(t, no, role);
	store_topic_bar_set(m->engine->store, m->no, &(struct topic_bar_row){
		t->no, no, role == TOPIC_OBSERVER ? S("observer") : S("none") });
}

enum topic_role topic_bar_role(const struct topic *t, struct member *member, enum topic_role role)
{
	const struct topic_bar *bar = member->role == ROLE_ADMIN ? NULL : find(t, member);

	return bar ? bar->role : role;
}

struct err *topic_bars_read(struct mesh *m, struct arena *a)
{
	struct topic_bar_row *rows;
	struct topic *t, *next;
	size_t n;

	TRY(store_topic_bars(m->engine->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->topics, t, next) {
		topic_bars_free(t);
		for (size_t i = 0; i < n; i++)
			if (rows[i].topic_no == t->no)
				add(t, rows[i].member_no, str_eq(rows[i].role, S("observer")) ? TOPIC_OBSERVER
											     : TOPIC_ROLE_ABSENT);
	}
	return NULL;
}
