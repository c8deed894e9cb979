#include "net/loop_watch.h"

#include <unistd.h>

#include "net/loop_uv.h"

struct loop_watch {
	uv_poll_t uv;
	int fd;
	void (*fn)(void *arg);
	void *arg;
};

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

static void on_ready(uv_poll_t *h, int status, int events)
{
	struct loop_watch *w = h->data;

	w->fn(w->arg);
}

struct err *loop_watch_new(struct arena *a, struct loop *l, int fd, void (*fn)(void *arg),
			   void *arg, struct loop_watch **ret_watch)
{
	struct loop_watch *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		abort();
	w->fd = fd;
	w->fn = fn;
	w->arg = arg;
	rc = uv_poll_init(&l->uv, &w->uv, fd);
	w->uv.data = w;
	if (rc != 0) {
		free(w);
		close(fd);
		return FAIL(a, IO, "cannot watch descriptor %d: %s", fd, uv_strerror(rc));
	}
	rc = uv_poll_start(&w->uv, UV_READABLE, on_ready);
	if (rc != 0) {
		loop_watch_free(w);
		return FAIL(a, IO, "cannot watch descriptor %d: %s", fd, uv_strerror(rc));
	}
	*ret_watch = w;
	return NULL;
}

int loop_watch_fd(const struct loop_watch *w)
{
	return w->fd;
}

void loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	uv_poll_stop(&w->uv);
	uv_close((uv_handle_t *)&w->uv, on_closed);
	close(w->fd);
}
