/*
 * topic.c - fuzz target of crypto/topic.h and crypto/post.h: sealed keys, bodies of version 2 and
 * signatures as a broker may send them.
 *
 * Input: what it is, then lines: nonce, ciphertext; of a signature itself, the author's id, the post
 * that is answered, nonce, ciphertext. Whatever opens, opens again from its own
 * encoding; what was sealed opens, and with one bit changed it does not.
 */
#include <string.h>

#include "crypto/encode.h"
#include "crypto/post.h"
#include "crypto/secret.h"
#include "crypto/topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4096 };

static const u8 key[TOPIC_KEY_BYTES] = { 0x11, 0x22, 0x33 };

static void require(bool ok)
{
	if (!ok)
		abort();
}

static struct sign_pair pair(u8 seed_byte)
{
	struct sign_pair p;
	u8 seed[SIGN_SEED_BYTES];

	memset(seed, seed_byte, sizeof(seed));
	sign_pair_from_seed(seed, &p);
	return p;
}

static struct sealed read_sealed(str in)
{
	struct sealed s = { STR_NONE, STR_NONE };

	if (str_cut(&in, '\n', &s.nonce))
		str_cut(&in, '\n', &s.ciphertext);
	return s;
}

static void body(struct arena *a, str in)
{
	struct sealed s = read_sealed(in);
	str text;

	if (!topic_body_open(a, s, key, &text))
		require(str_is_utf8(text) && base64_is_strict(s.nonce) && base64_is_strict(s.ciphertext));
}

static void sealed_key(struct arena *a, str in)
{
	const struct topic_slot slot = { S("m"), S("t"), 1 };
	const struct sign_pair own = pair(3), sender = pair(1);
	u8 got[TOPIC_KEY_BYTES], again[TOPIC_KEY_BYTES];
	struct sealed s = read_sealed(in);
	bool bound, any = !topic_key_open(a, s, &own, got);

	if (!topic_slot_open(a, s, &slot, &own, sign_pair_pubkey(a, &sender), again, &bound))
		require(any && memcmp(got, again, sizeof(got)) == 0);
}

static void round_trip(struct arena *a, str in)
{
	struct sealed s = topic_body_seal(a, in, key, NULL);
	str text, boxed;
	char *bytes;

	if (!str_is_utf8(in)) {
		require(topic_body_open(a, s, key, &text) != NULL);
		return;
	}
	require(!topic_body_open(a, s, key, &text) && str_eq(text, in));
	require(base64_decode(a, s.ciphertext, &boxed));
	bytes = arena_cstr(a, boxed);
	bytes[in.len % boxed.len] = (char)(bytes[in.len % boxed.len] ^ 1);
	s.ciphertext = base64_encode(a, str_of(bytes, boxed.len));
	require(topic_body_open(a, s, key, &text) != NULL);
}

/* What is signed holds, of its author only; what an outsider writes does not. */
static void post(struct arena *a, str in)
{
	const struct sign_pair author = pair(1), other = pair(2);
	str signature = STR_NONE, again;
	struct post_claim c = { .mesh_id = S("m"), .topic_id = S("t"), .epoch = 1, .body_version = 2 };

	if (str_cut(&in, '\n', &signature) && str_cut(&in, '\n', &c.client_message_id) &&
	    str_cut(&in, '\n', &c.reply_to))
		str_cut(&in, '\n', &c.nonce);
	c.ciphertext = in;
	require(!post_check(a, &c, sign_pair_pubkey(a, &other), signature));
	if (post_sign(a, &c, &author, &again)) {
		require(!post_check(a, &c, sign_pair_pubkey(a, &author), signature));
		return;
	}
	require(post_check(a, &c, sign_pair_pubkey(a, &author), again));
	c.epoch = 2;
	require(!post_check(a, &c, sign_pair_pubkey(a, &author), again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct arena *a, str in) = { body, sealed_key, round_trip, post };
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (size < 1 || size > INPUT_MAX || !crypto_start())
		return 0;
	targets[data[0] % ARRAY_LEN(targets)](a, str_of(data + 1, size - 1));
	return 0;
}
