/*
 * place.h - the daemon's directory and what lies in it (client.md 5.1), for the daemon and for
 * who looks for it.
 *
 * All of it lies in paths.daemon. Only the socket may lie elsewhere: its path has a short limit
 * in the kernel, so below a long home it is $XDG_RUNTIME_DIR/claudemesh/<hash of the directory>.
 */
#ifndef CLIENT_PLACE_H
#define CLIENT_PLACE_H

#include "client/paths.h"

enum { PLACE_SOCKET_MAX = 107 }; /* bytes of a socket's path: sun_path without its NUL */

struct place {
	str config_dir; /* whose daemon it is */
	str dir;
	str socket, socket_dir;
	str lock;  /* daemon.pid: locked while a daemon runs, and then holds its pid */
	str token; /* local-token: of the TCP listener */
	str host;  /* host_fingerprint.json */
	str log, old_log;
	str spawn_lock, spawn_failure;
};

/* runtime_dir: $XDG_RUNTIME_DIR, empty if there is none. BAD_REQUEST: no path is short enough. */
struct err *place_find(struct arena *a, const struct paths *p, str runtime_dir,
		       struct place *ret_place) MUST_CHECK;
struct err *place_from_env(struct arena *a, const struct paths *p, struct place *ret_place)
	MUST_CHECK;
/* Makes dir, and socket_dir where it is another, with mode 0700. FORBIDDEN: somebody else made
 * it, or it is a symbolic link or open to others and not ours to close. */
struct err *place_make(struct arena *a, const struct place *pl) MUST_CHECK;
/* The same looked at and nothing made: is what lies there ours? NOT_FOUND. */
struct err *place_check(struct arena *a, const struct place *pl) MUST_CHECK;

/* Is a daemon running: is the lock held? Its pid, 0 if the file does not tell. */
bool place_is_locked(struct arena *a, const struct place *pl, i64 *ret_pid);

#endif
