/*
 * account.h - who is signed in on this machine: auth.json, and the broker's calls for it.
 *
 * auth.json is the reference's file with a member of ours, `broker`, the one broker that the token is
 * sent to. Nothing here deletes it but auth_remove(): an answer of 401, or none at all, never does
 * (B12). Each call waits for its answer, at most API_DEADLINE_MS; UNAUTHORIZED is the broker's word
 * that the session is over, NETWORK and TIMEOUT that nobody knows. What a server says is made safe
 * before it is shown, as in api.h.
 */
#ifndef CLIENT_ACCOUNT_H
#define CLIENT_ACCOUNT_H

#include "client/api.h"
#include "client/mesh.h"
#include "proto/account.h"

#define AUTH_ARGS(F, T) \
	F(T, str, session_token, REQ | SECRET, 1, 4096, "session token") \
	F(T, session_user, user, REQ, 0, 0, "whose it is, as the broker said then") \
	F(T, str, token_source, OPT, 0, 32, "device-code or manual") \
	F(T, str, stored_at,    OPT, 0, 64, "ISO time") \
	F(T, str, broker,       OPT, 0, 512, "ours: http address of the broker it is for")
JSON_ARGS(auth, AUTH_ARGS);

/* A missing file, or one that cannot be read as one, is nobody: empty session_token. FORBIDDEN and
 * IO as in file.h. */
struct err *auth_load(struct arena *a, const struct paths *p, struct auth_args *ret_auth) MUST_CHECK;
struct err *auth_save(struct arena *a, const struct paths *p, const struct auth_args *auth) MUST_CHECK;
struct err *auth_remove(struct arena *a, const struct paths *p) MUST_CHECK;
/* When the token ends, as it says itself: Unix milliseconds; 0 if it does not say. */
i64 auth_ends_ms(struct arena *a, str token);
/* Three parts with dots between, and long enough. */
bool auth_looks_like_token(str text);
/* The token for that broker; empty if it is another's, or nobody is signed in. */
struct err *auth_token_for(struct arena *a, const struct paths *p, str broker_url, str *ret_token) MUST_CHECK;

struct err *account_login(struct arena *a, const struct api *api, const struct device_login_args *facts,
			  struct device_login_started_args *ret_started) MUST_CHECK;
struct err *account_poll(struct arena *a, const struct api *api, str device_code,
			 struct device_login_polled_args *ret_polled) MUST_CHECK;
/* The others need api->token. */
struct err *account_profile(struct arena *a, const struct api *api, struct profile_data_args *ret_profile)
	MUST_CHECK;
struct err *account_meshes(struct arena *a, const struct api *api, struct cli_mesh_data_args *ret_meshes)
	MUST_CHECK;
struct err *account_sessions(struct arena *a, const struct api *api, struct session_list_args *ret_sessions)
	MUST_CHECK;
struct err *account_session_end(struct arena *a, const struct api *api, str id) MUST_CHECK;
/* Ends the session of api->token; *ret_found: there was one. */
struct err *account_logout(struct arena *a, const struct api *api, bool *ret_found) MUST_CHECK;

struct synced {
	struct strs joined, linked, refused; /* slugs: new here; of here, now the account's; not let in */
	i64 n_meshes;         /* that the account is in */
};
/* Joins the meshes of the account that this machine is not in, each with a key of its own, and links
 * the keys that are here to the account. What a crash interrupts is taken up where it was. */
struct err *account_sync(struct arena *a, const struct client *c, const struct api *api, const struct auth_args *auth,
			 struct synced *ret_synced) MUST_CHECK;

#endif
