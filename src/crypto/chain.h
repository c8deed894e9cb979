/*
 * chain.h - our invite: the owner signs an invite key, the invite key signs a member's
 * keys, so that anyone can check member <- invite <- owner without trusting the broker.
 *
 * The link carries a 32-byte secret behind '#'; from it come the invite's Ed25519 key
 * (crypto_kdf 1, "cminvite") and the key of the root key's box (crypto_kdf 2). The broker
 * sees neither. Signed fields are exact text; '|' in one is refused, and public Ed25519
 * keys must be 64 lower-case hex characters. Expiry (unix seconds) and uses are signed
 * but not enforced here: a chain stays valid after its invite has ended.
 */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

#include "base/err.h"
#include "crypto/keys.h"

enum { INVITE_SECRET_BYTES = 32, INVITE_SECRET_LEN = 43, ROOT_KEY_BYTES = 32 };

struct chain_invite {
	str mesh_id, invite_id, invite_pubkey, role;
	i64 expires_s, max_uses;
};

struct chain_claim {
	str mesh_id, invite_id;
	str ed25519;          /* the member's key, 64 lower hex */
	str x25519;           /* to seal to, as it is sent */
};

void invite_secret_new(u8 ret_secret[INVITE_SECRET_BYTES]);
void invite_pair_from_secret(const u8 secret[INVITE_SECRET_BYTES], struct sign_pair *ret_pair);

/* Root key and owner key under the secret: base64 of nonce and secretbox of both, 140 characters.
 * Who has the link learns from it who owns the mesh, whatever the broker says. */
str invite_root_key_seal(struct arena *a, const u8 root_key[ROOT_KEY_BYTES], str owner_pubkey,
			 const u8 secret[INVITE_SECRET_BYTES]);
/* False also when the box names another owner. */
bool invite_root_key_open(str sealed, str owner_pubkey, const u8 secret[INVITE_SECRET_BYTES],
			  u8 ret_root_key[ROOT_KEY_BYTES]) MUST_CHECK;

/* claudemesh-invite|mesh_id|invite_id|invite_pubkey|role|expires_at|max_uses, owner key. */
struct err *chain_invite_text(struct arena *a, const struct chain_invite *i,
			      str *ret_text) MUST_CHECK;
struct err *chain_invite_sign(struct arena *a, const struct chain_invite *i,
			      const struct sign_pair *owner, str *ret_signature) MUST_CHECK;
bool chain_invite_check(struct arena *a, const struct chain_invite *i, str owner_pubkey,
			str signature) MUST_CHECK;

/* claudemesh-claim|mesh_id|invite_id|ed25519|x25519, invite key. */
struct err *chain_claim_text(struct arena *a, const struct chain_claim *c,
			     str *ret_text) MUST_CHECK;
struct err *chain_claim_sign(struct arena *a, const struct chain_claim *c,
			     const struct sign_pair *invite, str *ret_signature) MUST_CHECK;
bool chain_claim_check(struct arena *a, const struct chain_claim *c, str invite_pubkey,
		       str signature) MUST_CHECK;

/* Everything that ties one member to the owner of the mesh. */
struct chain {
	str owner_pubkey;     /* the one the checker trusts, not one from the same answer */
	struct chain_invite invite;
	str invite_signature;
	struct chain_claim claim;
	str claim_signature;
};

/* UNAUTHORIZED, naming the broken link: both signatures, the same mesh and invite in both,
 * and the claimed key is member_pubkey. */
struct err *chain_verify(struct arena *a, const struct chain *c, str member_pubkey) MUST_CHECK;

#endif
