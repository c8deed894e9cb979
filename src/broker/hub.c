#include "broker/hub.h"

#include <pthread.h>

struct hub {
	struct loop *loop;
	struct hub_ends ends;
	bool full, ended, freed; /* loop thread */
	pthread_mutex_t lock;    /* everything below */
	struct effects *first, **last;
	bool room;
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
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

static struct effects *take(struct hub *h, bool *ret_room)
{
	struct effects *list;

	pthread_mutex_lock(&h->lock);
	list = h->first;
	h->first = NULL;
	h->last = &h->first;
	*ret_room = h->room;
	h->room = false;
	pthread_mutex_unlock(&h->lock);
	return list;
}

static void apply_all(struct hub *h)
{
	bool room;
	struct effects *list = take(h, &room);

	while (list) {
		struct effects *fx = list;

		list = fx->next;
		for (size_t i = 0; i < fx->n && !h->freed; i++)
			h->ends.apply(h->ends.arg, &fx->items[i]);
		effects_free(fx);
	}
	if (room && !h->freed) {
		h->full = false;
		h->ends.room(h->ends.arg);
	}
}

static void on_post(void *arg)
{
	struct hub *h = arg;

	pthread_mutex_lock(&h->lock);
	h->posted = false;
	pthread_mutex_unlock(&h->lock);
	apply_all(h);
}

void hub_free(struct hub *h)
{
	if (!h)
		return;
	h->freed = true;
	apply_all(h);
	/* A call under way must still find the hub. The engine has ended: nobody else locks. */
	while (h->posted)
		loop_turn(h->loop, 0);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

bool hub_submit(struct hub *h, struct event *ev)
{
	if (h->ended) {
		event_free(ev);
		return true;
	}
	if (h->ends.submit(h->ends.arg, ev))
		return true;
	h->full = true;
	return false;
}

bool hub_is_full(const struct hub *h)
{
	return h->full;
}

void hub_end(struct hub *h)
{
	h->ended = true;
	apply_all(h);
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

void hub_on_effects(void *hub, struct effects *fx)
{
	struct hub *h = hub;

	pthread_mutex_lock(&h->lock);
	fx->next = NULL;
	*h->last = fx;
	h->last = &fx->next;
	wake_locked(h);
	pthread_mutex_unlock(&h->lock);
}

void hub_on_room(void *hub)
{
	struct hub *h = hub;

	pthread_mutex_lock(&h->lock);
	h->room = true;
	wake_locked(h);
	pthread_mutex_unlock(&h->lock);
}
