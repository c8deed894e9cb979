/*
 * api.h - the daemon's local API: HTTP over its Unix socket and, when asked for, over loopback
 * TCP (client.md 6.4).
 *
 * Who may call: over the Unix socket the processes of our own user, told by the kernel; over
 * TCP who knows the local token. A page in a browser is neither: a Host that is not local, any
 * Origin, a token in an address are refused before anything else is looked at. A caller with a
 * session's token sees and does what that session may, and no other. No answer holds a secret
 * key or a token. Routes are rows (api_call.h). Loop thread only.
 */
#ifndef DAEMON_API_H
#define DAEMON_API_H

#include "client/place.h"
#include "daemon/daemon.h"

enum {
	API_CONNS_MAX = 512,
	API_KEEPALIVE_MS = 15000,      /* between two signs of life of an event stream */
	API_STREAM_QUEUE_MAX = 1 << 20, /* bytes that a slow reader of events may leave waiting */
	API_ANSWER_MAX = 64 << 20,
	API_STOP_MS = 1000,            /* for answers under way, at the end */
};

struct api;
struct api *api_new(struct daemon *d, const struct place *pl);
/* Drops every connection. NULL is fine. Before the daemon's parts are freed. */
void api_free(struct api *api);

/* On place.socket; EXISTS or CONFLICT: somebody else listens there. */
struct err *api_listen(struct arena *a, struct api *api) MUST_CHECK;
/* On a socket that whoever started us opened. */
struct err *api_listen_fd(struct arena *a, struct api *api, int fd) MUST_CHECK;
/* On 127.0.0.1; port 0: any, see api_port(). token: local_token.h. */
struct err *api_listen_tcp(struct arena *a, struct api *api, int port, str token) MUST_CHECK;
int api_port(const struct api *api); /* 0: no TCP */

/* Takes no new calls, ends the streams, lets answers finish; then fn(arg). */
void api_stop(struct api *api, void (*fn)(void *arg), void *arg);

#endif
