#include "broker/challenge.h"

#include <uthash.h>

#include "broker/http_answer.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "crypto/hello.h"
#include "crypto/secret.h"
#include "json/json.h"

/* A socket that opened while it was good may say hello later, by the server's deadline for that. */
enum { USED_KEEP_MS = 4 * CHALLENGE_MS };
enum { TIME_BYTES = 8, OPEN_BYTES = 16, SEAL_BYTES = HELLO_CHALLENGE_BYTES - OPEN_BYTES, ANSWER_MAX = 256 };

/* How many a key or an address has used of late. */
struct account {
	UT_hash_handle hh;
	size_t n;
	size_t len;
	char name[];
};

/* One that was used; kept while it would still be good. */
struct used {
	UT_hash_handle hh;    /* in order of use */
	i64 until_ms;
	struct account *key, *address;
	u8 bytes[HELLO_CHALLENGE_BYTES];
};

struct challenges {
	const struct clock *clock;
	const struct random *random;
	u8 key[DIGEST_BYTES];
	struct used *used;
	struct account *keys, *addresses;
};

struct challenges *challenges_new(const struct clock *clock, const struct random *random)
{
	struct challenges *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->clock = clock;
	c->random = random;
	random_fill(random, c->key, sizeof(c->key));
	return c;
}

static struct account *account_find(struct account *all, str name)
{
	struct account *at = NULL;

	HASH_FIND(hh, all, name.ptr, name.len, at);
	return at;
}

static struct account *account_add(struct account **all, str name)
{
	struct account *at = account_find(*all, name);

	if (!at) {
		at = calloc(1, sizeof(*at) + name.len + 1);
		if (!at)
			abort();
		at->len = name.len;
		memcpy(at->name, name.ptr, name.len);
		HASH_ADD_KEYPTR(hh, *all, at->name, at->len, at);
	}
	at->n++;
	return at;
}

static void account_drop(struct account **all, struct account *at)
{
	if (--at->n)
		return;
	HASH_DEL(*all, at);
	free(at);
}

static bool account_is_full(struct account *all, str name, size_t max)
{
	const struct account *at = account_find(all, name);

	return at && at->n >= max;
}

static void used_free(struct challenges *c, struct used *u)
{
	account_drop(&c->keys, u->key);
	account_drop(&c->addresses, u->address);
	HASH_DELETE(hh, c->used, u);
	free(u);
}

void challenges_free(struct challenges *c)
{
	struct used *u, *next;

	if (!c)
		return;
	HASH_ITER(hh, c->used, u, next)
		used_free(c, u);
	free(c);
}

/* The last half says that we made the first. */
static void seal(const struct challenges *c, const u8 *open, u8 *ret_seal)
{
	const str parts[] = { str_of((const char *)c->key, sizeof(c->key)),
			      str_of((const char *)open, OPEN_BYTES) };
	u8 digest[DIGEST_BYTES];

	digest_parts(parts, ARRAY_LEN(parts), digest);
	memcpy(ret_seal, digest, SEAL_BYTES);
}

str challenges_make(struct challenges *c, struct arena *a)
{
	u8 bytes[HELLO_CHALLENGE_BYTES];
	u64 now = (u64)clock_mono_ms(c->clock);

	random_fill(c->random, bytes, OPEN_BYTES);
	for (size_t i = 0; i < TIME_BYTES; i++)
		bytes[i] = (u8)(now >> (8 * i));
	seal(c, bytes, bytes + OPEN_BYTES);
	return base64url_encode(a, str_of((const char *)bytes, sizeof(bytes)));
}

/* *ret_until_ms: when it stops being good. */
static bool take(const struct challenges *c, str text, u8 bytes[HELLO_CHALLENGE_BYTES], i64 *ret_until_ms)
{
	u8 sealed[SEAL_BYTES];
	i64 now = clock_mono_ms(c->clock);
	u64 made = 0;

	if (text.len != HELLO_CHALLENGE_LEN || !decode_secret_base64url(text, bytes, HELLO_CHALLENGE_BYTES))
		return false;
	seal(c, bytes, sealed);
	if (!secret_eq(str_of((const char *)sealed, SEAL_BYTES), str_of((const char *)bytes + OPEN_BYTES, SEAL_BYTES)))
		return false;
	for (size_t i = TIME_BYTES; i-- > 0;)
		made = made << 8 | bytes[i];
	*ret_until_ms = (i64)made + CHALLENGE_MS;
	return now < *ret_until_ms;
}

static bool was_used(const struct challenges *c, const u8 *bytes)
{
	struct used *u;

	HASH_FIND(hh, c->used, bytes, HELLO_CHALLENGE_BYTES, u);
	return u != NULL;
}

bool challenges_ok(struct challenges *c, str challenge)
{
	u8 bytes[HELLO_CHALLENGE_BYTES];
	i64 until_ms;

	return take(c, challenge, bytes, &until_ms) && !was_used(c, bytes);
}

static void prune(struct challenges *c)
{
	i64 now = clock_mono_ms(c->clock);

	while (c->used && c->used->until_ms <= now)
		used_free(c, c->used);
}

static bool decode(str challenge, u8 bytes[HELLO_CHALLENGE_BYTES])
{
	return challenge.len == HELLO_CHALLENGE_LEN && decode_secret_base64url(challenge, bytes, HELLO_CHALLENGE_BYTES);
}

enum challenge_use challenges_use(struct challenges *c, str challenge, str pubkey, str account)
{
	u8 bytes[HELLO_CHALLENGE_BYTES];
	struct used *u;

	prune(c);
	if (!decode(challenge, bytes) || was_used(c, bytes))
		return CHALLENGE_WAS_USED;
	if (HASH_COUNT(c->used) >= CHALLENGES_USED_MAX ||
	    account_is_full(c->keys, pubkey, CHALLENGES_PER_KEY_MAX) ||
	    account_is_full(c->addresses, account, CHALLENGES_PER_ADDRESS_MAX))
		return CHALLENGE_FULL;
	u = calloc(1, sizeof(*u));
	if (!u)
		abort();
	u->until_ms = clock_mono_ms(c->clock) + USED_KEEP_MS;
	u->key = account_add(&c->keys, pubkey);
	u->address = account_add(&c->addresses, account);
	memcpy(u->bytes, bytes, sizeof(bytes));
	HASH_ADD(hh, c->used, bytes, HELLO_CHALLENGE_BYTES, u);
	return CHALLENGE_USED;
}

void challenges_forget(struct challenges *c, str challenge)
{
	u8 bytes[HELLO_CHALLENGE_BYTES];
	struct used *u = NULL;

	if (decode(challenge, bytes))
		HASH_FIND(hh, c->used, bytes, HELLO_CHALLENGE_BYTES, u);
	if (u)
		used_free(c, u);
}

void challenge_answer(struct http *h, struct server_request *rq, str param UNUSED)
{
	struct buf b = buf_make(ANSWER_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "challenge", challenges_make(h->env.challenges, rq->arena));
	json_put_int(&o, "valid_ms", CHALLENGE_MS);
	json_obj_end(&o);
	http_answer(h, rq, 200, buf_str(&b));
	buf_done(&b);
}
