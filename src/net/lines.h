/*
 * lines.h - a descriptor read line by line on a loop: standard input of a protocol.
 *
 * A thread of its own reads, so pipes, files and terminals are alike; it stops reading while
 * the loop is busy with what it brought. A line over the maximum is told once and skipped.
 */
#ifndef NET_LINES_H
#define NET_LINES_H

#include "net/loop.h"

struct lines;

struct lines_handler {
	void (*on_line)(void *arg, str line);  /* without its newline */
	void (*on_too_long)(void *arg);
	/* The end, or it cannot be read any more; what stood behind the last newline was a line. */
	void (*on_end)(void *arg);
};

/* The descriptor stays the caller's; h outlives it. */
struct err *lines_new(struct arena *a, struct loop *l, int fd, size_t line_max,
		      const struct lines_handler *h, void *arg, struct lines **ret_lines) MUST_CHECK;
/* No callback follows. Not from inside one. NULL is fine. */
void lines_free(struct lines *ls);

#endif
