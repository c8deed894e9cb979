#include "crypto/audit.h"

#include <sodium.h>

#include "base/clock.h"
#include "crypto/canonical.h"
#include "crypto/secret.h"

_Static_assert(AUDIT_HASH_BYTES == crypto_hash_sha256_BYTES, "size of SHA-256");

#define CHECKPOINT_DOMAIN "claudemesh-checkpoint-v1"

enum { KDF_CHECKPOINT = 1 };

static void add(crypto_hash_sha256_state *h, str bytes)
{
	if (bytes.len)
		crypto_hash_sha256_update(h, (const u8 *)bytes.ptr, bytes.len);
}

void audit_hash(struct arena *a, const struct audit_link *link, const u8 prev[AUDIT_HASH_BYTES],
		u8 ret_hash[AUDIT_HASH_BYTES])
{
	char hex[AUDIT_HASH_HEX_LEN + 1];
	crypto_hash_sha256_state h;
	const str parts[] = {
		prev ? str_from(sodium_bin2hex(hex, sizeof(hex), prev, AUDIT_HASH_BYTES)) : S("genesis"),
		link->mesh_id, link->event, link->actor.ptr ? link->actor : S("null"), link->payload,
		time_iso(a, link->created_ms),
	};

	crypto_hash_sha256_init(&h);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (i > 0)
			add(&h, S("|"));
		add(&h, parts[i]);
	}
	crypto_hash_sha256_final(&h, ret_hash);
}

void checkpoint_pair(const struct keyfile *keys, struct sign_pair *ret_pair)
{
	u8 seed[SIGN_SEED_BYTES];

	kdf_derive(keys->key, KDF_CHECKPOINT, "cmcheckp", seed);
	sign_pair_from_seed(seed, ret_pair);
	secret_wipe(seed, sizeof(seed));
}

static struct err *checkpoint_text(struct arena *a, const struct checkpoint *c, str *ret_text)
{
	const struct canonical_part parts[] = {
		{ NULL, S(CHECKPOINT_DOMAIN) }, { "meshId", c->mesh_id }, { NULL, canonical_i64(a, c->seq) },
		{ "hash", c->hash }, { NULL, canonical_i64(a, c->time_ms) },
	};

	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *checkpoint_sign(struct arena *a, const struct checkpoint *c, const struct sign_pair *pair,
			    str *ret_signature)
{
	str text;

	TRY(checkpoint_text(a, c, &text));
	*ret_signature = sign_hex(a, text, pair);
	return NULL;
}

bool checkpoint_check(struct arena *a, const struct checkpoint *c, str pubkey, str signature)
{
	str text;

	return !checkpoint_text(a, c, &text) && pubkey_is_valid(pubkey) &&
	       str_is_hex(signature, SIGN_BYTES, true) &&
	       sign_check_hex(text, signature, pubkey);
}
