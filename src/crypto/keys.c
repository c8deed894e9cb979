#include "crypto/keys.h"

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/secret.h"

_Static_assert(SIGN_PK_BYTES == crypto_sign_PUBLICKEYBYTES, "size of a public key");
_Static_assert(SIGN_SK_BYTES == crypto_sign_SECRETKEYBYTES, "size of a secret key");
_Static_assert(SIGN_BYTES == crypto_sign_BYTES, "size of a signature");
_Static_assert(BOX_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "size of a box key");

void sign_pair_new(struct sign_pair *ret_pair)
{
	crypto_sign_keypair(ret_pair->pk, ret_pair->sk);
}

void sign_pair_from_seed(const u8 seed[SIGN_SEED_BYTES], struct sign_pair *ret_pair)
{
	crypto_sign_seed_keypair(ret_pair->pk, ret_pair->sk, seed);
}

bool sign_pair_from_hex(str secret_hex, struct sign_pair *ret_pair)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	u8 sk[SIGN_SK_BYTES];
	bool same;

	if (!decode_secret_hex(secret_hex, sk, sizeof(sk)))
		return false;
	sign_pair_from_seed(sk, &pair);
	same = sodium_memcmp(sk, pair.sk, sizeof(sk)) == 0;
	sodium_memzero(sk, sizeof(sk));
	if (same)
		*ret_pair = pair;
	return same;
}

str sign_pair_pubkey(struct arena *a, const struct sign_pair *pair)
{
	return hex_encode(a, str_of(pair->pk, sizeof(pair->pk)));
}

str sign_pair_secret(struct arena *a, const struct sign_pair *pair)
{
	return encode_secret_hex(a, pair->sk, sizeof(pair->sk));
}

void sign_pair_wipe(struct sign_pair *pair)
{
	sodium_memzero(pair, sizeof(*pair));
}

bool pubkey_is_valid(str hex)
{
	return str_is_hex(hex, SIGN_PK_BYTES, true);
}

void sign_make(str text, const struct sign_pair *key, u8 ret_sig[SIGN_BYTES])
{
	crypto_sign_detached(ret_sig, NULL, (const u8 *)text.ptr, text.len, key->sk);
}

bool sign_check(str text, const u8 sig[SIGN_BYTES], const u8 pk[SIGN_PK_BYTES])
{
	return crypto_sign_verify_detached(sig, (const u8 *)text.ptr, text.len, pk) == 0;
}

str sign_hex(struct arena *a, str text, const struct sign_pair *key)
{
	u8 sig[SIGN_BYTES];

	sign_make(text, key, sig);
	return hex_encode(a, str_of(sig, sizeof(sig)));
}

bool sign_check_hex(str text, str sig_hex, str pk_hex)
{
	u8 sig[SIGN_BYTES], pk[SIGN_PK_BYTES];

	return hex_read(sig_hex, false, sig, sizeof(sig)) &&
	       hex_read(pk_hex, false, pk, sizeof(pk)) && sign_check(text, sig, pk);
}

void box_pair_new(struct box_pair *ret_pair)
{
	crypto_box_keypair(ret_pair->pk, ret_pair->sk);
}

void box_pair_from_seed(const u8 seed[32], struct box_pair *ret_pair)
{
	crypto_box_seed_keypair(ret_pair->pk, ret_pair->sk, seed);
}

void box_pair_from_sign(const struct sign_pair *pair, struct box_pair *ret_pair)
{
	/* The public half from the secret one: right even if pair->pk were not. */
	crypto_sign_ed25519_sk_to_curve25519(ret_pair->sk, pair->sk);
	crypto_scalarmult_base(ret_pair->pk, ret_pair->sk);
}

bool box_pk_from_sign(const u8 sign_pk[SIGN_PK_BYTES], u8 ret_pk[BOX_KEY_BYTES])
{
	return crypto_sign_ed25519_pk_to_curve25519(ret_pk, sign_pk) == 0;
}

void box_pair_wipe(struct box_pair *pair)
{
	sodium_memzero(pair, sizeof(*pair));
}
