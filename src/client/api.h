/*
 * api.h - the broker's HTTP calls of who makes and joins meshes, typed (proto/mesh.h); those of an
 * account are in account.h.
 *
 * Each waits for its answer, at most API_DEADLINE_MS. A refusal of either dialect
 * ({"ok":false,"error"} or {"error"}) becomes an err: word is the server's word, the text a
 * sentence that ends with what to type next, where there is something. What the server says
 * is quoted only if it is printable and short.
 */
#ifndef CLIENT_API_H
#define CLIENT_API_H

#include "base/err.h"
#include "net/tls.h"
#include "proto/mesh.h"

enum {
	API_DEADLINE_MS = 15000,
	API_ANSWER_MAX = 1 << 20,
};

struct api {
	str base;        /* "https://host[:port]", no trailing '/' */
	struct tls *tls; /* NULL: the system's authorities */
	str token;       /* session token of who is signed in there; empty: nobody */
};

/* base for a broker's ws address or http address. */
struct err *api_init(struct arena *a, str broker_url, struct api *ret_api) MUST_CHECK;

struct err *api_mesh_create(struct arena *a, const struct api *api,
			    const struct mesh_create_args *args, struct mesh_created_args *ret_made)
	MUST_CHECK;
struct err *api_invite_create(struct arena *a, const struct api *api, str slug,
			      const struct invite_create_args *args,
			      struct invite_created_args *ret_made) MUST_CHECK;
/* GONE or NOT_FOUND if no live invite has the code. */
struct err *api_invite_lookup(struct arena *a, const struct api *api, str code,
			      struct invite_code_args *ret_invite) MUST_CHECK;
struct err *api_claim(struct arena *a, const struct api *api, str code,
		      const struct claim_args *args, struct claimed_args *ret_claimed) MUST_CHECK;
struct err *api_join(struct arena *a, const struct api *api, const struct join_args *args,
		     struct joined_args *ret_joined) MUST_CHECK;

/* What each call does with an answer; apart, so that it can be tested without a server. */
enum api_call { API_MESH_CREATE, API_INVITE_CREATE, API_INVITE_LOOKUP, API_CLAIM, API_JOIN };
struct err *api_answer(struct arena *a, enum api_call call, int status, str body, void *ret_args)
	MUST_CHECK;

#endif
