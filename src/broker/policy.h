/*
 * policy.h - what the circumstances of a request allow, before any signature counts: who
 * may create meshes without an account, and which web pages may open a WebSocket.
 *
 * Pure; loop thread only.
 */
#ifndef BROKER_POLICY_H
#define BROKER_POLICY_H

#include "broker/settings.h"
#include "net/server.h"

struct policy {
	enum create_rule create;
	str public_url;       /* empty: none */
	bool public_is_local; /* none, or of this machine */
};

/* Does the request pass the --create rule? */
bool policy_may_create(const struct policy *p, const struct server_request *rq);
/* From a program on this machine, past no proxy and no page? */
bool policy_is_here(const struct server_request *rq);
/* May the broker sign an invite, with an owner key that it holds, for who shows no right to it?
 * --create anyone opens the making of meshes, not the meshes of others: programs here only. */
bool policy_may_invite(const struct policy *p, const struct server_request *rq);
/* Is the address that a socket or a request comes from that of its sender? Not if a proxy passed
 * it on, or may have, or if a page had a browser send it. */
bool policy_is_direct(const struct policy *p, const struct server_request *rq);
/* No Origin, or the page is ours: of the public URL, or of the Host it names itself, if that is
 * loopback, an address, or proved by our certificate. Any other name may have been made to
 * resolve to this machine by whoever wrote the page (DNS rebinding). */
bool policy_origin_ok(const struct policy *p, const struct server_request *rq);
/* To whose account failed guesses from that address go: IPv6 by /64. */
str policy_account(struct arena *a, const struct addr *peer);
/* Content-Type: application/json, with or without parameters. */
bool policy_is_json(str content_type);

#endif
