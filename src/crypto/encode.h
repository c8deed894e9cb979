/*
 * encode.h - hex, base64 and base64url, strict: a text decodes only if encoding the
 * result gives the same text again (hex may differ in case where `lower` is false).
 *
 * base64 is the standard alphabet with required padding (nonce, ciphertext); base64url is
 * the URL-safe alphabet without padding (API keys, root keys, invites). No white space in
 * either. These are table driven and fast: for ciphertext, public keys and signatures.
 * Secrets go through encode_secret_*(), which take the same time for all values.
 */
#ifndef CRYPTO_ENCODE_H
#define CRYPTO_ENCODE_H

#include "base/arena.h"

/* Characters without a terminating NUL. */
#define HEX_LEN(n_bytes) (2 * (n_bytes))
#define BASE64_LEN(n_bytes) (((n_bytes) + 2) / 3 * 4)
#define BASE64URL_LEN(n_bytes) (((n_bytes)*8 + 5) / 6)

str hex_encode(struct arena *a, str bytes);   /* lower case */
bool hex_decode(struct arena *a, str text, bool lower, str *ret_bytes) MUST_CHECK;
/* Exactly n bytes into the caller's memory; nothing is written when false. */
bool hex_read(str text, bool lower, u8 *ret_bytes, size_t n) MUST_CHECK;
/* The text with A-F in lower case: what stores and comparisons use. */
str hex_lower(struct arena *a, str text);

str base64_encode(struct arena *a, str bytes);
bool base64_decode(struct arena *a, str text, str *ret_bytes) MUST_CHECK;
/* True if base64_decode() would succeed; allocates nothing. "" is strict. */
bool base64_is_strict(str text);
/* Decoded bytes of a strict text. */
size_t base64_bytes(str text);
/* Exactly n bytes into the caller's memory; nothing is written when false. */
bool base64_read(str text, u8 *ret_bytes, size_t n) MUST_CHECK;

str base64url_encode(struct arena *a, str bytes);
bool base64url_decode(struct arena *a, str text, str *ret_bytes) MUST_CHECK;

/* Constant time; the text is in memory that is wiped with the arena. */
str encode_secret_hex(struct arena *a, const u8 *bytes, size_t n);
str encode_secret_base64url(struct arena *a, const u8 *bytes, size_t n);
/* Exactly n (> 0) bytes; on false the memory is wiped. Hex of either case. */
bool decode_secret_hex(str text, u8 *ret_bytes, size_t n) MUST_CHECK;
bool decode_secret_base64url(str text, u8 *ret_bytes, size_t n) MUST_CHECK;

#endif
