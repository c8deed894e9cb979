#include "client/inbound.h"

#include "client/compose.h"
#include "client/test_dir.h"
#include "crypto/encode.h"
#include "crypto/hello.h"
#include "crypto/post.h"

#define TEXT "hello mesh \xe2\x9c\x93"
#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define SEALED \
	"IXNxG/dEMGP9Il79T52mNF1u2YGDaYmIc0RHxKrJ" /* session to recipient, wire-core.md 14 */
#define PLAIN "aGVsbG8gbWVzaCDinJM="
#define MEMBER_PK "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define SESSION_PK "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"

/* We are the recipient. ours: the broker marks multicasts with targetSpec. */
static const struct {
	const char *sender, *name, *target, *cipher;
	bool ours, readable, encrypted;
	const char *shown;
} cases[] = {
	{ SESSION_PK, "", "", SEALED, true, true, true, "" },
	{ SESSION_PK, "bob", "", SEALED, true, true, true, "" },
	{ SESSION_PK, "bob", "", SEALED, false, true, true, "" },
	{ SESSION_PK, "bob", "*", PLAIN, true, true, false, "*" },
	{ SESSION_PK, "bob", "@dev", PLAIN, true, true, false, "@dev" },
	{ SESSION_PK, "bob", "@dev", PLAIN, false, true, false, "@dev" },
	{ SESSION_PK, "bob", "", PLAIN, false, true, false, "*" }, /* the reference's broadcast */
	{ SESSION_PK, "bob", "", PLAIN, true, false, false,
	  "" }, /* plain to us alone: never shown */
	{ SESSION_PK, "", "", PLAIN, false, false, false, "" },
	{ SESSION_PK, "bob", MEMBER_PK, PLAIN, false, false, false, "" },
	{ MEMBER_PK, "bob", "", SEALED, true, false, false, "" },  /* sealed by someone else */
	{ SESSION_PK, "bob", "*", SEALED, true, true, true, "*" }, /* sealed all the same */
	{ MEMBER_PK, "bob", "*", "not base64", true, false, false, "*" },
	{ MEMBER_PK, "bob", "*", "/////w==", true, false, false, "*" }, /* no UTF-8 */
	{ MEMBER_PK, "bob", "*", "", true, true, false, "*" },
	{ "", "", "", SEALED, true, false, false, "" },
	{ "rubbish", "", "", "", false, false, false, "" },
};

TEST(a_body_is_shown_only_if_it_proves_itself_or_was_said_to_many)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair me = test_pair(3);
	struct box_own own = { NULL, &me };

	assert_true(crypto_start());
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct push_args push = { .messageId = S("id"),
					  .senderPubkey = str_from(cases[i].sender),
					  .senderName = str_from(cases[i].name),
					  .nonce = S(NONCE),
					  .targetSpec = str_from(cases[i].target),
					  .ciphertext = str_from(cases[i].cipher) };
		struct inbound m;

		inbound_read(a, &push, cache, &own, cases[i].ours, &m);
		if (m.readable != cases[i].readable || m.encrypted != cases[i].encrypted)
			print_error("case %zu\n", i);
		assert_int_equal(m.readable, cases[i].readable);
		assert_int_equal(m.encrypted, cases[i].encrypted);
		assert_str(m.target, str_from(cases[i].shown));
		if (!m.readable) {
			assert_true(str_empty(m.body));
			assert_false(str_empty(m.why));
		} else if (m.encrypted) {
			assert_str(m.body, S(TEXT));
		}
	}
}

TEST(a_sender_without_a_name_is_shown_by_the_stable_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair me = test_pair(3);
	struct box_own own = { NULL, &me };
	struct push_args push = { .messageId = S("id"),
				  .senderPubkey = S(SESSION_PK),
				  .nonce = S(NONCE),
				  .ciphertext = S(SEALED),
				  .senderMemberPubkey = S(MEMBER_PK) };
	struct inbound m;

	inbound_read(a, &push, cache, &own, true, &m);
	assert_str(m.from_name, S("8a88e3dd"));
	push.senderMemberPubkey = STR_NONE;
	inbound_read(a, &push, cache, &own, true, &m);
	assert_str(m.from_name, S("8139770e"));
}

