/*
 * local_token.h - the bearer of the loopback TCP listener: 32 random bytes in a file of mode
 * 0600, made once. Over the Unix socket nobody needs it.
 */
#ifndef DAEMON_LOCAL_TOKEN_H
#define DAEMON_LOCAL_TOKEN_H

#include "client/place.h"

enum { LOCAL_TOKEN_BYTES = 32, LOCAL_TOKEN_LEN = 43 };

/* Loads it, or makes it. BAD_REQUEST: the file holds something else. Wiped with the arena. */
struct err *local_token_open(struct arena *a, const struct place *pl, str *ret_token) MUST_CHECK;
/* Is it the value of an Authorization header that bears the token? In constant time. */
bool local_token_admits(str token, str authorization);

#endif
