/*
 * datadir.h - the directory that holds one broker's database and keys, mode 0700.
 *
 * Held by one process at a time: a lock on broker.lock, which ends with the process. The
 * key file and the database lie in it; broker.addr says where the broker listens while it
 * runs. Main thread, at start and end.
 */
#ifndef BROKER_DATADIR_H
#define BROKER_DATADIR_H

#include "base/err.h"

#define ADMIN_SOCKET "broker.sock" /* file of the socket that `admin` asks, mode 0600 */

struct datadir {
	str path;
	int lock_fd;          /* -1: not held */
};

/* Makes the directory if there is none. FORBIDDEN if others may write to it, CONFLICT if
 * another broker holds it. */
struct err *datadir_open(struct arena *a, str path, struct datadir *ret_dir) MUST_CHECK;
/* The same, but root may, too: it then gives what it makes there to the directory's owner. */
struct err *datadir_open_admin(struct arena *a, str path, struct datadir *ret_dir) MUST_CHECK;
void datadir_close(struct datadir *d);        /* also removes broker.addr */
/* Path of a file in it. */
str datadir_file(struct arena *a, const struct datadir *d, const char *name);
/* Writes broker.addr: the address as one line, atomically. */
struct err *datadir_announce(struct arena *a, const struct datadir *d, str address) MUST_CHECK;

#endif
