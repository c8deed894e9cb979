/*
 * account.h - what the store keeps of people: accounts, their sessions, which members are theirs,
 * and what waits to be signed in. The rules of store.h hold here too.
 *
 * All of it is the house's, but that a mesh's own shard says whose its members are. Reading is
 * any shard's.
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

struct account_row {
	str id, email, name;   /* email: in its normal form; unique. name may be empty */
	i64 created_ms, blocked_ms; /* blocked_ms: 0: it is not */
};
void store_account_add(struct store *st, const struct account_row *a);
void store_account_name_set(struct store *st, str id, str name);
/* *ret_account is NULL when there is none; likewise below. */
struct err *store_account(struct store *st, struct arena *a, str id, struct account_row **ret_account)
	MUST_CHECK;
struct err *store_account_by_email(struct store *st, struct arena *a, str email,
				   struct account_row **ret_account) MUST_CHECK;

void store_account_block(struct store *st, str id, i64 blocked_ms);
/* Those behind the e-mail address, by address; at most limit. */
struct account_listed {
	struct account_row account;
	i64 n_sessions, n_members; /* sessions: live at now_ms */
};
struct err *store_accounts(struct store *st, struct arena *a, str after, i64 now_ms, size_t limit,
			   struct account_listed **ret_rows, size_t *ret_n) MUST_CHECK;

/* ---- sessions ---- */
struct account_session_row {
	str id, account, kind; /* kind: type of the token */
	str digest;            /* 32 bytes, see crypto/jwt.h; unique */
	str hostname, platform, arch, address;
	i64 created_ms, expires_ms, revoked_ms, seen_ms; /* 0: never */
};
void store_session_add(struct store *st, const struct account_session_row *s);
struct err *store_session(struct store *st, struct arena *a, str id, struct account_session_row **ret_session)
	MUST_CHECK;
struct err *store_session_by_digest(struct store *st, struct arena *a, str digest,
				    struct account_session_row **ret_session) MUST_CHECK;
/* Of an account, those that are neither revoked nor over at now_ms; oldest first, at most limit. */
struct err *store_sessions(struct store *st, struct arena *a, str account, i64 now_ms, size_t limit,
			   struct account_session_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct err *store_session_count(struct store *st, struct arena *a, str account, i64 now_ms, i64 *ret_n)
	MUST_CHECK;
void store_session_revoke(struct store *st, str id, i64 revoked_ms);
void store_sessions_revoke_of(struct store *st, str account, i64 revoked_ms);
/* Waits for another commit. */
void store_session_seen(struct store *st, str id, i64 seen_ms);
/* Deletes those that ended, or were revoked, before before_ms. */
void store_sessions_prune(struct store *st, i64 before_ms);

/* ---- whose members are ---- */
void store_account_member_add(struct store *st, i64 mesh_no, i64 member_no, str account, i64 created_ms);
void store_account_member_drop(struct store *st, i64 mesh_no, i64 member_no);
/* Empty when it is nobody's. */
struct err *store_account_of_member(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				    str *ret_account) MUST_CHECK;
/* An account's members that were not revoked, in meshes that are not archived; by mesh, then the
 * oldest first; at most limit. */
struct account_member_row {
	i64 mesh_no, member_no;
	str mesh_id, slug, name;
	str member_id, member_name, role;
	i64 device_of;
	i64 joined_ms, made_ms; /* made_ms: the mesh */
	i64 n_members;          /* of the mesh, not revoked */
	i64 first_no;           /* number of its first member: who made it */
};
struct err *store_account_members(struct store *st, struct arena *a, str account, size_t limit,
				  struct account_member_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* Their numbers in one mesh, the oldest first. */
struct err *store_account_members_in(struct store *st, struct arena *a, str account, i64 mesh_no,
				     i64 **ret_numbers, size_t *ret_n) MUST_CHECK;

/* ---- codes by mail ---- */
struct login_code_row {
	str email, mac;        /* mac: bytes */
	i64 tries, created_ms, until_ms;
};
void store_login_code_put(struct store *st, const struct login_code_row *c); /* replaces */
struct err *store_login_code(struct store *st, struct arena *a, str email, struct login_code_row **ret_code)
	MUST_CHECK;
void store_login_code_tried(struct store *st, str email, i64 tries);
void store_login_code_drop(struct store *st, str email);
void store_login_codes_prune(struct store *st, i64 before_ms);

/* ---- programs that wait ---- */
enum login_state { LOGIN_PENDING, LOGIN_APPROVED, LOGIN_DENIED };
struct login_device_row {
	str digest;            /* bytes: of the program's code */
	str session_id, user_code, hostname, platform, arch, address;
	i64 created_ms, until_ms;
	i64 state;             /* enum login_state */
	str account;           /* who approved or denied it */
	str session;           /* that was made then */
	str token;             /* sealed; absent when there is none to hand out */
	i64 handed_ms;         /* first handed out; 0: not yet */
};
void store_login_device_add(struct store *st, const struct login_device_row *d);
struct err *store_login_device(struct store *st, struct arena *a, str digest, struct login_device_row **ret_row)
	MUST_CHECK;
/* By session id or by user code. */
struct err *store_login_device_named(struct store *st, struct arena *a, str name,
				     struct login_device_row **ret_row) MUST_CHECK;
/* Sets state, until_ms, account, session, token and handed_ms. */
void store_login_device_set(struct store *st, const struct login_device_row *d);
void store_login_devices_prune(struct store *st, i64 before_ms);

#endif
