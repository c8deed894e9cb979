#include "crypto/hash.h"

#include <sodium.h>

_Static_assert(HASH_KEY_BYTES == crypto_shorthash_KEYBYTES && crypto_shorthash_BYTES == sizeof(u64),
	       "sizes of SipHash");

u64 hash_keyed(const u8 key[HASH_KEY_BYTES], str bytes)
{
	u64 h;

	crypto_shorthash((u8 *)&h, (const u8 *)bytes.ptr, bytes.len, key);
	return h;
}

void digest_parts(const str *parts, size_t n, u8 ret_digest[DIGEST_BYTES])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, DIGEST_BYTES);
	for (size_t i = 0; i < n; i++) {
		u64 len = parts[i].len;

		crypto_generichash_update(&h, (const u8 *)&len, sizeof(len));
		crypto_generichash_update(&h, (const u8 *)parts[i].ptr, parts[i].len);
	}
	crypto_generichash_final(&h, ret_digest, DIGEST_BYTES);
}

void digest_sha256(str bytes, u8 ret_digest[DIGEST_BYTES])
{
	crypto_hash_sha256(ret_digest, (const u8 *)bytes.ptr, bytes.len);
}
