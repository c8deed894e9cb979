#include "crypto/secretbox.h"

#include <sodium.h>

#include "crypto/secret.h"

_Static_assert(SECRET_KEY_BYTES == crypto_secretbox_KEYBYTES, "size of a key");
_Static_assert(SECRET_KEY_BYTES == crypto_kdf_KEYBYTES, "size of a master key");
_Static_assert(SECRET_NONCE_BYTES == crypto_secretbox_NONCEBYTES, "size of a nonce");
_Static_assert(SECRET_MAC_BYTES == crypto_secretbox_MACBYTES, "size of a MAC");
_Static_assert(SEALEDBOX_EXTRA == crypto_box_SEALBYTES, "size of a sealed box");
_Static_assert(KDF_CONTEXT_LEN == crypto_kdf_CONTEXTBYTES, "size of a context");

void kdf_derive(const u8 master[SECRET_KEY_BYTES], u64 id, const char context[KDF_CONTEXT_LEN],
		u8 ret_key[SECRET_KEY_BYTES])
{
	crypto_kdf_derive_from_key(ret_key, SECRET_KEY_BYTES, id, context, master);
}

str secretbox_seal(struct arena *a, str plain, const u8 nonce[SECRET_NONCE_BYTES],
		   const u8 key[SECRET_KEY_BYTES])
{
	size_t n = plain.len + SECRET_MAC_BYTES;
	u8 *p = arena_alloc(a, n);

	crypto_secretbox_easy(p, (const u8 *)plain.ptr, plain.len, nonce, key);
	return str_of(p, n);
}

bool secretbox_open(struct arena *a, str boxed, const u8 nonce[SECRET_NONCE_BYTES],
		    const u8 key[SECRET_KEY_BYTES], str *ret_plain)
{
	u8 *p;

	if (boxed.len < SECRET_MAC_BYTES)
		return false;
	p = secret_alloc(a, boxed.len - SECRET_MAC_BYTES);
	if (crypto_secretbox_open_easy(p, (const u8 *)boxed.ptr, boxed.len, nonce, key) != 0)
		return false;
	*ret_plain = str_of(p, boxed.len - SECRET_MAC_BYTES);
	return true;
}

str secretbox_pack(struct arena *a, str plain, const u8 key[SECRET_KEY_BYTES])
{
	size_t n = SECRET_NONCE_BYTES + plain.len + SECRET_MAC_BYTES;
	u8 *p = arena_alloc(a, n);

	secret_random(p, SECRET_NONCE_BYTES);
	crypto_secretbox_easy(p + SECRET_NONCE_BYTES, (const u8 *)plain.ptr, plain.len, p, key);
	return str_of(p, n);
}

bool secretbox_unpack(struct arena *a, str packed, const u8 key[SECRET_KEY_BYTES],
		      str *ret_plain)
{
	return packed.len >= SECRET_NONCE_BYTES &&
	       secretbox_open(a, str_skip(packed, SECRET_NONCE_BYTES), (const u8 *)packed.ptr, key,
			      ret_plain);
}

bool sealedbox_seal(struct arena *a, str plain, const u8 recipient[BOX_KEY_BYTES],
		    str *ret_boxed)
{
	size_t n = plain.len + SEALEDBOX_EXTRA;
	u8 *p = arena_alloc(a, n);

	if (crypto_box_seal(p, (const u8 *)plain.ptr, plain.len, recipient) != 0)
		return false;
	*ret_boxed = str_of(p, n);
	return true;
}

bool sealedbox_open(struct arena *a, str boxed, const struct box_pair *own, str *ret_plain)
{
	u8 *p;

	if (boxed.len < SEALEDBOX_EXTRA)
		return false;
	p = secret_alloc(a, boxed.len - SEALEDBOX_EXTRA);
	if (crypto_box_seal_open(p, (const u8 *)boxed.ptr, boxed.len, own->pk, own->sk) != 0)
		return false;
	*ret_plain = str_of(p, boxed.len - SEALEDBOX_EXTRA);
	return true;
}
