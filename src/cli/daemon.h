/*
 * daemon.h - what the commands about the daemon share. They have exit numbers of their own
 * (client.md 1.3): 0, 1 failure, 2 usage or no mesh, 3 not let in, 4 another machine.
 */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include "cli/cli.h"
#include "client/place.h"
#include "daemon/unit.h"

/* Where the user's daemon is, whatever session we are in. */
struct err *daemon_find(struct cli *c, struct paths *ret_paths, struct place *ret_place) MUST_CHECK;
/* The service that runs it; ret points into *p and *pl. */
struct err *daemon_unit_spec(struct cli *c, struct paths *p, struct place *pl, struct unit_spec *ret) MUST_CHECK;
/* Returns e; the process ends with that status if there is one. */
struct err *daemon_failed(struct cli *c, struct err *e, int status) MUST_CHECK;

#endif
