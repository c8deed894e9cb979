/*
 * service.h - the daemon as a process: `claudemesh daemon up --foreground`.
 *
 * Order (client.md 6.3): directory, singleton lock, host, local token, databases, meshes, local
 * API, and only then ready: said on the pipe of who started it and to systemd. It ends on
 * SIGTERM and SIGINT, and when somebody removes its directory.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "client/paths.h"

enum {
	SERVICE_LOOK_MS = 5000,   /* between looks whether the directory is still ours */
	SERVICE_PORT = 47823,     /* of --tcp without a port: the reference's */
	SERVICE_DONE = 0, SERVICE_FAILED = 1, SERVICE_USAGE = 2, SERVICE_HOST = 4, /* exit status */
};

/* Words of the errors that have a status of their own. */
#define SERVICE_WORD_NO_MESH "no_mesh"
#define SERVICE_WORD_HOST "host_mismatch"

/* Set, its log goes to daemon.log: it was started detached, or by systemd or launchd. */
#define SERVICE_LOG_ENV "CLAUDEMESH_INTERNAL_LOG_FILE"

struct service_spec {
	const struct paths *paths;
	bool tcp;
	i64 tcp_port; /* 0: any free one */
};

/* Returns when it has ended. *ret_exit is the process's status; with an error too. */
struct err *service_run(struct arena *a, const struct service_spec *spec, int *ret_exit) MUST_CHECK;

#endif
