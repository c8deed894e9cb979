/*
 * invite.c - fuzz target of client/invite_link.h: what a user pastes to join.
 *
 * The bytes are a link, a token, and the JSON inside a token. A link that was accepted has
 * usable parts and is read as the same when it is written again; a token that was accepted
 * has a role and a broker, and one second after its end it is no longer accepted.
 */
#include "client/invite_link.h"

#include "crypto/encode.h"
#include "crypto/invite.h"
#include "crypto/secret.h"
#include "net/url.h"

enum { INPUT_MAX = 2 * URL_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_written(struct arena *a, const struct invite_link *l)
{
	struct invite_link again;

	require(!invite_link_parse(a, invite_link_write(a, l->base, l->code, l->secret), &again));
	require(again.kind == INVITE_CODE && again.has_secret);
	require(str_eq(again.base, l->base) && str_eq(again.code, l->code));
	require(memcmp(again.secret, l->secret, sizeof(l->secret)) == 0);
}

static void try_link(struct arena *a, str text)
{
	struct invite_link l;
	struct url u;
	struct err *e = invite_link_parse(a, text, &l);

	if (e) {
		require(str_is_utf8(e->text));
		return;
	}
	if (!str_empty(l.base)) {
		require(!url_parse(a, l.base, &u));
		require(!url_is_ws(&u) && !str_ends(l.base, S("/")));
	}
	if (l.kind == INVITE_TOKEN) {
		require(!str_empty(l.token) && l.token.len <= TOKEN_BYTES_MAX && !l.has_secret);
		return;
	}
	require(invite_code_is_valid(l.code));
	if (l.has_secret && !str_empty(l.base))
		check_written(a, &l);
}

static void try_token(struct arena *a, str token)
{
	struct invite_payload_args p;
	struct err *e = invite_token_open(a, token, 0, &p);
	struct url u;

	if (e) {
		require(str_is_utf8(e->text));
		return;
	}
	require(p.role == ROLE_ADMIN || p.role == ROLE_MEMBER);
	require(!url_parse(a, p.broker_url, &u) && url_is_ws(&u));
	require(p.expires_at > 0 && p.mesh_id.len > 0);
	if (p.expires_at < INT64_MAX / 1000) {
		e = invite_token_open(a, token, p.expires_at * 1000, &p);
		require(e && e->code == ERR_GONE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str text = str_of(data, size);

	if (size > INPUT_MAX || !crypto_start())
		return 0;
	try_link(a, text);
	try_token(a, text);
	try_token(a, base64url_encode(a, text));
	return 0;
}
