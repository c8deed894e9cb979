#include "crypto/chain.h"

#include "crypto/canonical.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "crypto/secretbox.h"

#define KDF_CONTEXT "cminvite"
enum { KDF_INVITE_KEY = 1, KDF_ROOT_KEY_BOX = 2 };
enum {
	ROOT_PLAIN_BYTES = ROOT_KEY_BYTES + SIGN_PK_BYTES,
	SEALED_ROOT_KEY_BYTES = SECRET_NONCE_BYTES + ROOT_PLAIN_BYTES + SECRET_MAC_BYTES,
};

_Static_assert(sizeof(KDF_CONTEXT) == KDF_CONTEXT_LEN + 1, "size of the context");

void invite_secret_new(u8 ret_secret[INVITE_SECRET_BYTES])
{
	secret_random(ret_secret, INVITE_SECRET_BYTES);
}

void invite_pair_from_secret(const u8 secret[INVITE_SECRET_BYTES], struct sign_pair *ret_pair)
{
	u8 seed[SIGN_SEED_BYTES];

	kdf_derive(secret, KDF_INVITE_KEY, KDF_CONTEXT, seed);
	sign_pair_from_seed(seed, ret_pair);
	secret_wipe(seed, sizeof(seed));
}

str invite_root_key_seal(struct arena *a, const u8 root_key[ROOT_KEY_BYTES], str owner_pubkey,
			 const u8 secret[INVITE_SECRET_BYTES])
{
	u8 key[SECRET_KEY_BYTES], plain[ROOT_PLAIN_BYTES];
	str packed;

	memcpy(plain, root_key, ROOT_KEY_BYTES);
	if (!hex_read(owner_pubkey, true, plain + ROOT_KEY_BYTES, SIGN_PK_BYTES))
		abort(); /* the owner's own key, from its key pair */
	kdf_derive(secret, KDF_ROOT_KEY_BOX, KDF_CONTEXT, key);
	packed = secretbox_pack(a, str_of(plain, sizeof(plain)), key);
	secret_wipe(plain, sizeof(plain));
	secret_wipe(key, sizeof(key));
	return base64_encode(a, packed);
}

bool invite_root_key_open(str sealed, str owner_pubkey, const u8 secret[INVITE_SECRET_BYTES],
			  u8 ret_root_key[ROOT_KEY_BYTES])
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 packed[SEALED_ROOT_KEY_BYTES], key[SECRET_KEY_BYTES], owner[SIGN_PK_BYTES];
	str plain;
	bool opened;

	if (!base64_read(sealed, packed, sizeof(packed)) ||
	    !hex_read(owner_pubkey, true, owner, sizeof(owner)))
		return false;
	kdf_derive(secret, KDF_ROOT_KEY_BOX, KDF_CONTEXT, key);
	opened = secretbox_unpack(a, str_of(packed, sizeof(packed)), key, &plain);
	secret_wipe(key, sizeof(key));
	if (!opened || memcmp(plain.ptr + ROOT_KEY_BYTES, owner, sizeof(owner)) != 0)
		return false;
	memcpy(ret_root_key, plain.ptr, ROOT_KEY_BYTES);
	return true;
}

struct err *chain_invite_text(struct arena *a, const struct chain_invite *i, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-invite") },
		{ "mesh_id", i->mesh_id },
		{ "invite_id", i->invite_id },
		{ "invite_pubkey", i->invite_pubkey },
		{ "role", i->role },
		{ "expires_at", canonical_i64(a, i->expires_s) },
		{ "max_uses", canonical_i64(a, i->max_uses) },
	};

	if (!pubkey_is_valid(i->invite_pubkey))
		return FAIL(a, BAD_REQUEST, "'invite_pubkey' is not 64 lower-case hex characters");
	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *chain_invite_sign(struct arena *a, const struct chain_invite *i,
			      const struct sign_pair *owner, str *ret_signature)
{
	str text;

	TRY(chain_invite_text(a, i, &text));
	*ret_signature = sign_hex(a, text, owner);
	return NULL;
}

bool chain_invite_check(struct arena *a, const struct chain_invite *i, str owner_pubkey,
			str signature)
{
	str text;

	return !chain_invite_text(a, i, &text) && sign_check_hex(text, signature, owner_pubkey);
}

struct err *chain_claim_text(struct arena *a, const struct chain_claim *c, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-claim") },
		{ "mesh_id", c->mesh_id },
		{ "invite_id", c->invite_id },
		{ "ed25519", c->ed25519 },
		{ "x25519", c->x25519 },
	};

	if (!pubkey_is_valid(c->ed25519))
		return FAIL(a, BAD_REQUEST, "'ed25519' is not 64 lower-case hex characters");
	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *chain_claim_sign(struct arena *a, const struct chain_claim *c,
			     const struct sign_pair *invite, str *ret_signature)
{
	str text;

	TRY(chain_claim_text(a, c, &text));
	*ret_signature = sign_hex(a, text, invite);
	return NULL;
}

bool chain_claim_check(struct arena *a, const struct chain_claim *c, str invite_pubkey,
		       str signature)
{
	str text;

	return !chain_claim_text(a, c, &text) && sign_check_hex(text, signature, invite_pubkey);
}

struct err *chain_verify(struct arena *a, const struct chain *c, str member_pubkey)
{
	if (!str_eq(c->claim.mesh_id, c->invite.mesh_id) ||
	    !str_eq(c->claim.invite_id, c->invite.invite_id))
		return FAIL(a, UNAUTHORIZED, "claim is for another invite");
	if (!str_eq(c->claim.ed25519, member_pubkey))
		return FAIL(a, UNAUTHORIZED, "claim is for another member key");
	if (!chain_invite_check(a, &c->invite, c->owner_pubkey, c->invite_signature))
		return FAIL(a, UNAUTHORIZED, "invite is not signed by the owner");
	if (!chain_claim_check(a, &c->claim, c->invite.invite_pubkey, c->claim_signature))
		return FAIL(a, UNAUTHORIZED, "claim is not signed by the invite");
	return NULL;
}
