/*
 * session_keys.h - key pairs of agent sessions: sessions/<mesh slug>/<session id>.json
 * (client.md 5.4), the reference's files, mode 0600.
 *
 * One session of one mesh has one pair for ever, also when it ended and comes back: it is
 * what peers address, and what the daemon opens a link with to send what an ended session
 * left. An id that is no UUID gets a file named by a UUID made of its hash.
 */
#ifndef DAEMON_SESSION_KEYS_H
#define DAEMON_SESSION_KEYS_H

#include "base/clock.h"
#include "client/paths.h"
#include "crypto/keys.h"

/* Loads the pair, or makes and stores one. If another process stores one meanwhile, that is
 * it. IO, FORBIDDEN (others can read it), BAD_REQUEST (the file makes no sense, or the slug
 * is no file name). The caller wipes. */
struct err *session_keys_open(struct arena *a, const struct paths *p, const struct clock *clock,
			      str mesh_slug, str session_id, struct sign_pair *ret_pair) MUST_CHECK;
/* Only loads: NOT_FOUND. */
struct err *session_keys_find(struct arena *a, const struct paths *p, str mesh_slug, str session_id,
			      struct sign_pair *ret_pair) MUST_CHECK;
/* Stores a pair that a client brought along; EXISTS if there is another one. */
struct err *session_keys_put(struct arena *a, const struct paths *p, const struct clock *clock,
			     str mesh_slug, str session_id, const struct sign_pair *pair) MUST_CHECK;

#endif
