/*
 * inbound.h - a push as a message: who sent it, to whom, and what it says, if we can know.
 *
 * A body is shown only in two cases: a key of ours opens it (encrypted), or the push is
 * marked as a multicast and is plain UTF-8 (then the sender proved nothing, and it is
 * labelled). A direct message that does not open has no body, never its bytes as text.
 *
 * Names and member keys are the broker's word. Whose key sealed it is proved in two steps: the
 * member vouches for that key (proven, seen in the push itself), and the mesh's owner for the
 * member (verified, which takes the list of members: members.h).
 */
#ifndef CLIENT_INBOUND_H
#define CLIENT_INBOUND_H

#include "client/post_proof.h"
#include "crypto/box.h"
#include "proto/message.h"

struct inbound {
	str message_id;
	str client_message_id;  /* empty if there is none */
	str from_name;          /* a key prefix where the broker gives no name */
	str from_pubkey;        /* the key that sealed it: session or member key */
	bool proven;            /* it sealed it, and is from_member_pubkey or vouched for by that; of a
				 * post: from_member_pubkey signed it */
	bool verified;          /* and the mesh's owner vouches for the member; set by who knows */
	str from_member_pubkey; /* the stable key to answer to; empty if not told */
	str from_member_id;     /* empty if not told */
	str body;
	bool readable;  /* body is the text; else it is empty and `why` says why */
	bool encrypted; /* opened with a key of ours */
	str why;
	str target; /* empty: to us alone; "*" or "@group" */
	str priority, created_at, reply_to, topic;
	/* A post under a key of its topic: nobody here has it, so it is not readable yet, and who has
	 * (topic_read.h) opens it. */
	bool keyed;
	str topic_id;
	i64 epoch;
	struct sealed sealed;
	bool forged; /* a post whose signature does not hold: nobody's word, and not shown */
};

/* With its texts in a. */
struct inbound inbound_dup(struct arena *a, const struct inbound *from);

/* An event: somebody came or went. */
struct peer_event {
	str event; /* peer_joined, peer_left, peer_returned, ... */
	str name, pubkey, created_at;
	const struct json *data; /* of the event; NULL if there is none */
};

/* marks_multicast: this broker puts targetSpec on multicasts (ours), so its absence means
 * direct; with the reference the sender's name and member key are the mark. */
void inbound_read(struct arena *a, const struct push_args *push, struct box_cache *cache,
		  const struct box_own *own, bool marks_multicast, struct inbound *ret_message);
/* Of a post: did its author sign it, for this mesh? Sets proven or forged; other messages stay. */
void inbound_prove_post(struct arena *a, const struct push_args *push, str mesh_id, struct inbound *m);
bool push_is_system(const struct push_args *push);
void peer_event_read(const struct push_args *push, struct peer_event *ret_event);

#endif
