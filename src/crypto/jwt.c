#include "crypto/jwt.h"

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/secret.h"

_Static_assert(crypto_auth_hmacsha256_BYTES == MAC_BYTES && crypto_hash_sha256_BYTES == DIGEST_BYTES,
	       "sizes of SHA-256");

/* {"alg":"HS256","typ":"JWT"} */
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."

static void sign(str key, str text, u8 ret_mac[MAC_BYTES])
{
	crypto_auth_hmacsha256_state h;

	crypto_auth_hmacsha256_init(&h, (const u8 *)key.ptr, key.len);
	crypto_auth_hmacsha256_update(&h, (const u8 *)text.ptr, text.len);
	crypto_auth_hmacsha256_final(&h, ret_mac);
	secret_wipe(&h, sizeof(h));
}

str jwt_sign(struct arena *a, str key, str payload)
{
	str body = base64url_encode(a, payload);
	size_t text_len = strlen(HEADER) + body.len, len = text_len + 1 + BASE64URL_LEN(MAC_BYTES);
	char *token = (char *)secret_alloc(a, len + 1);
	u8 mac[MAC_BYTES];

	memcpy(token, HEADER, strlen(HEADER));
	memcpy(token + strlen(HEADER), body.ptr, body.len);
	sign(key, str_of(token, text_len), mac);
	token[text_len] = '.';
	memcpy(token + text_len + 1, encode_secret_base64url(a, mac, MAC_BYTES).ptr,
	       BASE64URL_LEN(MAC_BYTES));
	return str_of(token, len);
}

bool jwt_open(struct arena *a, str key, str token, str *ret_payload)
{
	const size_t tail = 1 + BASE64URL_LEN(MAC_BYTES), head = strlen(HEADER);
	u8 given[MAC_BYTES], mac[MAC_BYTES];
	str text;

	if (token.len > JWT_BYTES_MAX || token.len <= head + tail || !str_starts(token, S(HEADER)))
		return false;
	text = str_of(token.ptr, token.len - tail);
	if (token.ptr[text.len] != '.' ||
	    !decode_secret_base64url(str_skip(token, text.len + 1), given, sizeof(given)))
		return false;
	sign(key, text, mac);
	return secret_eq(str_of(mac, MAC_BYTES), str_of(given, MAC_BYTES)) &&
	       base64url_decode(a, str_skip(text, head), ret_payload);
}

void jwt_digest(str token, u8 ret_digest[DIGEST_BYTES])
{
	crypto_hash_sha256(ret_digest, (const u8 *)token.ptr, token.len);
}

void mac_parts(str key, str purpose, const str *parts, size_t n, u8 ret_mac[MAC_BYTES])
{
	crypto_auth_hmacsha256_state h;

	crypto_auth_hmacsha256_init(&h, (const u8 *)key.ptr, key.len);
	for (size_t i = 0; i <= n; i++) {
		str part = i ? parts[i - 1] : purpose;
		u64 len = part.len;

		crypto_auth_hmacsha256_update(&h, (const u8 *)&len, sizeof(len));
		crypto_auth_hmacsha256_update(&h, (const u8 *)part.ptr, part.len);
	}
	crypto_auth_hmacsha256_final(&h, ret_mac);
	secret_wipe(&h, sizeof(h));
}
