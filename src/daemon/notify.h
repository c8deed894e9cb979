/*
 * notify.h - what systemd is told (sd_notify) and what it hands over (socket activation).
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "base/err.h"

enum { NOTIFY_FDS_MAX = 4, NOTIFY_FD_FIRST = 3 };

/* Sends "READY=1" or the like to $NOTIFY_SOCKET; without one it does nothing. False: it is set
 * and cannot be told. */
bool notify_send(const char *state);
/* How often WATCHDOG=1 is due: half of $WATCHDOG_USEC; 0 if nobody watches this process. */
i64 notify_watchdog_ms(void);
/* How many listening sockets this process was given, from NOTIFY_FD_FIRST on; marks them
 * close-on-exec and unsets the variables, so that children do not take them for theirs. */
int notify_take_fds(void);

#endif
