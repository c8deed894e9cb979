/*
 * box_cache.h - shared keys of crypto_box, by (own key, peer's key).
 *
 * Bounded: the least recently used goes first. Wiped on eviction and free. The table is
 * keyed with a random secret, so peers cannot choose keys that collide. A cache belongs
 * to one thread.
 */
#ifndef CRYPTO_BOX_CACHE_H
#define CRYPTO_BOX_CACHE_H

#include "crypto/keys.h"

enum { BOX_SHARED_BYTES = 32, BOX_CACHE_DEFAULT = 1024, BOX_CACHE_MAX = 1 << 20 };

struct box_cache;
/* Keeps at most max shared keys, 1 to BOX_CACHE_MAX. */
struct box_cache *box_cache_new(size_t max);
void box_cache_free(struct box_cache *c);     /* wipes; NULL is fine */
void box_cache_freep(struct box_cache **c);
size_t box_cache_count(const struct box_cache *c);
/* The shared key of own and the peer's Ed25519 key; valid until the next call. NULL if the
 * peer's key is no key one can seal to; that is not remembered. */
const u8 *box_cache_shared(struct box_cache *c, const struct sign_pair *own,
			   const u8 peer_pk[SIGN_PK_BYTES]);
/* True if the shared key is kept; does not count as a use. For tests and figures. */
bool box_cache_has(const struct box_cache *c, const struct sign_pair *own,
		   const u8 peer_pk[SIGN_PK_BYTES]);

#endif
