#include "crypto/device.h"

#include "crypto/canonical.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "crypto/secretbox.h"

#define KDF_CONTEXT "cmdevice"
enum { KDF_CODE_KEY = 1, KDF_INTRODUCTION = 2 };

_Static_assert(sizeof(KDF_CONTEXT) == KDF_CONTEXT_LEN + 1, "size of the context");

void device_pair_from_code(const u8 code[DEVICE_CODE_BYTES], struct sign_pair *ret_pair)
{
	u8 seed[SIGN_SEED_BYTES];

	kdf_derive(code, KDF_CODE_KEY, KDF_CONTEXT, seed);
	sign_pair_from_seed(seed, ret_pair);
	secret_wipe(seed, sizeof(seed));
}

str device_introduction_seal(struct arena *a, str text, const u8 code[DEVICE_CODE_BYTES])
{
	u8 key[SECRET_KEY_BYTES];
	str packed;

	kdf_derive(code, KDF_INTRODUCTION, KDF_CONTEXT, key);
	packed = secretbox_pack(a, text, key);
	secret_wipe(key, sizeof(key));
	return base64_encode(a, packed);
}

bool device_introduction_open(struct arena *a, str sealed, const u8 code[DEVICE_CODE_BYTES], str *ret_text)
{
	u8 key[SECRET_KEY_BYTES];
	str packed;
	bool opened;

	if (!base64_decode(a, sealed, &packed))
		return false;
	kdf_derive(code, KDF_INTRODUCTION, KDF_CONTEXT, key);
	opened = secretbox_unpack(a, packed, key, ret_text);
	secret_wipe(key, sizeof(key));
	return opened;
}

struct err *device_code_text(struct arena *a, const struct device_code *c, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-device") },
		{ "mesh_id", c->mesh_id },
		{ "member_pubkey", c->member_pubkey },
		{ "code_pubkey", c->code_pubkey },
		{ "expires_at", canonical_i64(a, c->expires_s) },
	};

	if (!pubkey_is_valid(c->member_pubkey))
		return FAIL(a, BAD_REQUEST, "'member_pubkey' is not 64 lower-case hex characters");
	if (!pubkey_is_valid(c->code_pubkey))
		return FAIL(a, BAD_REQUEST, "'code_pubkey' is not 64 lower-case hex characters");
	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *device_code_sign(struct arena *a, const struct device_code *c, const struct sign_pair *member,
			     str *ret_signature)
{
	str text;

	TRY(device_code_text(a, c, &text));
	*ret_signature = sign_hex(a, text, member);
	return NULL;
}

struct err *device_claim_text(struct arena *a, const struct device_claim *c, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-device-claim") },
		{ "mesh_id", c->mesh_id },
		{ "code_pubkey", c->code_pubkey },
		{ "ed25519", c->ed25519 },
		{ "x25519", c->x25519 },
	};

	if (!pubkey_is_valid(c->ed25519))
		return FAIL(a, BAD_REQUEST, "'ed25519' is not 64 lower-case hex characters");
	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *device_claim_sign(struct arena *a, const struct device_claim *c, const struct sign_pair *code,
			      str *ret_signature)
{
	str text;

	TRY(device_claim_text(a, c, &text));
	*ret_signature = sign_hex(a, text, code);
	return NULL;
}

bool device_claim_check(struct arena *a, const struct device_claim *c, str signature)
{
	str text;

	return !device_claim_text(a, c, &text) && sign_check_hex(text, signature, c->code_pubkey);
}

struct err *device_verify(struct arena *a, const struct device *d, str device_pubkey)
{
	str text;

	if (!str_eq(d->claim.mesh_id, d->code.mesh_id) || !str_eq(d->claim.code_pubkey, d->code.code_pubkey))
		return FAIL(a, UNAUTHORIZED, "claim is for another code");
	if (!str_eq(d->claim.ed25519, device_pubkey))
		return FAIL(a, UNAUTHORIZED, "claim is for another device key");
	if (device_code_text(a, &d->code, &text) ||
	    !sign_check_hex(text, d->code_signature, d->code.member_pubkey))
		return FAIL(a, UNAUTHORIZED, "code is not signed by the member");
	if (!device_claim_check(a, &d->claim, d->claim_signature))
		return FAIL(a, UNAUTHORIZED, "claim is not signed by the code");
	return NULL;
}
