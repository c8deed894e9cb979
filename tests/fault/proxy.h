/*
 * proxy.h - stands between a broker and PostgreSQL and cuts the connection at one COMMIT: before
 * the server gets it, or when it has done it and before the broker hears of it. Which one the
 * plan says. A thread of its own; ends with the arena.
 */
#ifndef FAULT_PROXY_H
#define FAULT_PROXY_H

#include "base/err.h"
#include "fault/plan.h"

/* url: of a server on a Unix socket, as tests/postgres.sh makes one. dir: a new folder for the
 * proxy's own. *ret_url: the same through the proxy. */
struct err *proxy_new(struct arena *a, struct fault_plan *plan, str url, const char *dir, str *ret_url) MUST_CHECK;

#endif
