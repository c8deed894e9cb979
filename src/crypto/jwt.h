/*
 * jwt.h - session tokens: JSON Web Tokens signed with HMAC-SHA256 (HS256), and other codes that
 * only the holder of the key can make.
 *
 * One header, byte for byte, is made and taken: what a token says of its algorithm is never
 * looked at. The payload is UTF-8 as it stands. The key is a secret text of any length, at least
 * JWT_KEY_MIN bytes. Any thread.
 */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include "base/arena.h"
#include "crypto/hash.h"

enum { JWT_KEY_MIN = 16, JWT_BYTES_MAX = 4096, MAC_BYTES = 32 };

/* In memory that is wiped with the arena. */
str jwt_sign(struct arena *a, str key, str payload);
/* False for everything but what jwt_sign() made with that key; compares in constant time. */
bool jwt_open(struct arena *a, str key, str token, str *ret_payload) MUST_CHECK;
/* What the store keeps of a token: SHA-256 of its characters. */
void jwt_digest(str token, u8 ret_digest[DIGEST_BYTES]);

/* A code over the parts, for one purpose: what was made for another never fits. */
void mac_parts(str key, str purpose, const str *parts, size_t n, u8 ret_mac[MAC_BYTES]);

#endif
