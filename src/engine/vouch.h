/*
 * vouch.h - what lets a client check for itself that somebody is a member: the chain from the
 * owner's key, or for a device the member's signature. Of who left, too: what it signed stays
 * its own. Engine thread only.
 */
#ifndef ENGINE_VOUCH_H
#define ENGINE_VOUCH_H

#include "engine/req.h"
#include "proto/peer.h"

/* Rows of list_peers for these members, without what changes with their connections. */
struct err *vouch_members(struct req *rq, struct member *const *members, size_t n,
			  struct member_list *ret_list) MUST_CHECK;
/* Rows for those of these numbers who are not members any more, and of whom they are devices.
 * Not present if there are none. */
struct err *vouch_gone(struct req *rq, const i64 *member_nos, size_t n, struct member_list *ret_list) MUST_CHECK;

#endif
