/*
 * roster.h - what a running daemon knows of who is there, asked in an instant; for
 * completions and the status line, which never go to a broker.
 */
#ifndef CLI_ROSTER_H
#define CLI_ROSTER_H

#include "json/json.h"

/* The answer to GET /v1/peers: peers, members, meshes. NULL: there is no daemon, or it took
 * longer. */
const struct json *roster_ask(struct arena *a, i64 deadline_ms);

#endif
