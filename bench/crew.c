#include "bench/crew.h"

#include "base/ids.h"
#include "client/share.h"
#include "crypto/chain.h"
#include "crypto/secret.h"
#include "net/url.h"

enum { INVITE_LIFE_S = 3600 };
#define OWNER_INVITE_ID S("owner")

static struct err *create(struct arena *a, struct crew *c, str tag)
{
	struct crew_member *creator = &c->members[0];
	struct mesh_create_args args = {
		.name = arena_printf(a, "bench %.*s", STRF(tag)),
		.pubkey = creator->pubkey,
		.id = id_random(a, &random_system),
		.display_name = creator->name,
		.owner_pubkey = sign_pair_pubkey(a, &c->owner),
		.x25519_pubkey = share_x25519(a, &creator->pair),
	};
	struct chain_claim claim = { args.id, OWNER_INVITE_ID, args.pubkey, args.x25519_pubkey };
	struct mesh_created_args made;

	TRY(chain_claim_sign(a, &claim, &c->owner, &args.claim_signature));
	TRY(api_mesh_create(a, &c->api, &args, &made));
	if (!str_eq(made.id, args.id))
		return FAIL(a, REFUSED, "the broker chose its own mesh id: it is none of ours");
	c->mesh_id = arena_dup(c->arena, made.id);
	c->slug = arena_dup(c->arena, made.slug);
	creator->id = arena_dup(c->arena, made.member_id);
	return NULL;
}

/* What a joiner needs of an invite. */
struct invite {
	struct invite_code_args looked_up;
	str code;
	u8 secret[INVITE_SECRET_BYTES];
};

static struct err *invite(struct arena *a, const struct crew *c, i64 uses,
			  struct invite *ret_invite)
{
	struct share_spec spec = {
		.mesh_id = c->mesh_id,
		.mesh_slug = c->slug,
		.broker_url = c->ws_url,
		.owner = &c->owner,
		.role = S("member"),
		.max_uses = uses,
		.expires_s = clock_ms(&clock_real) / 1000 + INVITE_LIFE_S,
		.random = &random_system,
	};
	struct invite_created_args made;
	struct invite_create_args args;
	u8 root[ROOT_KEY_BYTES];

	secret_random(root, sizeof(root));
	spec.root_key = root;
	TRY(share_make(a, &spec, &args, ret_invite->secret));
	TRY(api_invite_create(a, &c->api, c->slug, &args, &made));
	ret_invite->code = args.code;
	return api_invite_lookup(a, &c->api, args.code, &ret_invite->looked_up);
}

static struct err *join(struct arena *a, const struct crew *c, const struct invite *by,
			struct crew_member *m)
{
	u8 root[ROOT_KEY_BYTES];
	struct claimed_args claimed;
	struct claim_args args;

	TRY(share_claim(a, &by->looked_up, by->secret, &m->pair, m->name, &args));
	TRY(api_claim(a, &c->api, by->code, &args, &claimed));
	TRY(share_verify(a, &by->looked_up, &claimed, by->secret, clock_ms(&clock_real), root));
	m->id = arena_dup(c->arena, claimed.member_id);
	return NULL;
}

static struct err *join_all(struct arena *a, struct crew *c)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct invite by;

	for (u32 i = 1; i < c->n; i++) {
		struct err *e;

		if ((i - 1) % INVITE_USES_MAX == 0)
			TRY(invite(a, c, MIN((i64)(c->n - i), (i64)INVITE_USES_MAX), &by));
		e = join(scratch, c, &by, &c->members[i]);
		if (e)
			return err_copy(a, e);
		arena_reset(scratch);
	}
	return NULL;
}

struct err *crew_make(struct arena *a, struct crew *c, str broker_url, str tag, u32 n)
{
	*c = (struct crew){ .arena = a, .n = n, .members = NEW_ARRAY(a, struct crew_member, n) };
	TRY(api_init(a, broker_url, &c->api));
	TRY(url_ws_address(a, broker_url, &c->ws_url));
	sign_pair_new(&c->owner);
	for (u32 i = 0; i < n; i++) {
		struct crew_member *m = &c->members[i];

		sign_pair_new(&m->pair);
		m->pubkey = sign_pair_pubkey(a, &m->pair);
		m->name = arena_printf(a, "bench-%u", i);
	}
	TRY(create(a, c, tag));
	return join_all(a, c);
}

void crew_wipe(struct crew *c)
{
	sign_pair_wipe(&c->owner);
	for (u32 i = 0; i < c->n; i++)
		sign_pair_wipe(&c->members[i].pair);
}
