#include "daemon/session_keys.h"

#include "client/file.h"
#include "client/json_file.h"
#include "crypto/encode.h"
#include "crypto/fingerprint.h"
#include "crypto/secret.h"
#include "json/fields.h"
#include "proto/limits.h"

enum { UUID_LEN = 36, LOCK_MS = 2000 };

#define SESSION_KEY_ARGS(F, T) \
	F(T, i64, version, REQ, 1, 1, "1") \
	F(T, str, meshSlug, REQ, 1, SLUG_BYTES_MAX, "mesh") \
	F(T, str, sessionId, REQ, 1, SESSION_ID_BYTES_MAX, "the agent's session") \
	F(T, str, publicKey, REQ, 64, 64, "64 hex") \
	F(T, str, secretKey, REQ | SECRET, 128, 128, "128 hex") \
	F(T, str, createdAt, REQ, 0, 64, "ISO time")
JSON_ARGS(session_key, SESSION_KEY_ARGS);

static bool is_uuid(str s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (s.len != UUID_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool hex = (s.ptr[i] >= '0' && s.ptr[i] <= '9') ||
			   (s.ptr[i] >= 'a' && s.ptr[i] <= 'f') ||
			   (s.ptr[i] >= 'A' && s.ptr[i] <= 'F');

		if (form[i] == '-' ? s.ptr[i] != '-' : !hex)
			return false;
	}
	return true;
}

/* ^[a-z0-9._-]+$, and no way out of the directory. */
static bool is_file_slug(str slug)
{
	for (size_t i = 0; i < slug.len; i++) {
		char c = slug.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return slug.len && slug.len <= SLUG_BYTES_MAX && slug.ptr[0] != '.';
}

struct spot {
	str dir, file, lock;
};

static struct err *find_spot(struct arena *a, const struct paths *p, str slug, str session_id,
			     struct spot *ret_spot)
{
	str name = session_id;

	if (!is_file_slug(slug))
		return FAIL(a, BAD_REQUEST, "the mesh name '%.*s' cannot be a file name",
			    STRF(slug));
	if (str_empty(session_id) || session_id.len > SESSION_ID_BYTES_MAX)
		return FAIL(a, BAD_REQUEST, "a session id has 1 to %d bytes", SESSION_ID_BYTES_MAX);
	if (!is_uuid(session_id)) {
		str h = sha256_hex(a, session_id);

		name = arena_printf(a, "%.8s-%.4s-8%.3s-8%.3s-%.12s", h.ptr, h.ptr + 8, h.ptr + 12,
				    h.ptr + 15, h.ptr + 18);
	}
	ret_spot->dir = arena_printf(a, "%.*s/%.*s", STRF(p->sessions), STRF(slug));
	ret_spot->file = arena_printf(a, "%.*s/%.*s.json", STRF(ret_spot->dir), STRF(name));
	ret_spot->lock = arena_printf(a, "%.*s/.lock", STRF(ret_spot->dir));
	return NULL;
}

/* *ret_found false: there is no such file. */
static struct err *load(struct arena *a, str file, struct sign_pair *ret_pair, bool *ret_found)
{
	struct session_key_args key;
	str pubkey;

	TRY(json_file_load(a, file, session_key_fields, &key, sizeof(key), ret_found));
	if (!*ret_found)
		return NULL;
	if (!sign_pair_from_hex(key.secretKey, ret_pair))
		return FAIL(a, BAD_REQUEST,
			    "'%.*s' cannot be used: its secret key is malformed; move it away",
			    STRF(file));
	pubkey = sign_pair_pubkey(a, ret_pair);
	if (!str_eq(pubkey, key.publicKey)) {
		sign_pair_wipe(ret_pair);
		return FAIL(
			a, BAD_REQUEST,
			"'%.*s' cannot be used: its two keys do not belong together; move it away",
			STRF(file));
	}
	return NULL;
}

static struct err *save(struct arena *a, const struct clock *clock, str file, str slug,
			str session_id, const struct sign_pair *pair)
{
	struct session_key_args key = {
		.version = 1,
		.meshSlug = slug,
		.sessionId = session_id,
		.publicKey = sign_pair_pubkey(a, pair),
		.secretKey = sign_pair_secret(a, pair),
		.createdAt = time_iso(a, clock_ms(clock)),
	};

	return json_file_save(a, file, session_key_fields, &key);
}

/* given NULL: a new pair. */
static struct err *load_or_save(struct arena *a, const struct spot *at, const struct clock *clock,
				str slug, str session_id, const struct sign_pair *given,
				struct sign_pair *ret_pair)
{
	CLEANUP(sign_pair_wipe) struct sign_pair fresh = { 0 };
	struct file_lock *lock;
	bool found;

	TRY(file_lock(a, at->lock, LOCK_MS, &lock));
	TRY(load(a, at->file, ret_pair, &found));
	if (found)
		return NULL;
	if (given)
		fresh = *given;
	else
		sign_pair_new(&fresh);
	TRY(save(a, clock, at->file, slug, session_id, &fresh));
	*ret_pair = fresh;
	return NULL;
}

static struct err *open_or_put(struct arena *a, const struct paths *p, const struct clock *clock,
			       str slug, str session_id, const struct sign_pair *given,
			       struct sign_pair *ret_pair)
{
	/* The lock goes with the arena. */
	CLEANUP(arena_freep) struct arena *own = arena_new();
	struct sign_pair pair = { 0 };
	struct spot at;
	struct err *e;

	TRY(find_spot(a, p, slug, session_id, &at));
	TRY(file_make_private_dir(a, p->sessions));
	TRY(file_make_private_dir(a, at.dir));
	e = load_or_save(own, &at, clock, slug, session_id, given, &pair);
	if (!e)
		*ret_pair = pair;
	sign_pair_wipe(&pair);
	return err_copy(a, e);
}

struct err *session_keys_open(struct arena *a, const struct paths *p, const struct clock *clock,
			      str mesh_slug, str session_id, struct sign_pair *ret_pair)
{
	return open_or_put(a, p, clock, mesh_slug, session_id, NULL, ret_pair);
}

struct err *session_keys_find(struct arena *a, const struct paths *p, str mesh_slug, str session_id,
			      struct sign_pair *ret_pair)
{
	CLEANUP(arena_freep) struct arena *own = arena_new();
	struct spot at;
	struct err *e;
	bool found;

	TRY(find_spot(a, p, mesh_slug, session_id, &at));
	e = load(own, at.file, ret_pair, &found);
	if (e)
		return err_copy(a, e);
	if (!found)
		return FAIL(a, NOT_FOUND, "the keys of session '%.*s' are gone", STRF(session_id));
	return NULL;
}

struct err *session_keys_put(struct arena *a, const struct paths *p, const struct clock *clock,
			     str mesh_slug, str session_id, const struct sign_pair *pair)
{
	CLEANUP(sign_pair_wipe) struct sign_pair stored = { 0 };

	TRY(open_or_put(a, p, clock, mesh_slug, session_id, pair, &stored));
	if (!secret_eq(str_of(stored.pk, sizeof(stored.pk)), str_of(pair->pk, sizeof(pair->pk))))
		return FAIL(a, EXISTS, "session '%.*s' has another key already", STRF(session_id));
	return NULL;
}
