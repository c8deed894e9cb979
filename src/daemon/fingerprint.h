/*
 * fingerprint.h - what a send request is recognised by when it comes again (client.md 7.2).
 *
 * Taken from what the caller wrote, not from what it was resolved to, so that a repeat is
 * recognised without a broker. Computed once, at accept, and kept.
 */
#ifndef DAEMON_FINGERPRINT_H
#define DAEMON_FINGERPRINT_H

#include "json/json.h"

enum { FINGERPRINT_META_MAX = 256 << 10 };

/* to: as typed. priority empty: next. meta NULL or null: none; an object otherwise, which
 * ret_meta (may be NULL) gets in canonical form. 64 lower hex. TOO_LARGE for the meta. */
struct err *fingerprint_of(struct arena *a, str to, str reply_to_id, str priority,
			   const struct json *meta, str body, str *ret_fingerprint,
			   str *ret_meta) MUST_CHECK;

#endif
