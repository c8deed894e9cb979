/*
 * daemon_start.h - is there a daemon, and if not, start it (client.md 1.5, 6.2).
 *
 * Never removes the socket or the pid file: only the lock says who lives, and a new daemon
 * replaces a dead socket itself. One attempt at a time on a machine, and none for
 * START_SUPPRESS_MS after a failed one. The daemon that is started works for the user's own
 * configuration, wherever it was started from.
 */
#ifndef CLIENT_DAEMON_START_H
#define CLIENT_DAEMON_START_H

#include "client/ipc.h"

enum {
	PROBE_MS = 2500,
	START_MS = 3000,          /* for a new daemon to be ready */
	START_LAUNCH_MS = 10000,  /* the same for `launch` */
	START_MANAGED_MS = 8000,  /* for a daemon that systemd or launchd starts */
	START_SUPPRESS_MS = 30000,
};

enum daemon_policy { DAEMON_AUTO, DAEMON_STRICT, DAEMON_NONE };
/* The flags beat the environment; none beats strict. */
enum daemon_policy daemon_policy_from(bool no_daemon, bool strict);

enum daemon_state {
	DAEMON_UP,             /* answered */
	DAEMON_STARTED,        /* we started it, and it answers */
	DAEMON_OFF,            /* the policy, or the guard variable, says: no daemon */
	DAEMON_NO_MESH,        /* there is nothing to do for one */
	DAEMON_FOREIGN,        /* what answers works for another configuration */
	DAEMON_STALE,          /* somebody holds the lock or the socket and does not answer */
	DAEMON_SERVICE_NOT_READY, /* it is a service's, and that does not start it */
	DAEMON_SPAWN_SUPPRESSED,  /* an attempt failed within START_SUPPRESS_MS */
	DAEMON_SPAWN_FAILED,
};
/* service-not-ready and the like, as scripts know them. */
const char *daemon_state_word(enum daemon_state s);
static inline bool daemon_is_up(enum daemon_state s) { return s <= DAEMON_STARTED; }

struct daemon_start {
	enum daemon_state state;
	str why;  /* a sentence where it is not up */
	str hint; /* what to type; may be empty */
	i64 pid;  /* of the one we started */
};

struct daemon_start_spec {
	const struct paths *paths; /* of the user (paths_user_from_env) */
	const struct ipc *ipc;
	enum daemon_policy policy;
	i64 start_ms;              /* 0: START_MS */
	bool no_spawn;             /* only look */
};
/* Looks, waits for a service, or starts one. Never an error: why says what is wrong. */
struct daemon_start daemon_ensure(struct arena *a, const struct daemon_start_spec *spec);

struct daemon_spawn_spec {
	const struct paths *paths;
	const struct place *place;
	bool tcp;
	i64 tcp_port; /* 0: any */
	i64 start_ms;
};
/* Starts `daemon up --foreground` of this program, detached, and waits for its word on a pipe.
 * The error is the daemon's own, or TIMEOUT. */
struct err *daemon_spawn(struct arena *a, const struct daemon_spawn_spec *spec, i64 *ret_pid)
	MUST_CHECK;

/* The other end of that pipe, in the daemon: $DAEMON_READY_ENV is its descriptor. e NULL: it is
 * ready. Harmless without one, and when repeated. */
#define DAEMON_READY_ENV "CLAUDEMESH_INTERNAL_READY_FD"
#define DAEMON_GUARD_ENV "CLAUDEMESH_INTERNAL_NO_AUTOSPAWN"
void daemon_tell_ready(const struct err *e);

/* A unit of systemd or a plist of launchd that runs it; empty if there is none. */
str daemon_service_file(struct arena *a);

#endif
