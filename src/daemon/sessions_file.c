#include "daemon/sessions_file.h"

#include "client/json_file.h"
#include "crypto/fingerprint.h"
#include "proto/limits.h"

enum { FILE_VERSION = 2 }; /* 1 is the reference's, which held the tokens themselves */

#define KEPT_SESSION_ARGS(F, T) \
	F(T, str, tokenHash, REQ, SHA256_HEX_LEN, SHA256_HEX_LEN, "SHA-256 of the token") \
	F(T, str, sessionId, REQ, 1, SESSION_ID_BYTES_MAX, "the agent's session") \
	F(T, str, mesh, REQ, 1, 0, "slug") \
	F(T, str, displayName, REQ, 0, NAME_BYTES_MAX, "as others see it") \
	F(T, str, pubkey, REQ, 64, 64, "its session key") \
	F(T, i64, pid, OPT, 0, INT32_MAX, "process") \
	F(T, str, startTime, OPT, 0, 128, "when that process began") \
	F(T, str, cwd, OPT, 0, CWD_BYTES_MAX, "where") \
	F(T, str, role, OPT, 0, NAME_BYTES_MAX, "as launched") \
	F(T, str, messageMode, OPT, 0, NAME_BYTES_MAX, "push, inbox or off") \
	F(T, bool, hooks, OPT, 0, 0, "its agent runs our hooks") \
	F(T, groups, groups, OPT, 0, GROUPS_MAX, "as launched") \
	F(T, i64, registeredMs, REQ, 0, INT64_MAX, "Unix ms") \
	F(T, i64, activeMs, REQ, 0, INT64_MAX, "last heard of")
JSON_LIST(kept_session, KEPT_SESSION_ARGS);
#define JSON_C_kept_sessions struct kept_session_list
#define JSON_KIND_kept_sessions JSON_K_LIST
#define JSON_SUB_kept_sessions &kept_session_list_type

#define KEPT_ARGS(F, T) \
	F(T, i64, version, REQ, FILE_VERSION, FILE_VERSION, "2") \
	F(T, kept_sessions, sessions, REQ, 0, SESSIONS_MAX, "registered sessions")
JSON_ARGS(kept, KEPT_ARGS);

struct err *sessions_file_load(struct arena *a, str file, struct session **ret_sessions,
			       size_t *ret_n)
{
	struct kept_args kept;
	struct session *all;
	bool found;

	TRY(json_file_load(a, file, kept_fields, &kept, sizeof(kept), &found));
	all = NEW_ARRAY(a, struct session, kept.sessions.n + 1);
	for (size_t i = 0; i < kept.sessions.n; i++) {
		const struct kept_session_args *k = &kept.sessions.items[i];

		all[i] = (struct session){
			.token_hash = k->tokenHash,
			.session_id = k->sessionId,
			.mesh = k->mesh,
			.display_name = k->displayName,
			.pubkey = k->pubkey,
			.pid = k->pid,
			.start_time = k->startTime,
			.cwd = k->cwd,
			.role = k->role,
			.message_mode = k->messageMode,
			.hooks = k->hooks,
			.groups = k->groups,
			.registered_ms = k->registeredMs,
			.active_ms = k->activeMs,
		};
	}
	*ret_sessions = all;
	*ret_n = kept.sessions.n;
	return NULL;
}

struct err *sessions_file_save(struct arena *a, str file, struct session *const *sessions, size_t n)
{
	struct kept_args kept = { .version = FILE_VERSION };

	kept.sessions.items = NEW_ARRAY(a, struct kept_session_args, n + 1);
	kept.sessions.n = n;
	kept.sessions.present = true;
	for (size_t i = 0; i < n; i++) {
		const struct session *s = sessions[i];

		kept.sessions.items[i] = (struct kept_session_args){
			.tokenHash = s->token_hash,
			.sessionId = s->session_id,
			.mesh = s->mesh,
			.displayName = s->display_name,
			.pubkey = s->pubkey,
			.pid = s->pid,
			.startTime = s->start_time,
			.cwd = s->cwd,
			.role = s->role,
			.messageMode = s->message_mode,
			.hooks = s->hooks,
			.groups = s->groups,
			.registeredMs = s->registered_ms,
			.activeMs = s->active_ms,
		};
	}
	return json_file_save(a, file, kept_fields, &kept);
}
