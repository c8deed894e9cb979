/*
 * peer_reach.h - how soon a listed peer hears of a message: the broker's word, or, from a broker
 * of the reference that has none, what its row tells.
 */
#ifndef CLIENT_PEER_REACH_H
#define CLIENT_PEER_REACH_H

#include "proto/peer.h"

static inline enum reach peer_reach(const struct peer_args *p)
{
	struct reach_facts facts = {
		.online = true, .takes = true, .session = str_eq(p->peerRole, S("session")), .channel = p->channel,
		.status = STATUS_IDLE,
	};

	/* It may not say what a connection is; the session ids of daemons do. */
	if (str_starts(p->sessionId, S("daemon-")))
		facts.channel = S("claudemesh-daemon");
	for (int r = REACH_NOW; r <= REACH_NOT; r++)
		if (str_eq(p->reach, str_from(reach_words[r])))
			return (enum reach)r;
	for (int s = STATUS_IDLE; s <= STATUS_DND; s++)
		if (str_eq(p->status, str_from(status_words[s])))
			facts.status = (enum status)s;
	return reach_of(&facts);
}

#endif
