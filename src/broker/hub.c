#include "broker/hub.h"

#include <pthread.h>

struct port {
	struct hub *hub;
	unsigned shard;
};

struct hub {
	struct loop *loop;
	struct hub_ends ends;
	struct port ports[SHARDS_MAX];
	bool full[SHARDS_MAX], ended, freed; /* loop thread */
	pthread_mutex_t lock;                /* everything below */
	struct effects *first, **last;
	bool room[SHARDS_MAX];
	bool posted; /* a call of on_post() is under way */
};

struct hub *hub_new(struct loop *l, const struct hub_ends *ends)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->loop = l;
	h->ends = *ends;
	h->last = &h->first;
	for (unsigned i = 0; i < SHARDS_MAX; i++)
		h->ports[i] = (struct port){ h, i };
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

static struct effects *take(struct hub *h, bool ret_room[SHARDS_MAX])
{
	struct effects *list;

	pthread_mutex_lock(&h->lock);
	list = h->first;
	h->first = NULL;
	h->last = &h->first;
	memcpy(ret_room, h->room, sizeof(h->room));
	memset(h->room, 0, sizeof(h->room));
	pthread_mutex_unlock(&h->lock);
	return list;
}

void hub_drain(struct hub *h)
{
	bool room[SHARDS_MAX];
	struct effects *list = take(h, room);

	while (list) {
		struct effects *fx = list;

		list = fx->next;
		for (size_t i = 0; i < fx->n && !h->freed; i++)
			h->ends.apply(h->ends.arg, &fx->items[i]);
		effects_free(fx);
	}
	for (unsigned i = 0; i < SHARDS_MAX; i++) {
		if (!room[i] || h->freed)
			continue;
		h->full[i] = false;
		h->ends.room(h->ends.arg, i);
	}
}

static void on_post(void *arg)
{
	struct hub *h = arg;

	pthread_mutex_lock(&h->lock);
	h->posted = false;
	pthread_mutex_unlock(&h->lock);
	hub_drain(h);
}

void hub_free(struct hub *h)
{
	if (!h)
		return;
	h->freed = true;
	hub_drain(h);
	/* A call under way must still find the hub. The engines have ended: nobody else locks. */
	while (h->posted)
		loop_turn(h->loop, 0);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

bool hub_submit(struct hub *h, unsigned shard, struct event *ev)
{
	if (h->ended) {
		event_free(ev);
		return true;
	}
	if (h->ends.submit(h->ends.arg, shard, ev))
		return true;
	h->full[shard] = true;
	return false;
}

bool hub_is_full(const struct hub *h, unsigned shard)
{
	return h->full[shard];
}

void hub_end(struct hub *h)
{
	h->ended = true;
	hub_drain(h);
}

bool hub_has_ended(const struct hub *h)
{
	return h->ended;
}

/* At most one call waits in the loop, so that its bound cannot be reached. */
static void wake_locked(struct hub *h)
{
	if (!h->posted && !loop_post(h->loop, on_post, h))
		abort();
	h->posted = true;
}

void *hub_port(struct hub *h, unsigned shard)
{
	return &h->ports[shard];
}

void hub_on_effects(void *port, struct effects *fx)
{
	struct hub *h = ((struct port *)port)->hub;

	pthread_mutex_lock(&h->lock);
	fx->next = NULL;
	*h->last = fx;
	h->last = &fx->next;
	wake_locked(h);
	pthread_mutex_unlock(&h->lock);
}

void hub_on_room(void *port)
{
	const struct port *from = port;
	struct hub *h = from->hub;

	pthread_mutex_lock(&h->lock);
	h->room[from->shard] = true;
	wake_locked(h);
	pthread_mutex_unlock(&h->lock);
}
