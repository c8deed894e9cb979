/*
 * session.c - fuzz target of what is looked at before a session token becomes an event: header and
 * token. Nothing but what jwt_sign() made under the key opens; claims under the key are decoded
 * whatever they are, and a token that passes is of a kind and not over.
 */
#include "crypto/jwt.h"
#include "crypto/secret.h"
#include "engine/account.h"

#include <stdlib.h>

#define KEY S("0123456789abcdef-secret")
#define NOW_MS 1700000000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str text = str_of(data, size), payload, again;
	struct session_proof proof;

	if (!crypto_start())
		abort();
	if (jwt_open(a, KEY, text, &payload))
		require(str_eq(jwt_sign(a, KEY, payload), text));
	if (!session_take(a, KEY, text, NOW_MS, &proof))
		require(proof.kind != SESSION_NONE && proof.ends_ms > NOW_MS);
	else
		require(proof.kind == SESSION_NONE && proof.ends_ms == 0);
	/* The same bytes as claims of our own. */
	again = jwt_sign(a, KEY, text);
	if (size && again.len <= JWT_BYTES_MAX)
		require(jwt_open(a, KEY, again, &payload) && str_eq(payload, text));
	if (!session_take_token(a, KEY, again, NOW_MS, &proof))
		require(proof.kind != SESSION_NONE && proof.ends_ms > NOW_MS);
	arena_free(a);
	return 0;
}
