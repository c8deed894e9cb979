/*
 * target.h - whom a moderator means by a name, a public key, or the start of one.
 *
 * Never a guess: what may mean two people is AMBIGUOUS with the word ambiguous_prefix and names
 * them, whoever calls himself like somebody's key or session (D-24). A whole key means its owner
 * and nobody else. Names are compared as they are; starts of keys have TARGET_PREFIX_MIN
 * characters or more. One person's devices are the person.
 */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include "engine/req.h"

/* Among members, or among those that are banned; *ret_person is NULL when there is none. */
struct err *target_person(struct req *rq, str target, bool banned, struct member **ret_person) MUST_CHECK;
/* Connections, those in grace included; all are of one person. None: *ret_n is 0. A device's key
 * means its connections only, a session's that session. */
struct err *target_presences(struct req *rq, str target, struct presence ***ret_items, size_t *ret_n) MUST_CHECK;

#endif
