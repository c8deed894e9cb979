#include "crypto/hello.h"

#include "crypto/test_keys.h"

/* wire-core.md 14 */
#define HELLO_SIG "cd1410d147e6fde770fe269644fd6f72f6b74085436ae1abb164cbd9065f9be0" \
	"b4f6ecc2a4d6fb08dcb53903001a737952c847220af3b4eaff6970753962af0d"
#define ATTEST_SIG "d6237c82ab2a8bebc9d2e7ba83f8e89e629888b7cc12406a0f3dd10c4bd83699" \
	"338b032262f85cb1e4aea3c367726ec89c1e0f2541e37775bedb50fd6a3a8409"
#define SESSION_SIG "17df1234c825f6a6df3cf092b2af2e41e3b9c23937d6289d6685524bf56b6f6e" \
	"8ce666972abbf68f02fa12fea7cb744ff295c523a8ee9adca84be0c50e915101"

static const struct hello_claim claim = {
	.mesh_id = S("mesh0001"), .member_id = S("member01"), .pubkey = S(MEMBER_PK),
	.timestamp_ms = 1700000000000, .session_pubkey = S(SESSION_PK), .session_id = S("cli-1"),
	.challenge = S("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"),
};
static const struct attestation attest = { S(MEMBER_PK), S(SESSION_PK), 1700043200000 };
static const struct session_claim session = { S("mesh0001"), S(MEMBER_PK), S(SESSION_PK),
					      1700000000000 };

TEST(version_1_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);

	assert_str(hello_v1_text(a, &claim), S("mesh0001|member01|" MEMBER_PK "|1700000000000"));
	assert_str(hello_v1_sign(a, &claim, &member), S(HELLO_SIG));
	assert_true(hello_v1_check(a, &claim, S(HELLO_SIG)));
}

TEST(attestation_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	str text, sig;

	assert_ok(attestation_text(a, &attest, &text));
	assert_str(text, S("claudemesh-session-attest|" MEMBER_PK "|" SESSION_PK "|1700043200000"));
	assert_ok(attestation_sign(a, &attest, &member, &sig));
	assert_str(sig, S(ATTEST_SIG));
	assert_true(attestation_check(a, &attest, S(ATTEST_SIG)));
}

TEST(session_hello_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair pair = test_pair(2);

	assert_str(session_hello_text(a, &session),
		   S("claudemesh-session-hello|mesh0001|" MEMBER_PK "|" SESSION_PK
		     "|1700000000000"));
	assert_str(session_hello_sign(a, &session, &pair), S(SESSION_SIG));
	assert_true(session_hello_check(a, &session, S(SESSION_SIG)));
}

TEST(version_2_covers_every_field)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1), other = test_pair(3);
	struct hello_claim changed[8];
	str text, sig, forged;

	assert_ok(hello_v2_text(a, &claim, &text));
	assert_str(text, S("claudemesh-hello-2|mesh0001|member01|" MEMBER_PK "|" SESSION_PK
			   "|cli-1|1700000000000|BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"));
	assert_ok(hello_v2_sign(a, &claim, &member, &sig));
	assert_true(hello_v2_check(a, &claim, sig));
	for (size_t i = 0; i < ARRAY_LEN(changed); i++)
		changed[i] = claim;
	changed[0].mesh_id = S("mesh0002");
	changed[1].member_id = S("member02");
	changed[2].pubkey = S(RECIPIENT_PK);
	changed[3].session_pubkey = S(RECIPIENT_PK);
	changed[4].session_id = S("cli-2");
	changed[5].timestamp_ms++;
	changed[6].challenge = S("CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg");
	changed[7].session_pubkey = STR_NONE;
	for (size_t i = 0; i < ARRAY_LEN(changed); i++)
		assert_false(hello_v2_check(a, &changed[i], sig));
	assert_ok(hello_v2_sign(a, &claim, &other, &forged));
	assert_false(hello_v2_check(a, &claim, forged));
}

TEST(version_2_without_a_session)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	struct hello_claim c = claim;
	str text, sig;

	c.session_pubkey = c.session_id = STR_NONE;
	assert_ok(hello_v2_text(a, &c, &text));
	assert_str(text, S("claudemesh-hello-2|mesh0001|member01|" MEMBER_PK
			   "|||1700000000000|BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"));
	assert_ok(hello_v2_sign(a, &c, &member, &sig));
	assert_true(hello_v2_check(a, &c, sig));
}

