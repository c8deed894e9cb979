/*
 * after.h - what the database must hold after a conversation whose messages were all acked.
 */
#ifndef FAULT_AFTER_H
#define FAULT_AFTER_H

#include "fault/talk.h"

/* The broker has ended: no body, no delivery, one receipt a message, and a whole file. */
struct err *after_check(struct arena *a, const struct talk *t) MUST_CHECK;

#endif
