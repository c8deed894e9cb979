/*
 * members.h - the members of a mesh whose chain from the pinned owner key holds, remembered
 * between the messages of one connection.
 *
 * The list is asked for when somebody writes who is not in it, and then at most once in
 * MEMBERS_AGAIN_MS. One thread.
 */
#ifndef CLIENT_MEMBERS_H
#define CLIENT_MEMBERS_H

#include "client/inbound.h"
#include "proto/peer.h"

enum { MEMBERS_AGAIN_MS = 30000 };

struct members {
	struct arena *arena;  /* of the keys; NULL before the first list */
	str *keys;            /* verified ones */
	size_t n;
	bool asked;
	i64 asked_ms;
};

void members_done(struct members *m);
/* The list is of the broker's; `verified` of each was set by members_verify(). */
void members_take(struct members *m, const struct member_list *list, i64 now_ms);
/* Would a list tell more about this sender? If it cannot be had: members_take(m, NULL, ...). */
bool members_want(const struct members *m, const struct inbound *from, i64 now_ms);
bool members_has(const struct members *m, str pubkey);
/* The same question about a key that proved to be the sender's. */
bool members_want_key(const struct members *m, str pubkey, i64 now_ms);
/* Sets from->verified. */
void members_verify_sender(const struct members *m, struct inbound *from);

#endif
