/*
 * grant.h - what a member lets others do to it (wire-core.md 9), and what is kept from it for that.
 *
 * Denied means silent. What a recipient does not want is accepted, stored and counted as anything
 * else, stands in its sender's receipt as a message that nobody reads, and expires as one: only the
 * delivery is withheld (mailbox.c). It is asked when a message comes and again when one that waited
 * is taken, so a block holds for what was sent before. Posts stay in the history of their topic, which
 * is everybody's; they are not pushed, streamed or notified to who does not want them.
 *
 * A person's devices are the person: they share its grants, and an entry for a person is for all its
 * devices and sessions. The first entry counts: the person's key, then the device's, then the session's;
 * without one the default. In memory with their mesh: one look by hash, and none for a member without
 * entries. Engine thread only.
 */
#ifndef ENGINE_GRANT_H
#define ENGINE_GRANT_H

#include "engine/state.h"
#include "proto/grant.h"

struct req;
struct topic_sub;

/* One entry. */
struct grant {
	UT_hash_handle hh;            /* member->grants, by peer */
	char peer[65];
	unsigned caps;                /* enum grant_cap */
	i64 dropped_dm, dropped_broadcast, dropped_ms;
	i64 dropped_no;               /* the last message counted: copies of one are one */
	i64 known_ms;                 /* posts up to then were counted before the mesh was read */
};

/* May the message, or the post, reach the member? */
bool grant_allows_message(struct member *to, const struct message_row *m);
bool grant_allows_post(struct member *to, const struct post_row *post);
/* What a message to that target needs. */
enum grant_cap grant_of_target(str target);
/* Message no was kept from the member. */
void grant_dropped(struct member *to, i64 sender_no, str sender_pubkey, enum grant_cap cap, i64 no);
/* A post was kept from a member of its topic; it may come up again, and is counted once. */
void grant_dropped_post(struct topic_sub *sub, const struct post_row *post);

/* Changes the member's entries: an object of keys and lists, checked as a whole before. Audited. */
struct err *grants_set(struct req *rq, struct member *member, const struct json *changes) MUST_CHECK;
/* All entries, as an object. */
const struct json *grants_json(struct arena *a, struct member *member);
struct grants_args grants_of(struct req *rq, struct member *member);

/* mesh.c */
struct err *grants_read(struct mesh *m, struct arena *a) MUST_CHECK;
void member_grants_free(struct member *member);

#endif
