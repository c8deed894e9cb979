#include "crypto/box_cache.h"

#include <sodium.h>

#include "crypto/secret.h"

_Static_assert(BOX_SHARED_BYTES == crypto_box_BEFORENMBYTES, "size of a shared key");

/* Places in an array instead of pointers: half the size, and nothing to free one by one. */
enum { NONE = -1 };

struct pair_key {
	u8 own[SIGN_PK_BYTES], peer[SIGN_PK_BYTES];
};

struct entry {
	struct pair_key key;
	u8 shared[BOX_SHARED_BYTES];
	int chain;            /* next with the same hash */
	int newer, older;     /* order of use */
};

struct box_cache {
	size_t max, count, buckets; /* buckets: a power of two */
	int newest, oldest;
	u8 hash_key[crypto_shorthash_KEYBYTES];
	int *heads;
	struct entry *entries;
};

static void *table_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

struct box_cache *box_cache_new(size_t max)
{
	struct box_cache *c = table_alloc(1, sizeof(*c));

	c->max = MIN(MAX(max, 1), BOX_CACHE_MAX);
	c->buckets = 1;
	while (c->buckets < c->max)
		c->buckets *= 2;
	c->newest = c->oldest = NONE;
	c->heads = table_alloc(c->buckets, sizeof(*c->heads));
	for (size_t i = 0; i < c->buckets; i++)
		c->heads[i] = NONE;
	c->entries = table_alloc(c->max, sizeof(*c->entries));
	secret_random(c->hash_key, sizeof(c->hash_key));
	return c;
}

void box_cache_free(struct box_cache *c)
{
	if (!c)
		return;
	secret_wipe(c->entries, c->count * sizeof(*c->entries));
	free(c->entries);
	free(c->heads);
	secret_wipe(c, sizeof(*c));
	free(c);
}

void box_cache_freep(struct box_cache **c)
{
	box_cache_free(*c);
}

size_t box_cache_count(const struct box_cache *c)
{
	return c->count;
}

static struct pair_key key_of(const struct sign_pair *own, const u8 *peer_pk)
{
	struct pair_key key;

	memcpy(key.own, own->pk, sizeof(key.own));
	memcpy(key.peer, peer_pk, sizeof(key.peer));
	return key;
}

static int *head_of(const struct box_cache *c, const struct pair_key *key)
{
	u64 hash;

	crypto_shorthash((u8 *)&hash, (const u8 *)key, sizeof(*key), c->hash_key);
	return &c->heads[hash & (c->buckets - 1)];
}

static int entry_find(const struct box_cache *c, const struct pair_key *key)
{
	int at = *head_of(c, key);

	while (at != NONE && memcmp(&c->entries[at].key, key, sizeof(*key)) != 0)
		at = c->entries[at].chain;
	return at;
}

static void use_unlink(struct box_cache *c, int at)
{
	struct entry *e = &c->entries[at];

	*(e->newer == NONE ? &c->newest : &c->entries[e->newer].older) = e->older;
	*(e->older == NONE ? &c->oldest : &c->entries[e->older].newer) = e->newer;
}

static void use_link(struct box_cache *c, int at)
{
	struct entry *e = &c->entries[at];

	e->newer = NONE;
	e->older = c->newest;
	*(c->newest == NONE ? &c->oldest : &c->entries[c->newest].newer) = at;
	c->newest = at;
}

/* Takes the least recently used entry out of the table, wiped. */
static int entry_evict(struct box_cache *c)
{
	int at = c->oldest;
	int *link = head_of(c, &c->entries[at].key);

	while (*link != at)
		link = &c->entries[*link].chain;
	*link = c->entries[at].chain;
	use_unlink(c, at);
	secret_wipe(&c->entries[at], sizeof(c->entries[at]));
	return at;
}

static const u8 *entry_add(struct box_cache *c, const struct pair_key *key,
			   const u8 shared[BOX_SHARED_BYTES])
{
	int at = c->count < c->max ? (int)c->count++ : entry_evict(c);
	int *head = head_of(c, key);
	struct entry *e = &c->entries[at];

	e->key = *key;
	memcpy(e->shared, shared, BOX_SHARED_BYTES);
	e->chain = *head;
	*head = at;
	use_link(c, at);
	return e->shared;
}

const u8 *box_cache_shared(struct box_cache *c, const struct sign_pair *own,
			   const u8 peer_pk[SIGN_PK_BYTES])
{
	struct pair_key key = key_of(own, peer_pk);
	CLEANUP(box_pair_wipe) struct box_pair own_box = { 0 };
	u8 peer_box[BOX_KEY_BYTES], shared[BOX_SHARED_BYTES];
	int at = entry_find(c, &key);
	const u8 *kept;

	if (at != NONE) {
		use_unlink(c, at);
		use_link(c, at);
		return c->entries[at].shared;
	}
	if (!box_pk_from_sign(peer_pk, peer_box))
		return NULL;
	if (crypto_sign_ed25519_sk_to_curve25519(own_box.sk, own->sk) != 0 ||
	    crypto_box_beforenm(shared, peer_box, own_box.sk) != 0)
		return NULL;
	kept = entry_add(c, &key, shared);
	secret_wipe(shared, sizeof(shared));
	return kept;
}

bool box_cache_has(const struct box_cache *c, const struct sign_pair *own,
		   const u8 peer_pk[SIGN_PK_BYTES])
{
	struct pair_key key = key_of(own, peer_pk);

	return entry_find(c, &key) != NONE;
}