/* What a hostile broker can write into a push, and what a true one does. */
TEST(a_session_key_is_its_members_only_if_the_member_says_so)
{
	enum { FAR = 2000000000 };
	static const struct {
		int member, vouched_by, vouched_for; /* test pairs */
		i64 until_s, said_until_s;
		const char *target;
		bool proven;
	} rows[] = {
		{ 1, 1, 2, FAR, FAR, "", true },
		{ 1, 1, 2, 1700000000, 1700000000, "", true },
		{ 1, 1, 2, 1699999999, 1699999999, "", false }, /* over when it was sent */
		{ 1, 1, 2, 1699999999, FAR, "", false },        /* not what was signed */
		{ 4, 1, 2, FAR, FAR, "", false },               /* bob's session dressed as alice's */
		{ 4, 2, 2, FAR, FAR, "", false },               /* it vouches for itself */
		{ 1, 1, 5, FAR, FAR, "", false },               /* another session of hers */
		{ 2, 1, 2, FAR, FAR, "", true },                /* sealed by the member's own key */
		{ 1, 0, 2, FAR, FAR, "", false },
		{ 1, 1, 2, 0, 0, "", false },
		{ 1, 1, 2, INT64_MAX / 1000, INT64_MAX / 1000, "", false },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair me = test_pair(3);
	struct box_own own = { NULL, &me };

	assert_true(crypto_start());
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sign_pair member = test_pair((u8)rows[i].member), by = test_pair((u8)rows[i].vouched_by),
				 session = test_pair((u8)rows[i].vouched_for);
		struct attestation t = { sign_pair_pubkey(a, rows[i].member == 4 ? &member : &by),
					 sign_pair_pubkey(a, &session), rows[i].until_s * 1000 };
		struct push_args push = { .messageId = S("id"), .senderPubkey = S(SESSION_PK),
					  .senderMemberPubkey = sign_pair_pubkey(a, &member),
					  .senderName = S("alice"), .nonce = S(NONCE), .ciphertext = S(SEALED),
					  .createdAt = S("2023-11-14T22:13:20.000Z"),
					  .senderAttestedUntil = rows[i].said_until_s * 1000 };
		struct inbound m;

		if (rows[i].vouched_by)
			assert_ok(attestation_sign(a, &t, &by, &push.senderAttestation));
		inbound_read(a, &push, cache, &own, true, &m);
		assert_true(m.encrypted);
		assert_false(m.verified);
		if (m.proven != rows[i].proven)
			fail_msg("row %zu", i);
		/* To all of them anybody can have said it. */
		push.targetSpec = S("*");
		push.ciphertext = S(PLAIN);
		inbound_read(a, &push, cache, &own, true, &m);
		assert_false(m.proven);
	}
}

/* A post as it is pushed: whose word it is does not hang on whether it can be read. */
TEST(a_post_is_its_authors_if_it_is_signed_for_this_mesh_and_topic)
{
	static const struct {
		const char *mesh, *topic, *reply, *client_id;
		int said; /* whose it is said to be */
		bool v2, proven, forged;
	} rows[] = {
		{ "mesh1", "topic1", "m1", "c1", 1, false, true, false },
		{ "mesh1", "topic1", "m1", "c1", 1, true, true, false },
		{ "mesh2", "topic1", "m1", "c1", 1, false, false, true },
		{ "mesh1", "topic2", "m1", "c1", 1, false, false, true },
		{ "mesh1", "topic1", "", "c1", 1, false, false, true },
		{ "mesh1", "topic1", "m2", "c1", 1, true, false, true },
		{ "mesh1", "topic1", "m1", "c2", 1, false, false, true },
		{ "mesh1", "topic1", "m1", "", 1, false, false, true },
		{ "mesh1", "topic1", "m1", "c1", 3, true, false, true },
		{ "mesh1", "", "m1", "c1", 1, false, false, false }, /* no post: nothing to prove */
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair author = test_pair(1), me = test_pair(3);
	struct box_own own = { NULL, &me };

	assert_true(crypto_start());
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sign_pair said = test_pair((u8)rows[i].said);
		struct post_claim claim = { S("mesh1"), S("topic1"), rows[i].v2 ? 4 : 0, rows[i].v2 ? 2 : 1, S("c1"),
					    S("m1"), S(NONCE), S(PLAIN) };
		struct push_args push = { .messageId = S("id"), .meshId = S("mesh1"), .senderPubkey = S(SESSION_PK),
					  .senderMemberPubkey = sign_pair_pubkey(a, &said), .topic = S("ops"),
					  .topicId = str_from(rows[i].topic), .replyToId = str_from(rows[i].reply),
					  .bodyVersion = rows[i].v2 ? 2 : 1, .epoch = rows[i].v2 ? 4 : 0,
					  .client_message_id = str_from(rows[i].client_id),
					  .nonce = S(NONCE), .ciphertext = S(PLAIN) };
		struct inbound m;

		assert_ok(post_sign(a, &claim, &author, &push.signature));
		inbound_read(a, &push, cache, &own, true, &m);
		/* The mesh is ours, whatever the push says. */
		inbound_prove_post(a, &push, str_from(rows[i].mesh), &m);
		if (m.proven != rows[i].proven || m.forged != rows[i].forged)
			fail_msg("row %zu", i);
		assert_false(m.verified);
		if (m.forged) {
			assert_true(!m.readable && str_empty(m.body));
			assert_str(m.why, S(POST_FORGED_TEXT));
		}
		push.signature = STR_NONE;
		inbound_read(a, &push, cache, &own, true, &m);
		inbound_prove_post(a, &push, S("mesh1"), &m);
		assert_false(m.proven || m.forged);
	}
}

