/*
 * moderate.h - what kick, disconnect, ban, role and permissions share: whom a broker is told to act on.
 *
 * Brokers of ours take a target as it was typed and never guess. The reference's takes the first
 * that fits, one character of a key too, so for it the client finds out who is meant (D-24).
 */
#ifndef CLI_MODERATE_H
#define CLI_MODERATE_H

#include "cli/wire.h"

struct aim {
	struct wire wire;
	struct peers_list_args list;
	bool is_ours;         /* the broker lists members */
	str target;           /* as the broker is told */
};

/* Opens the wire, unless it fails, and finds the target; who empty: none is needed. NOT_FOUND names
 * the nearest, AMBIGUOUS all that may be meant. */
struct err *aim_open(struct cli *c, str who, struct aim *ret) MUST_CHECK;
/* The id of the member that a name or key means, away or not. NOT_SUPPORTED: the broker lists none. */
struct err *aim_member(const struct aim *m, str who, str *ret_id) MUST_CHECK;
/* One question to the broker, the last: closes the wire. */
struct err *aim_ask(struct aim *m, const char *type, const struct json_field *fields, const void *args,
		    const struct json_field *reply_fields, void *ret, size_t size) MUST_CHECK;
/* NOT_FOUND with the nearest name. */
struct err *aim_missed(struct aim *m, str who);

#endif
