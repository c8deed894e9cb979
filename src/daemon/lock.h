/*
 * lock.h - one daemon per directory: a lock on daemon.pid, held as long as the process lives.
 *
 * The kernel gives it up when the process dies, however it dies; what the file says is never
 * believed without it. The file stays when the lock goes, so that nobody can hold the lock of a
 * file that has no name any more.
 */
#ifndef DAEMON_LOCK_H
#define DAEMON_LOCK_H

#include "client/place.h"

enum { LOCK_WAIT_MS = 500 }; /* for somebody who only looks, or a daemon about to end */

struct lock;

/* EXISTS names the running daemon's pid. Freed with the arena or by lock_release(). */
struct err *lock_take(struct arena *a, const struct place *pl, struct lock **ret_lock) MUST_CHECK;
/* Is the locked file still the one that has the name? False: somebody removed the directory. */
bool lock_is_current(const struct lock *l);
void lock_release(struct lock *l);

#endif
