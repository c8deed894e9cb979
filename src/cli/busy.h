/*
 * busy.h - a sign of life on standard error while something takes longer than a second.
 *
 * One at a time, started and stopped by output.c; a thread of its own draws it, so whatever
 * blocks need not know. Only for a terminal; one that cannot move its cursor (TERM=dumb) gets
 * one plain line instead of an animation.
 */
#ifndef CLI_BUSY_H
#define CLI_BUSY_H

#include "base/base.h"

enum { BUSY_AFTER_MS = 1000, BUSY_FRAME_MS = 120, BUSY_TEXT_MAX = 64 };

/* Does nothing if one is under way. text: up to BUSY_TEXT_MAX bytes, copied. */
void busy_start(int fd, bool animated, const char *text);
/* Takes the line away; nothing more is drawn after it returns. */
void busy_stop(void);

#endif
