/*
 * broker.h - the whole broker, from settings to exit: opens everything in order (data
 * directory, database, keys, ports, engine), runs until SIGTERM or SIGINT, closes it.
 *
 * The calling thread becomes the loop's. The first signal ends it in good order: no more is
 * read, what was read is carried out and answered, sockets close with 1001. A second signal
 * ends the process at once.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/settings.h"

/* Nothing is bound unless the database is ready. Returns when it has ended. */
struct err *broker_run(struct arena *a, const struct settings *s) MUST_CHECK;

#endif
