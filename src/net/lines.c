#include "net/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

enum { CHUNK_BYTES = 65536 };

struct lines {
	struct loop *loop;
	int fd, wake[2];              /* wake: tells the reader to go on, or to end */
	size_t line_max;
	const struct lines_handler *h;
	void *arg;
	pthread_t thread;
	struct buf line;              /* the beginning of one */
	bool skipping;                /* the rest of a line that was too long */
	atomic_bool stop;
	atomic_bool posted;           /* the loop has the chunk */
	ssize_t n;                    /* of the chunk; 0 or less: the end */
	char chunk[CHUNK_BYTES];
};

static void end_line(struct lines *ls)
{
	if (ls->skipping)
		ls->h->on_too_long(ls->arg);
	else
		ls->h->on_line(ls->arg, buf_str(&ls->line));
	ls->skipping = false;
	buf_clear(&ls->line);
}

static void add(struct lines *ls, str part)
{
	if (ls->skipping)
		return;
	buf_add(&ls->line, part);
	if (!ls->line.full)
		return;
	ls->skipping = true;
	buf_done(&ls->line);
	ls->line = buf_make(ls->line_max);
}

static void take(void *arg)
{
	struct lines *ls = arg;
	str rest = str_of(ls->chunk, ls->n > 0 ? (size_t)ls->n : 0);
	ptrdiff_t at;

	atomic_store(&ls->posted, false);
	if (atomic_load(&ls->stop))
		return;
	if (ls->n <= 0) {
		if (ls->line.len || ls->skipping)
			end_line(ls);
		ls->h->on_end(ls->arg);
		return;
	}
	while ((at = str_index(rest, '\n')) >= 0) {
		add(ls, str_of(rest.ptr, (size_t)at));
		end_line(ls);
		rest = str_skip(rest, (size_t)at + 1);
	}
	add(ls, rest);
	while (write(ls->wake[1], "", 1) < 0 && errno == EINTR)
		;
}

/* Waits until the descriptor (or only the loop: fd -1) has something. False: the end. */
static bool wait_for(struct lines *ls, int fd)
{
	struct pollfd fds[] = { { .fd = ls->wake[0], .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	char byte;

	while (poll(fds, ARRAY_LEN(fds), -1) < 0)
		if (errno != EINTR)
			return false;
	if (fds[0].revents & POLLIN && read(ls->wake[0], &byte, 1) != 1)
		return false;
	return !atomic_load(&ls->stop);
}

static void *read_all(void *arg)
{
	struct lines *ls = arg;

	do {
		if (!wait_for(ls, ls->fd))
			break;
		do
			ls->n = read(ls->fd, ls->chunk, sizeof(ls->chunk));
		while (ls->n < 0 && errno == EINTR);
		atomic_store(&ls->posted, true);
		if (!loop_post(ls->loop, take, ls))
			abort(); /* one call at a time is no crowd */
	} while (ls->n > 0 && wait_for(ls, -1));
	return NULL;
}

struct err *lines_new(struct arena *a, struct loop *l, int fd, size_t line_max,
		      const struct lines_handler *h, void *arg, struct lines **ret_lines)
{
	struct lines *ls = calloc(1, sizeof(*ls));

	if (!ls)
		abort();
	ls->loop = l;
	ls->fd = fd;
	ls->line_max = line_max;
	ls->h = h;
	ls->arg = arg;
	ls->line = buf_make(line_max);
	if (pipe2(ls->wake, O_CLOEXEC) || pthread_create(&ls->thread, NULL, read_all, ls)) {
		free(ls);
		return FAIL(a, INTERNAL, "cannot read standard input: %s", strerror(errno));
	}
	*ret_lines = ls;
	return NULL;
}

void lines_free(struct lines *ls)
{
	if (!ls)
		return;
	atomic_store(&ls->stop, true);
	while (write(ls->wake[1], "", 1) < 0 && errno == EINTR)
		;
	pthread_join(ls->thread, NULL);
	while (atomic_load(&ls->posted))
		loop_turn(ls->loop, 0);
	close(ls->wake[0]);
	close(ls->wake[1]);
	buf_done(&ls->line);
	free(ls);
}
