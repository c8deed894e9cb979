#include "crypto/device.h"

#include "crypto/test_keys.h"

#define MESH "MeshId00000000000000000000000001"
#define X25519 "4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo"

/* Member and device are the seeds 1 and 3; the code is 32 x 7. */
struct fixture {
	struct sign_pair member, code;
	u8 secret[DEVICE_CODE_BYTES];
	struct device device;
};

static void fixture_init(struct fixture *f, struct arena *a)
{
	f->member = test_pair(1);
	memset(f->secret, 7, sizeof(f->secret));
	device_pair_from_code(f->secret, &f->code);
	f->device = (struct device){
		.code = { S(MESH), S(MEMBER_PK), sign_pair_pubkey(a, &f->code), 1800000000 },
		.claim = { S(MESH), sign_pair_pubkey(a, &f->code), S(RECIPIENT_PK), S(X25519) },
	};
	assert_ok(device_code_sign(a, &f->device.code, &f->member, &f->device.code_signature));
	assert_ok(device_claim_sign(a, &f->device.claim, &f->code, &f->device.claim_signature));
}

TEST(a_whole_device_holds)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;
	str text;

	fixture_init(&f, a);
	assert_ok(device_verify(a, &f.device, S(RECIPIENT_PK)));
	assert_ok(device_code_text(a, &f.device.code, &text));
	assert_str(text, arena_printf(a, "claudemesh-device|" MESH "|" MEMBER_PK "|%.*s|1800000000",
				      STRF(f.device.code.code_pubkey)));
	assert_ok(device_claim_text(a, &f.device.claim, &text));
	assert_str(text, arena_printf(a, "claudemesh-device-claim|" MESH "|%.*s|" RECIPIENT_PK "|" X25519,
				      STRF(f.device.code.code_pubkey)));
}

/* Pinned: the page has the same value in its tests. */
TEST(key_of_a_code_never_changes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair code;

	device_pair_from_code(test_bytes(a, 0, 32), &code);
	assert_str(sign_pair_pubkey(a, &code), S("b76a4a1ca17118b1d20ee4519e765ceb69ae96590f69d087a0a6c0958a1b2e7a"));
}

static void break_device(struct device *d, size_t i)
{
	switch (i) {
	case 0: d->code.mesh_id = d->claim.mesh_id = S("MeshId00000000000000000000000002"); break;
	case 1: d->code.member_pubkey = S(SESSION_PK); break;
	case 2: d->code.code_pubkey = d->claim.code_pubkey = S(SESSION_PK); break;
	case 3: d->code.expires_s++; break;
	case 4: d->claim.mesh_id = S("MeshId00000000000000000000000002"); break;
	case 5: d->claim.code_pubkey = S(SESSION_PK); break;
	case 6: d->claim.ed25519 = S(SESSION_PK); break;
	case 7: d->claim.x25519 = S("kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo4"); break;
	case 8: d->code_signature = d->claim_signature; break;
	case 9: d->claim_signature = d->code_signature; break;
	case 10: d->code_signature = S(""); break;
	default: fail();
	}
}

TEST(a_broken_device_does_not)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;

	for (size_t i = 0; i <= 10; i++) {
		fixture_init(&f, a);
		break_device(&f.device, i);
		assert_err(device_verify(a, &f.device, S(RECIPIENT_PK)), UNAUTHORIZED);
	}
	fixture_init(&f, a);
	assert_err(device_verify(a, &f.device, S(SESSION_PK)), UNAUTHORIZED);
}

TEST(only_who_has_the_code_introduces)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;
	u8 other[DEVICE_CODE_BYTES] = { 1 };
	str sealed, text;

	fixture_init(&f, a);
	sealed = device_introduction_seal(a, S("{\"member\":\"alice\"}"), f.secret);
	assert_true(device_introduction_open(a, sealed, f.secret, &text));
	assert_str(text, S("{\"member\":\"alice\"}"));
	assert_false(device_introduction_open(a, sealed, other, &text));
	assert_false(device_introduction_open(a, S("AAAA"), f.secret, &text));
	assert_false(device_introduction_open(a, S("not base64!"), f.secret, &text));
}

TEST(separators_in_fields_are_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;
	str text;

	fixture_init(&f, a);
	f.device.code.mesh_id = S("a|b");
	assert_err(device_code_text(a, &f.device.code, &text), BAD_REQUEST);
	f.device.claim.x25519 = S("a|b");
	assert_err(device_claim_text(a, &f.device.claim, &text), BAD_REQUEST);
	f.device.claim.ed25519 = S("A");
	assert_err(device_claim_text(a, &f.device.claim, &text), BAD_REQUEST);
}

TEST_MAIN("crypto/device")
