#include "crypto/apikey.h"

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/secret.h"

enum { RANDOM_BYTES = 28, CHECK_BYTES = 4, SECRET_BYTES = RANDOM_BYTES + CHECK_BYTES };

_Static_assert(crypto_hash_sha256_BYTES == DIGEST_BYTES, "size of SHA-256");
_Static_assert(3 + BASE64URL_LEN(SECRET_BYTES) == APIKEY_LEN, "length of a key");

/* Over another text than the digest, so that nothing of that is shown. */
static void check_of(const u8 random[RANDOM_BYTES], u8 ret_check[CHECK_BYTES])
{
	u8 digest[DIGEST_BYTES];
	str parts[] = { S("claudemesh-apikey"), str_of(random, RANDOM_BYTES) };

	digest_parts(parts, ARRAY_LEN(parts), digest);
	memcpy(ret_check, digest, CHECK_BYTES);
}

str apikey_new(struct arena *a, const struct random *r)
{
	u8 *bytes = secret_alloc(a, SECRET_BYTES);
	char *text = (char *)secret_alloc(a, APIKEY_LEN + 1);

	random_fill(r, bytes, RANDOM_BYTES);
	check_of(bytes, bytes + RANDOM_BYTES);
	memcpy(text, "cm_", 3);
	memcpy(text + 3, encode_secret_base64url(a, bytes, SECRET_BYTES).ptr, APIKEY_LEN - 3);
	return str_of(text, APIKEY_LEN);
}

bool apikey_is_well_formed(str secret)
{
	u8 bytes[SECRET_BYTES], check[CHECK_BYTES];
	bool good;

	if (secret.len != APIKEY_LEN || !str_starts(secret, S("cm_")) ||
	    !decode_secret_base64url(str_skip(secret, 3), bytes, sizeof(bytes)))
		return false;
	check_of(bytes, check);
	good = secret_eq(str_of(check, CHECK_BYTES), str_of(bytes + RANDOM_BYTES, CHECK_BYTES));
	secret_wipe(bytes, sizeof(bytes));
	return good;
}

void apikey_digest(str secret, u8 ret_digest[DIGEST_BYTES])
{
	crypto_hash_sha256(ret_digest, (const u8 *)secret.ptr, secret.len);
}
