/*
 * breaks.h - faults put into the engine on purpose, to show that the simulator finds them.
 *
 * Only simulate-broken has any: it is linked with --wrap, so that calls between the engine's
 * files pass through breaks.c. In simulate these functions do nothing (breaks_none.c).
 */
#ifndef SIMULATE_BREAKS_H
#define SIMULATE_BREAKS_H

#include "base/base.h"

bool break_start(const char *name);            /* false: there is none of that name */
void break_reset(void);                        /* before each run */

#endif
