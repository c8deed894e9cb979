/*
 * resolve.h - WHO of `send WHO`: a name, key, key prefix, "@group" or "*" as a target.
 *
 * Names are compared without case and belong to members: several sessions of one member are
 * one candidate, and the address is the stable member key, so that a reply outlives a
 * session. A full session key addresses that session. A prefix (PREFIX_MIN hex digits) must
 * be unique. A name wins over a prefix that is spelled the same.
 */
#ifndef CLIENT_RESOLVE_H
#define CLIENT_RESOLVE_H

#include "base/err.h"
#include "proto/peer.h"

enum { RESOLVE_LISTED_MAX = 8 }; /* candidates named in an error */

enum target_kind { TARGET_KEY, TARGET_GROUP, TARGET_ALL };

struct target {
	enum target_kind kind;
	str spec;          /* targetSpec on the wire: lower-case key, "@group", "*" */
	str typed;         /* as the user wrote it, trimmed */
	str name;          /* to show; empty for a key nobody listed */
	str member_pubkey; /* of the member, also when spec is a session's key */
	bool online;       /* a connection of it is listed */
	bool is_self;      /* our own member */
	bool listed;       /* the broker knows it; a full key may be unlisted */
	bool verified;     /* as the list says */
	/* Keys of its verified devices, each of which gets a copy; none where spec is a session's key. */
	struct strs devices;
};

/* The i-th copy of what goes to `to`: to a device instead. */
struct target resolve_copy(struct arena *a, const struct target *to, size_t i);
/* The id that this copy is sent under: of the message's, so that a repeat is one. */
str resolve_copy_id(struct arena *a, const struct target *to, size_t i, str client_message_id);

/* own_pubkey: our member key. NOT_FOUND names the nearest, AMBIGUOUS lists candidates,
 * BAD_REQUEST for what cannot be a target. */
struct err *resolve_target(struct arena *a, const struct peers_list_args *list, str own_pubkey,
			   str who, struct target *ret_target) MUST_CHECK;
/* No list needed: "*", "@all", "@group". */
bool resolve_is_multicast(str who);

/* Does the chain of this member hold, from the owner key that we pinned? Never believes
 * the list's own word. */
bool member_is_verified(struct arena *a, const struct member_args *m, str mesh_id,
			str owner_pubkey);
/* Sets `verified` of each member by member_is_verified(). An empty owner_pubkey: all false. */
void members_verify(struct arena *a, struct member_list *members, str mesh_id, str owner_pubkey);
/* Sets `verified` of those whose key is one of these: the user compared their safety numbers. */
void members_confirm(struct member_list *members, const str *confirmed, size_t n);

#endif