/* D-02, D-16: a version 1 signature is not one of version 2, nor the reverse. */
TEST(signatures_do_not_cross_purposes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	str sig;

	assert_ok(hello_v2_sign(a, &claim, &member, &sig));
	assert_false(hello_v1_check(a, &claim, sig));
	assert_false(hello_v2_check(a, &claim, S(HELLO_SIG)));
	assert_false(attestation_check(a, &attest, S(SESSION_SIG)));
	assert_false(session_hello_check(a, &session, S(ATTEST_SIG)));
}

static str *hello_field(struct hello_claim *c, size_t i)
{
	str *fields[] = { &c->mesh_id, &c->member_id, &c->pubkey, &c->session_pubkey,
			  &c->session_id, &c->challenge };

	return i < ARRAY_LEN(fields) ? fields[i] : NULL;
}

TEST(a_bar_in_a_field_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	struct attestation t = attest;
	struct hello_claim c;
	struct err *e;
	str text;

	for (size_t i = 0; c = claim, hello_field(&c, i); i++) {
		*hello_field(&c, i) = S("a|b");
		assert_err(hello_v2_text(a, &c, &text), BAD_REQUEST);
		assert_err(hello_v2_sign(a, &c, &member, &text), BAD_REQUEST);
		assert_false(hello_v2_check(a, &c, S(HELLO_SIG)));
	}
	c = claim;
	c.session_id = S("|");
	e = hello_v2_text(a, &c, &text);
	assert_err(e, BAD_REQUEST);
	assert_str(e->text, S("field 'sessionId' contains '|'"));
	t.session_pubkey = S(SESSION_PK "|1");
	assert_err(attestation_sign(a, &t, &member, &text), BAD_REQUEST);
	assert_false(attestation_check(a, &t, S(ATTEST_SIG)));
}

/* Two readings of one string: member and session id exchange a part. */
TEST(moving_a_bar_does_not_move_a_signature)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	struct hello_claim c = claim;
	str sig = sign_hex(a, S("claudemesh-hello-2|m|x|" MEMBER_PK "||s|1|c|d"), &member);

	c.mesh_id = S("m"), c.member_id = S("x"), c.session_pubkey = STR_NONE;
	c.timestamp_ms = 1, c.session_id = S("s"), c.challenge = S("c|d");
	assert_false(hello_v2_check(a, &c, sig));
}

TEST(a_nul_does_not_end_a_field)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct hello_claim c = claim;

	c.mesh_id = str_of("mesh0001\0x", 10);
	assert_false(hello_v1_check(a, &c, S(HELLO_SIG)));
	assert_int_equal(hello_v1_text(a, &c).len, hello_v1_text(a, &claim).len + 2);
}

/* The text is signed as it was sent, so an upper-case key is another text. */
TEST(field_text_is_taken_as_sent)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct hello_claim c = claim;

	c.pubkey = test_poke(a, S(MEMBER_PK), 1, 'A');
	assert_false(hello_v1_check(a, &c, S(HELLO_SIG)));
	c.pubkey = S("00");
	assert_false(hello_v1_check(a, &c, S(HELLO_SIG)));
	c = claim;
	c.timestamp_ms = -5;
	assert_true(str_ends(hello_v1_text(a, &c), S("|-5")));
}

TEST(every_flipped_bit_breaks_a_hello)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str sig = test_unhex(a, S(HELLO_SIG));

	for (size_t bit = 0; bit < 8 * sig.len; bit++)
		assert_false(hello_v1_check(a, &claim, hex_encode(a, test_flip(a, sig, bit))));
}

TEST(challenges_are_32_bytes_of_base64url)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 1 };
	struct random r = random_seeded(&seed);
	str one = hello_challenge(a, &r), bytes;

	assert_int_equal(one.len, HELLO_CHALLENGE_LEN);
	assert_true(base64url_decode(a, one, &bytes));
	assert_int_equal(bytes.len, HELLO_CHALLENGE_BYTES);
	assert_false(str_eq(one, hello_challenge(a, &r)));
}

TEST_MAIN("crypto/hello")
