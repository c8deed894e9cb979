/*
 * device.h - a browser, or another machine, of a member: the member's key signs a code's key,
 * the code's key signs the device's keys, as an invite does for a member (chain.h).
 *
 * The code is 32 random bytes that the member's own machine makes and shows to the device. From
 * it come an Ed25519 key (crypto_kdf 1, "cmdevice") and the key of a box (crypto_kdf 2) in which
 * that machine says who it is. The broker has neither: it can refuse a device, and make none.
 * Expiry (unix seconds) is signed and enforced by the broker only.
 */
#ifndef CRYPTO_DEVICE_H
#define CRYPTO_DEVICE_H

#include "base/err.h"
#include "crypto/keys.h"

enum { DEVICE_CODE_BYTES = 32, DEVICE_CODE_LEN = 43, DEVICE_INTRODUCTION_MAX = 1024 };

struct device_code {
	str mesh_id, member_pubkey, code_pubkey;
	i64 expires_s;
};

struct device_claim {
	str mesh_id, code_pubkey;
	str ed25519;          /* the device's key, 64 lower hex */
	str x25519;           /* to seal to, base64url */
};

void device_pair_from_code(const u8 code[DEVICE_CODE_BYTES], struct sign_pair *ret_pair);

/* What the member's machine tells the device, which the broker can neither read nor make:
 * base64 of nonce and secretbox. */
str device_introduction_seal(struct arena *a, str text, const u8 code[DEVICE_CODE_BYTES]);
bool device_introduction_open(struct arena *a, str sealed, const u8 code[DEVICE_CODE_BYTES],
			      str *ret_text) MUST_CHECK;

/* claudemesh-device|mesh_id|member_pubkey|code_pubkey|expires_at, member key. */
struct err *device_code_text(struct arena *a, const struct device_code *c, str *ret_text) MUST_CHECK;
struct err *device_code_sign(struct arena *a, const struct device_code *c, const struct sign_pair *member,
			     str *ret_signature) MUST_CHECK;

/* claudemesh-device-claim|mesh_id|code_pubkey|ed25519|x25519, the code's key. */
struct err *device_claim_text(struct arena *a, const struct device_claim *c, str *ret_text) MUST_CHECK;
struct err *device_claim_sign(struct arena *a, const struct device_claim *c, const struct sign_pair *code,
			      str *ret_signature) MUST_CHECK;
bool device_claim_check(struct arena *a, const struct device_claim *c, str signature) MUST_CHECK;

/* Everything that ties a device to its member. */
struct device {
	struct device_code code;
	str code_signature;
	struct device_claim claim;
	str claim_signature;
};

/* UNAUTHORIZED, naming the broken link: both signatures, the same mesh and code in both, and the
 * claimed key is device_pubkey. That the member itself is one is chain_verify()'s business. */
struct err *device_verify(struct arena *a, const struct device *d, str device_pubkey) MUST_CHECK;

#endif
