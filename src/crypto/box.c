#include "crypto/box.h"

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/secret.h"

_Static_assert(BOX_NONCE_BYTES == crypto_box_NONCEBYTES, "size of a nonce");
_Static_assert(BOX_MAC_BYTES == crypto_box_MACBYTES, "size of a MAC");

struct err *box_seal_nonce(struct arena *a, struct box_cache *c, const struct sign_pair *own,
			   str recipient_pubkey, str text, const u8 nonce[BOX_NONCE_BYTES],
			   struct sealed *ret_sealed)
{
	u8 peer[SIGN_PK_BYTES];
	const u8 *shared;
	size_t n = text.len + BOX_MAC_BYTES;
	u8 *p;

	if (!hex_read(recipient_pubkey, true, peer, sizeof(peer)))
		return FAIL(a, BAD_REQUEST, "recipient is not 64 lower-case hex characters");
	shared = box_cache_shared(c, own, peer);
	if (!shared)
		return FAIL(a, BAD_REQUEST, "recipient is not a public key to seal to");
	p = arena_alloc(a, n);
	crypto_box_easy_afternm(p, (const u8 *)text.ptr, text.len, nonce, shared);
	ret_sealed->nonce = base64_encode(a, str_of(nonce, BOX_NONCE_BYTES));
	ret_sealed->ciphertext = base64_encode(a, str_of(p, n));
	return NULL;
}

struct err *box_seal(struct arena *a, struct box_cache *c, const struct sign_pair *own,
		     str recipient_pubkey, str text, struct sealed *ret_sealed)
{
	u8 nonce[BOX_NONCE_BYTES];

	secret_random(nonce, sizeof(nonce));
	return box_seal_nonce(a, c, own, recipient_pubkey, text, nonce, ret_sealed);
}

/* What is opened: the fields of a push, decoded and checked. */
struct parcel {
	u8 sender[SIGN_PK_BYTES], nonce[BOX_NONCE_BYTES];
	str boxed;
};

static struct err *parcel_decode(struct arena *a, str sender_pubkey, struct sealed sealed,
				 struct parcel *ret_parcel)
{
	if (!hex_read(sender_pubkey, true, ret_parcel->sender, sizeof(ret_parcel->sender)))
		return FAIL(a, BAD_REQUEST, "sender is not 64 lower-case hex characters");
	if (!base64_read(sealed.nonce, ret_parcel->nonce, sizeof(ret_parcel->nonce)))
		return FAIL(a, BAD_REQUEST, "nonce is not base64 of %d bytes", BOX_NONCE_BYTES);
	if (!base64_decode(a, sealed.ciphertext, &ret_parcel->boxed))
		return FAIL(a, BAD_REQUEST, "ciphertext is not base64");
	if (ret_parcel->boxed.len < BOX_MAC_BYTES)
		return FAIL(a, BAD_REQUEST, "ciphertext is shorter than %d bytes", BOX_MAC_BYTES);
	return NULL;
}

static bool parcel_try(struct box_cache *c, const struct sign_pair *own, const struct parcel *p,
		       u8 *out)
{
	const u8 *shared = own ? box_cache_shared(c, own, p->sender) : NULL;

	return shared && crypto_box_open_easy_afternm(out, (const u8 *)p->boxed.ptr, p->boxed.len,
						      p->nonce, shared) == 0;
}

struct err *box_open(struct arena *a, struct box_cache *c, const struct box_own *own,
		     str sender_pubkey, struct sealed sealed, str *ret_text)
{
	struct parcel parcel;
	str text;
	u8 *out;

	TRY(parcel_decode(a, sender_pubkey, sealed, &parcel));
	out = arena_alloc(a, parcel.boxed.len - BOX_MAC_BYTES + 1);
	if (!parcel_try(c, own->session, &parcel, out) && !parcel_try(c, own->member, &parcel, out))
		return err_word(FAIL(a, UNAUTHORIZED, "body cannot be opened with our keys"),
				S("undecryptable"));
	text = str_of(out, parcel.boxed.len - BOX_MAC_BYTES);
	if (!str_is_utf8(text))
		return FAIL(a, BAD_REQUEST, "opened body is not utf-8");
	*ret_text = text;
	return NULL;
}

struct sealed plain_encode(struct arena *a, str text)
{
	u8 nonce[BOX_NONCE_BYTES];

	secret_random(nonce, sizeof(nonce));
	return (struct sealed){ .nonce = base64_encode(a, str_of(nonce, sizeof(nonce))),
				.ciphertext = base64_encode(a, text) };
}

struct err *plain_decode(struct arena *a, struct sealed plain, str *ret_text)
{
	str text;

	if (!base64_decode(a, plain.ciphertext, &text))
		return FAIL(a, BAD_REQUEST, "ciphertext is not base64");
	if (!str_is_utf8(text))
		return FAIL(a, BAD_REQUEST, "body is not utf-8");
	*ret_text = text;
	return NULL;
}
