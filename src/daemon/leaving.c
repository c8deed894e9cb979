#include "daemon/meshes_internal.h"

struct leaving {
	struct leaving *next;
	struct meshes *ms;
	struct link *link;
};

static void end(struct leaving *lv)
{
	struct leaving **at = &lv->ms->leaving;

	while (*at != lv)
		at = &(*at)->next;
	*at = lv->next;
	link_free(lv->link);
	free(lv);
}

static void on_ready(void *arg UNUSED, struct link *l, const struct hello_ack_args *ack UNUSED)
{
	link_close(l);
}

static void on_down(void *arg, struct link *l UNUSED, const struct err *why UNUSED, i64 retry_ms UNUSED)
{
	end(arg);
}

/* What is still pushed is not acked: it waits for the member. */
static const struct link_handler handler = { on_ready, NULL, NULL, on_down };

void leaving_add(struct meshes *ms, struct link *l)
{
	struct leaving *lv;

	if (!l || ms->closing || !link_is_under_way(l)) {
		link_free(l);
		return;
	}
	lv = calloc(1, sizeof(*lv));
	if (!lv)
		abort();
	*lv = (struct leaving){ ms->leaving, ms, l };
	ms->leaving = lv;
	link_hand_over(l, &handler, lv);
	link_close(l);
}

void leaving_free(struct meshes *ms)
{
	while (ms->leaving)
		end(ms->leaving);
}
