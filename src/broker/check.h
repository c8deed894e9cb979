/*
 * check.h - `claudemesh-broker check-config`: would the broker start with these settings? Binds
 * nothing, changes nothing. Main thread of a process of its own.
 */
#ifndef BROKER_CHECK_H
#define BROKER_CHECK_H

#include "broker/settings.h"

/* *ret_text: what was found good, a line each. The first fault is the error. */
struct err *check_config(struct arena *a, const struct settings *s, str *ret_text) MUST_CHECK;

#endif
