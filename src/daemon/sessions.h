/*
 * sessions.h - the agent sessions of this machine, by token: daemon/sessions.json.
 *
 * A token is 64 hex digits that launch makes and its session presents; we keep only its
 * SHA-256, in memory and on disk. A session lives as long as its process, and one whose
 * process is not known SESSION_TTL_MS after it was last heard of. After a restart of the
 * daemon those are back whose process still runs and whose mesh is still joined. Secret
 * keys are in session_keys.h and never here. Loop thread only.
 */
#ifndef DAEMON_SESSIONS_H
#define DAEMON_SESSIONS_H

#include "base/clock.h"
#include "client/paths.h"
#include "crypto/keys.h"
#include "net/loop.h"
#include "proto/group.h"
#include "proto/reach.h"

#define SESSION_TTL_MS (24 * 3600 * (i64)1000)

enum {
	SESSIONS_MAX = 256,
	SESSION_TOKEN_LEN = 64,
	SESSION_TOKEN_PREFIX_LEN = 8, /* of the hash: what lists show */
};

/* What a client says of its session. Strings are copied. */
struct session_request {
	str token, session_id, mesh, display_name; /* mesh: slug */
	i64 pid;                                   /* 0: not known */
	str cwd, role, message_mode;
	struct group_list groups;
	bool hooks;                                /* the agent runs our hooks */
	const struct sign_pair *pair; /* brought along; NULL: the stored one, or a new one */
};

/* Valid until the session ends; nothing in it is secret. */
struct session {
	str token_hash, session_id, mesh, mesh_id, display_name;
	str cwd, role, message_mode, start_time;
	struct group_list groups;
	i64 pid, registered_ms, active_ms;
	str pubkey;        /* its session key: 64 hex */
	str member_pubkey; /* of the mesh's member that vouches */
	bool hooks;        /* the agent runs our hooks at its turns */
	bool channel;      /* it shows at once what its MCP server hears */
};

/* How soon the agent hears of a message. */
enum reach session_reach(const struct session *s);

struct sessions;

struct sessions_handler {
	/* It is there: after a registration or a restart. Replaced ones ended before. */
	void (*on_session)(void *arg, struct session *s);
	/* It ended; s is valid during the call. */
	void (*on_end)(void *arg, struct session *s, const char *why);
	/* Mesh by slug; false: not joined. */
	bool (*get_mesh)(void *arg, str slug, str *ret_mesh_id, str *ret_member_pubkey);
};

struct sessions *sessions_new(struct loop *loop, const struct clock *clock,
			      const struct paths *paths, str file, const struct sessions_handler *h,
			      void *arg);
void sessions_free(struct sessions *ss); /* NULL is fine; on_end() is not called */

/* Reads the file and brings back what still lives. *ret_dropped: how many do not. */
struct err *sessions_restore(struct arena *a, struct sessions *ss, i64 *ret_restored,
			     i64 *ret_dropped) MUST_CHECK;
/* A session with the same token, session id and mesh, or key is replaced. BAD_REQUEST names
 * the field; NOT_FOUND the mesh; TRY_AGAIN: SESSIONS_MAX. *ret_stored false: it works, but
 * the file could not be written, so a restart forgets it. */
struct err *sessions_register(struct arena *a, struct sessions *ss,
			      const struct session_request *in, struct session **ret_session,
			      bool *ret_stored) MUST_CHECK;
/* By token, in constant time; counts as activity. NULL if unknown. */
struct session *sessions_get(struct sessions *ss, str token);
struct session *sessions_get_key(struct sessions *ss, str mesh_id, str pubkey);
/* By token or by the beginning of its hash. NOT_FOUND. */
struct err *sessions_end(struct arena *a, struct sessions *ss, str token) MUST_CHECK;
/* A mesh was left: its sessions end. */
void sessions_end_mesh(struct sessions *ss, str mesh_id);
/* All, oldest first, in a. */
struct session **sessions_list(struct arena *a, struct sessions *ss, size_t *ret_n);
/* The session's pair, of the store; the caller wipes. */
struct err *sessions_pair(struct arena *a, struct sessions *ss, const struct session *s,
			  struct sign_pair *ret_pair) MUST_CHECK;
/* A hook of it has run: that is how it hears, whoever registered it. */
void sessions_saw_hook(struct sessions *ss, struct session *s);
/* {sessionId,mesh,displayName,pid,...,pubkey,token_prefix}: for lists; nothing secret. */
void session_json(struct arena *a, struct json_out *o, const struct session *s);

#endif
