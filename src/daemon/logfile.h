/*
 * logfile.h - the daemon's log on disk: mode 0600, JSON lines, put aside as daemon.log.1 when it
 * is LOGFILE_BYTES_MAX long. So there are never more than about twice that many bytes.
 *
 * It takes the place of standard output and error, so that what a library or the dynamic linker
 * says ends up there too. A disk that is full costs lines, never the daemon.
 */
#ifndef DAEMON_LOGFILE_H
#define DAEMON_LOGFILE_H

#include "client/place.h"

enum { LOGFILE_BYTES_MAX = 4 << 20, LOGFILE_CHECK_MS = 10000 };

/* Opens it for appending as descriptors 1 and 2. FORBIDDEN: not a plain file of ours. */
struct err *logfile_open(struct arena *a, const struct place *pl) MUST_CHECK;
/* Is it too long, or gone? Then a new one is begun; called every LOGFILE_CHECK_MS. */
void logfile_rotate(const struct place *pl, i64 bytes_max);

#endif
