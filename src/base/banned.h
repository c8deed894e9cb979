/*
 * banned.h - libc calls that this project does without: unbounded writes, hidden state,
 * silent errors. The compiler refuses the name; the comment says what to use.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* The headers that declare the names must come before the names are poisoned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat /* str, buf_add */
#pragma GCC poison sprintf vsprintf              /* arena_printf, snprintf */
#pragma GCC poison strtok gets                   /* str_cut */
#pragma GCC poison atoi atol atoll               /* str_to_i64 */
#pragma GCC poison localtime gmtime asctime      /* time_iso, gmtime_r */
#pragma GCC poison rand srand                    /* random_fill */

#endif
