/*
 * doubles.c - posts come to the member's link and to each of its sessions. The sessions keep them;
 * for the member they are acknowledged once a session has them on disk, because where the member
 * has stopped is where its next session begins. What no session keeps, because the last one ended
 * meanwhile, is the member's.
 */
#include "daemon/meshes_internal.h"

#include <utlist.h>

enum { DOUBLES_MAX = 256 }; /* of a mesh; further ones come again later */

struct doubled {
	struct doubled *prev, *next;
	struct arena *arena;
	struct inbound m;
};

static void free_doubled(struct joined *j, struct doubled *d)
{
	DL_DELETE(j->doubles, d);
	j->n_doubles--;
	arena_free(d->arena);
	free(d);
}

void doubles_done(struct joined *j)
{
	while (j->doubles)
		free_doubled(j, j->doubles);
}

static bool was_stored(const struct joined *j, str message_id)
{
	for (size_t i = 0; i < ARRAY_LEN(j->kept_posts); i++)
		if (str_eq(str_from(j->kept_posts[i]), message_id))
			return true;
	return false;
}

static struct doubled *get(struct joined *j, str message_id)
{
	struct doubled *d;

	DL_FOREACH(j->doubles, d)
		if (str_eq(d->m.message_id, message_id))
			return d;
	return NULL;
}

bool doubles_take(struct route *member, const struct inbound *m)
{
	struct joined *j = member->mesh;
	struct doubled *d;

	if (was_stored(j, m->message_id)) {
		link_ack(member->link, m);
		return true;
	}
	if (get(j, m->message_id))
		return true;
	if (j->n_doubles >= DOUBLES_MAX)
		return false;
	d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	d->arena = arena_new();
	d->m = inbound_dup(d->arena, m);
	DL_APPEND(j->doubles, d);
	j->n_doubles++;
	return true;
}

void doubles_stored(struct joined *j, str message_id)
{
	struct doubled *d = get(j, message_id);
	char *slot = j->kept_posts[j->next_kept++ % ARRAY_LEN(j->kept_posts)];

	snprintf(slot, sizeof(j->kept_posts[0]), "%.*s", STRF(message_id));
	if (!d)
		return;
	if (j->m.member->link)
		link_ack(j->m.member->link, &d->m);
	free_doubled(j, d);
}

void doubles_release(struct joined *j)
{
	struct route *member = j->m.member;
	struct doubled *d, *next;

	DL_FOREACH_SAFE(j->doubles, d, next) {
		if (member->link && !(d->m.keyed ? posts_take(member, &d->m) : route_store(member, &d->m)))
			link_forget(member->link, &d->m);
		free_doubled(j, d);
	}
}
