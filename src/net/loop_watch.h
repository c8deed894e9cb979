/*
 * loop_watch.h - a descriptor that becomes readable, as a callback on the loop: inotify,
 * pidfd. For sockets there are streams.
 */
#ifndef NET_LOOP_WATCH_H
#define NET_LOOP_WATCH_H

#include "net/loop.h"

struct loop_watch;

/* Takes the descriptor over; it is closed with the watch. fn(arg) is called in a later turn as
 * long as there is something to read. IO: it cannot be watched; it is closed. */
struct err *loop_watch_new(struct arena *a, struct loop *l, int fd, void (*fn)(void *arg), void *arg,
			   struct loop_watch **ret_watch) MUST_CHECK;
int loop_watch_fd(const struct loop_watch *w);
void loop_watch_free(struct loop_watch *w); /* NULL is fine; from its own callback too */

#endif
