/*
 * host.h - is this still the machine on which the daemon's files were made? (client.md 6.10)
 *
 * A copy of a home directory on another machine would be a second daemon under the same keys,
 * sending what the first one sends. Equal machine ids suffice: network cards come and go.
 */
#ifndef DAEMON_HOST_H
#define DAEMON_HOST_H

#include "base/clock.h"
#include "client/place.h"

struct host {
	str id;  /* "linux:<machine-id>"; empty: not known */
	str mac; /* of a stable network card; empty: none */
};

/* root: "" for this machine; a directory that stands for "/" in tests. */
void host_read(struct arena *a, const char *root, struct host *ret_host);
/* hex SHA-256 of "v2", id and mac, parted by NUL. */
str host_fingerprint(struct arena *a, const struct host *h);

enum host_outcome { HOST_FIRST_RUN, HOST_MATCH, HOST_UNAVAILABLE, HOST_MISMATCH };
/* Compares with the file and writes it where it is missing or old. UNAVAILABLE: the file makes
 * no sense or this machine has no id; not the daemon's problem. */
struct err *host_check(struct arena *a, const struct place *pl, const struct clock *clock,
		       const struct host *h, enum host_outcome *ret_outcome) MUST_CHECK;
/* From now on this machine is the one. */
struct err *host_accept(struct arena *a, const struct place *pl, const struct clock *clock,
			const struct host *h) MUST_CHECK;

#endif
