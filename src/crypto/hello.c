#include "crypto/hello.h"

#include "crypto/canonical.h"
#include "crypto/encode.h"

str hello_challenge(struct arena *a, const struct random *r)
{
	u8 bytes[HELLO_CHALLENGE_BYTES];

	random_fill(r, bytes, sizeof(bytes));
	return base64url_encode(a, str_of(bytes, sizeof(bytes)));
}

str hello_v1_text(struct arena *a, const struct hello_claim *c)
{
	struct canonical_part parts[] = {
		{ "meshId", c->mesh_id },
		{ "memberId", c->member_id },
		{ "pubkey", c->pubkey },
		{ "timestamp", canonical_i64(a, c->timestamp_ms) },
	};

	return canonical_join_any(a, parts, ARRAY_LEN(parts));
}

str hello_v1_sign(struct arena *a, const struct hello_claim *c, const struct sign_pair *member)
{
	return sign_hex(a, hello_v1_text(a, c), member);
}

bool hello_v1_check(struct arena *a, const struct hello_claim *c, str signature)
{
	return sign_check_hex(hello_v1_text(a, c), signature, c->pubkey);
}

struct err *hello_v2_text(struct arena *a, const struct hello_claim *c, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-hello-2") },
		{ "meshId", c->mesh_id },
		{ "memberId", c->member_id },
		{ "pubkey", c->pubkey },
		{ "sessionPubkey", c->session_pubkey },
		{ "sessionId", c->session_id },
		{ "timestamp", canonical_i64(a, c->timestamp_ms) },
		{ "challenge", c->challenge },
	};

	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *hello_v2_sign(struct arena *a, const struct hello_claim *c,
			  const struct sign_pair *member, str *ret_signature)
{
	str text;

	TRY(hello_v2_text(a, c, &text));
	*ret_signature = sign_hex(a, text, member);
	return NULL;
}

bool hello_v2_check(struct arena *a, const struct hello_claim *c, str signature)
{
	str text;

	return !hello_v2_text(a, c, &text) && sign_check_hex(text, signature, c->pubkey);
}

struct err *attestation_text(struct arena *a, const struct attestation *t, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-session-attest") },
		{ "parentMemberPubkey", t->parent_pubkey },
		{ "sessionPubkey", t->session_pubkey },
		{ "expiresAt", canonical_i64(a, t->expires_ms) },
	};

	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *attestation_sign(struct arena *a, const struct attestation *t,
			     const struct sign_pair *member, str *ret_signature)
{
	str text;

	TRY(attestation_text(a, t, &text));
	*ret_signature = sign_hex(a, text, member);
	return NULL;
}

bool attestation_check(struct arena *a, const struct attestation *t, str signature)
{
	str text;

	return !attestation_text(a, t, &text) &&
	       sign_check_hex(text, signature, t->parent_pubkey);
}

str session_hello_text(struct arena *a, const struct session_claim *c)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-session-hello") },
		{ "meshId", c->mesh_id },
		{ "parentMemberPubkey", c->parent_pubkey },
		{ "sessionPubkey", c->session_pubkey },
		{ "timestamp", canonical_i64(a, c->timestamp_ms) },
	};

	return canonical_join_any(a, parts, ARRAY_LEN(parts));
}

str session_hello_sign(struct arena *a, const struct session_claim *c,
		       const struct sign_pair *session)
{
	return sign_hex(a, session_hello_text(a, c), session);
}

bool session_hello_check(struct arena *a, const struct session_claim *c, str signature)
{
	return sign_check_hex(session_hello_text(a, c), signature, c->session_pubkey);
}
