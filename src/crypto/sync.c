#include "crypto/sync.h"

#include "crypto/canonical.h"

static struct err *text_of(struct arena *a, const struct sync_claim *c, str *ret_text)
{
	const struct canonical_part parts[] = {
		{ NULL, S("claudemesh-sync") }, { "account_id", c->account }, { "mesh_id", c->mesh_id },
		{ "peer_pubkey", c->pubkey }, { NULL, canonical_i64(a, c->timestamp_ms) },
	};

	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *sync_claim_sign(struct arena *a, const struct sync_claim *c, const struct sign_pair *member,
			    str *ret_signature)
{
	str text;

	TRY(text_of(a, c, &text));
	*ret_signature = sign_hex(a, text, member);
	return NULL;
}

bool sync_claim_check(struct arena *a, const struct sync_claim *c, str signature)
{
	str text;

	return !text_of(a, c, &text) && sign_check_hex(text, signature, c->pubkey);
}
