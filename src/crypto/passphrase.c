#include "crypto/passphrase.h"

#include <sodium.h>

#include "crypto/secret.h"

enum { KEY_BYTES = 32 };

_Static_assert(PASSPHRASE_SALT_BYTES == crypto_pwhash_SALTBYTES, "size of a salt");
_Static_assert(PASSPHRASE_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "size of a nonce");
_Static_assert(PASSPHRASE_MAC_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "size of a MAC");
_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "size of a key");

const struct passphrase_cost passphrase_interactive = { crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
							crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE };
const struct passphrase_cost passphrase_moderate = { crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
						     crypto_pwhash_argon2id_MEMLIMIT_MODERATE };

bool passphrase_cost_is_sane(struct passphrase_cost cost)
{
	return cost.ops >= crypto_pwhash_argon2id_OPSLIMIT_MIN && cost.ops <= PASSPHRASE_OPS_MAX &&
	       cost.memory >= crypto_pwhash_argon2id_MEMLIMIT_MIN && cost.memory <= PASSPHRASE_MEMORY_MAX;
}

static bool derive(str passphrase, struct passphrase_cost cost, const u8 *salt, u8 key[KEY_BYTES])
{
	return passphrase_cost_is_sane(cost) &&
	       crypto_pwhash(key, KEY_BYTES, passphrase.ptr ? passphrase.ptr : "", passphrase.len, salt, cost.ops,
			     (size_t)cost.memory, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool passphrase_seal(struct arena *a, str passphrase, struct passphrase_cost cost,
		     const u8 salt[PASSPHRASE_SALT_BYTES], const u8 nonce[PASSPHRASE_NONCE_BYTES],
		     str head, str plain, str *ret_sealed)
{
	u8 *out = arena_alloc(a, plain.len + PASSPHRASE_MAC_BYTES);
	unsigned long long n = 0;
	u8 key[KEY_BYTES];

	if (!derive(passphrase, cost, salt, key))
		return false;
	crypto_aead_xchacha20poly1305_ietf_encrypt(out, &n, (const u8 *)plain.ptr, plain.len,
						   (const u8 *)head.ptr, head.len, NULL, nonce, key);
	secret_wipe(key, sizeof(key));
	*ret_sealed = str_of(out, (size_t)n);
	return true;
}

bool passphrase_open(struct arena *a, str passphrase, struct passphrase_cost cost,
		     const u8 salt[PASSPHRASE_SALT_BYTES], const u8 nonce[PASSPHRASE_NONCE_BYTES],
		     str head, str sealed, str *ret_plain)
{
	unsigned long long n = 0;
	u8 key[KEY_BYTES], *out;
	bool ok;

	if (sealed.len < PASSPHRASE_MAC_BYTES || !derive(passphrase, cost, salt, key))
		return false;
	out = secret_alloc(a, sealed.len - PASSPHRASE_MAC_BYTES + 1);
	ok = crypto_aead_xchacha20poly1305_ietf_decrypt(out, &n, NULL, (const u8 *)sealed.ptr, sealed.len,
							(const u8 *)head.ptr, head.len, nonce, key) == 0;
	secret_wipe(key, sizeof(key));
	if (ok)
		*ret_plain = str_of(out, (size_t)n);
	return ok;
}
