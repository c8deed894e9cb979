#include "crypto/fingerprint.h"

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/secret.h"

#define API_KEY_MARK "cm_"

_Static_assert(SHA256_BYTES == crypto_hash_sha256_BYTES, "size of a digest");

typedef crypto_hash_sha256_state hash_state;

static void hash_add(hash_state *h, str s)
{
	crypto_hash_sha256_update(h, (const u8 *)s.ptr, s.len);
}

void sha256(str bytes, u8 ret_digest[SHA256_BYTES])
{
	crypto_hash_sha256(ret_digest, (const u8 *)bytes.ptr, bytes.len);
}

str sha256_hex(struct arena *a, str bytes)
{
	u8 digest[SHA256_BYTES];

	sha256(bytes, digest);
	return hex_encode(a, str_of(digest, sizeof(digest)));
}

str request_fingerprint(struct arena *a, const struct request_parts *rq)
{
	str parts[] = { S("1"), /* envelope version */
			rq->destination_kind,
			rq->destination_ref,
			rq->reply_to_id,
			str_empty(rq->priority) ? S("next") : rq->priority,
			rq->meta };
	u8 digest[SHA256_BYTES];
	hash_state h;

	crypto_hash_sha256_init(&h);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		hash_add(&h, parts[i]);
		hash_add(&h, str_of("", 1));
	}
	sha256(rq->body, digest);
	hash_add(&h, str_of(digest, sizeof(digest)));
	crypto_hash_sha256_final(&h, digest);
	return hex_encode(a, str_of(digest, sizeof(digest)));
}

/* 20 bits are five hex digits, so the groups are read from the hex form. */
static unsigned safety_group(str hex, size_t i)
{
	char digits[6] = { 0 };

	memcpy(digits, hex.ptr + 5 * i, 5);
	return (unsigned)strtoul(digits, NULL, 16) % 100000;
}

bool safety_number(struct arena *a, str pubkey, str other_pubkey, str *ret_text)
{
	u8 keys[2][32], ordered[64];
	bool swap;
	str h;

	if (!hex_read(pubkey, false, keys[0], 32) || !hex_read(other_pubkey, false, keys[1], 32))
		return false;
	swap = memcmp(keys[0], keys[1], 32) > 0;
	memcpy(ordered, keys[swap], 32);
	memcpy(ordered + 32, keys[!swap], 32);
	h = sha256_hex(a, str_of(ordered, sizeof(ordered)));
	*ret_text = arena_printf(a, "%05u %05u %05u %05u %05u %05u", safety_group(h, 0),
				 safety_group(h, 1), safety_group(h, 2), safety_group(h, 3),
				 safety_group(h, 4), safety_group(h, 5));
	return true;
}

void api_key_new(struct arena *a, struct api_key *ret_key)
{
	u8 bytes[API_KEY_BYTES];

	secret_random(bytes, sizeof(bytes));
	api_key_from_bytes(a, bytes, ret_key);
	secret_wipe(bytes, sizeof(bytes));
}

void api_key_from_bytes(struct arena *a, const u8 bytes[API_KEY_BYTES], struct api_key *ret_key)
{
	str tail = encode_secret_base64url(a, bytes, API_KEY_BYTES);
	char *p = (char *)secret_alloc(a, API_KEY_LEN);

	memcpy(p, API_KEY_MARK, 3);
	memcpy(p + 3, tail.ptr, tail.len);
	ret_key->secret = str_of(p, API_KEY_LEN);
	ret_key->prefix = arena_dup(a, str_of(p, API_KEY_PREFIX_LEN));
	ret_key->hash = sha256_hex(a, ret_key->secret);
}

bool api_key_is_valid(str secret)
{
	u8 bytes[API_KEY_BYTES];
	bool valid = str_starts(secret, S(API_KEY_MARK)) &&
		     decode_secret_base64url(str_skip(secret, 3), bytes, sizeof(bytes));

	secret_wipe(bytes, sizeof(bytes));
	return valid;
}

bool api_key_check(struct arena *a, str secret, str stored_hash)
{
	return secret_eq(sha256_hex(a, secret), stored_hash);
}
