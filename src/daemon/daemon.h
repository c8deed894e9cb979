/*
 * daemon.h - the user's daemon: its parts and how they hang together.
 *
 *   accept -> outbox -> drain -> meshes (links)          out
 *   meshes (links) -> inbox -> events -> readers         in
 *   sessions -> meshes: a link for each agent session
 *
 * One process per user and configuration directory, one loop, one thread. The local API
 * (api.h) is given a struct daemon and uses its parts through their headers.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/accept.h"
#include "daemon/drain.h"
#include "daemon/events.h"
#include "daemon/inbox.h"
#include "daemon/meshes.h"
#include "daemon/outbox.h"
#include "daemon/sessions.h"

enum {
	DAEMON_PRUNE_FIRST_MS = 10000,
	DAEMON_PRUNE_MS = 3600 * 1000,
	DAEMON_GOODBYE_MS = 2000, /* for links to close, at the end */
};

/* Files below paths.daemon. */
struct daemon_files {
	str dir, outbox, inbox, sessions;
};

struct daemon_spec {
	struct loop *loop;
	const struct clock *clock;
	const struct random *random;
	const struct paths *paths;
	struct tls *tls; /* NULL: the system's authorities */
};

/* The parts; read, never replaced, by who holds it. */
struct daemon {
	struct arena *arena;
	struct loop *loop;
	const struct clock *clock;
	const struct random *random;
	const struct paths *paths;
	struct daemon_files files;
	struct outbox *outbox;
	struct inbox *inbox;
	struct events *events;
	struct sessions *sessions;
	struct meshes *meshes;
	struct accept *accept;
	struct drain *drain;
	i64 started_ms;
	struct meshes_spec parts; /* what the parts were made with */
	struct loop_timer *prune;
	bool restoring; /* sessions are brought back: their user does nothing */
};

/* Opens the databases, brings sessions back and starts to connect. The caller has made
 * paths.daemon (place_make) and holds the singleton lock; spec's pointers outlive the daemon. */
struct err *daemon_new(struct arena *a, const struct daemon_spec *spec, struct daemon **ret_daemon)
	MUST_CHECK;
/* Says goodbye to the brokers, at most DAEMON_GOODBYE_MS, turning the loop. */
void daemon_close(struct daemon *d);
void daemon_free(struct daemon *d); /* NULL is fine */

/* The view of a session's calls; of NULL everything. Valid as long as the session. */
/* A session hears of messages in another way now, perhaps: its broker is told. */
void daemon_tell_reach(struct daemon *d, const struct session *s);
struct view daemon_view(const struct session *s);

#endif