static struct target target_of(enum target_kind kind, str spec)
{
	return (struct target){ .kind = kind, .spec = spec, .typed = spec, .name = spec };
}

TEST(to_a_key_everything_is_sealed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair own = test_pair(2), to_pair = test_pair(3);
	struct box_own reader = { NULL, &to_pair };
	struct draft d = { .text = S(TEXT) };
	struct target to = target_of(TARGET_KEY, sign_pair_pubkey(a, &to_pair));
	struct send_args args;
	struct inbound m;

	assert_true(crypto_start());
	assert_ok(compose(a, &d, &to, cache, &own, &random_system, &args));
	assert_false(str_contains(args.ciphertext, S("aGVsbG8")));
	assert_int_equal(args.priority, PRIORITY_NEXT);
	assert_int_equal(args.client_message_id.len, 32);
	assert_int_equal(args.request_fingerprint.len, 64);
	inbound_read(a,
		     &(struct push_args){ .messageId = S("id"),
					  .senderPubkey = sign_pair_pubkey(a, &own),
					  .nonce = args.nonce,
					  .ciphertext = args.ciphertext },
		     cache, &reader, true, &m);
	assert_str(m.body, S(TEXT));
	assert_true(m.encrypted);
}

TEST(a_key_that_is_none_is_refused_and_never_gets_plain_text)
{
	/* Upper case is what made the reference send plain text (wire-core.md 17.6). */
	static const char *const keys[] = {
		"",
		"bob",
		"8A88E3DD7409F195FD52DB2D3CBA5D72CA6709BF1D94121BF3748801B40F6F5C",
		"0000000000000000000000000000000000000000000000000000000000000000",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair own = test_pair(2);
	struct draft d = { .text = S(TEXT) };
	struct send_args args;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct target to = target_of(TARGET_KEY, str_from(keys[i]));

		assert_err(compose(a, &d, &to, cache, &own, &random_system, &args), BAD_REQUEST);
	}
}

TEST(to_many_it_is_the_references_plain_encoding)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair own = test_pair(2);
	struct draft d = { .text = S(TEXT),
			   .priority = PRIORITY_NOW,
			   .client_message_id = S("c1"),
			   .reply_to = S("m1"),
			   .require_connected = true };
	struct target to = target_of(TARGET_GROUP, S("@dev"));
	struct send_args args;

	assert_ok(compose(a, &d, &to, cache, &own, &random_system, &args));
	assert_str(args.ciphertext, S(PLAIN));
	assert_int_equal(args.nonce.len, 32);
	assert_str(args.client_message_id, S("c1"));
	assert_str(args.replyToId, S("m1"));
	assert_true(args.requireConnected);
	assert_int_equal(args.priority, PRIORITY_NOW);
}

TEST(the_fingerprint_is_of_what_was_asked_not_of_the_nonce)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair own = test_pair(2), to_pair = test_pair(3);
	struct draft d = { .text = S(TEXT) };
	struct target to = target_of(TARGET_KEY, sign_pair_pubkey(a, &to_pair));
	struct send_args one, two;

	assert_ok(compose(a, &d, &to, cache, &own, &random_system, &one));
	assert_ok(compose(a, &d, &to, cache, &own, &random_system, &two));
	assert_str(one.request_fingerprint, two.request_fingerprint);
	/* The vector of wire-core.md 14: dm to this recipient, next, this text. */
	assert_str(one.request_fingerprint,
		   S("bec66428635c917fb8c4c65216bdf940341f0142d52cec9d5bb8ae84d068b01a"));
	assert_false(str_eq(one.nonce, two.nonce));
	d.text = S("other");
	assert_ok(compose(a, &d, &to, cache, &own, &random_system, &two));
	assert_false(str_eq(one.request_fingerprint, two.request_fingerprint));
}

TEST(text_that_is_none_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair own = test_pair(2);
	struct target to = target_of(TARGET_ALL, S("*"));
	struct draft d = { 0 };
	struct send_args args;
	char *big = arena_alloc(a, COMPOSE_TEXT_MAX + 1);

	assert_err(compose(a, &d, &to, cache, &own, &random_system, &args), BAD_REQUEST);
	d.text = S("a\0b");
	assert_err(compose(a, &d, &to, cache, &own, &random_system, &args), BAD_REQUEST);
	d.text = S("\xff");
	assert_err(compose(a, &d, &to, cache, &own, &random_system, &args), BAD_REQUEST);
	memset(big, 'x', COMPOSE_TEXT_MAX + 1);
	d.text = str_of(big, COMPOSE_TEXT_MAX + 1);
	assert_err(compose(a, &d, &to, cache, &own, &random_system, &args), TOO_LARGE);
	d.text = str_of(big, COMPOSE_TEXT_MAX);
	assert_ok(compose(a, &d, &to, cache, &own, &random_system, &args));
}

TEST_MAIN("client/inbound")
