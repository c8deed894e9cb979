#include "bench/crew.h"

#include "base/ids.h"
#include "client/share.h"
#include "crypto/chain.h"
#include "crypto/secret.h"
#include "net/url.h"

enum { INVITE_LIFE_S = 3600 };
#define OWNER_INVITE_ID S("owner")

u32 crew_next(const struct crew *c, u32 no)
{
	u32 first = no - no % c->per_mesh;

	return first + (no - first + 1) % c->per_mesh;
}

u32 crew_sleeper(const struct crew *c, u32 no, u64 turn)
{
	return c->n + no / c->per_mesh * c->sleepers + (u32)(turn % c->sleepers);
}

static struct err *create(struct arena *a, struct crew *c, struct crew_member *creator, str tag)
{
	struct crew_mesh *mesh = creator->mesh;
	struct mesh_create_args args = {
		.name = arena_printf(a, "bench %.*s %d", STRF(tag), (int)(mesh - c->meshes)),
		.pubkey = creator->pubkey,
		.id = id_random(a, &random_system),
		.display_name = creator->name,
		.owner_pubkey = sign_pair_pubkey(a, &mesh->owner),
		.x25519_pubkey = share_x25519(a, &creator->pair),
	};
	struct chain_claim claim = { args.id, OWNER_INVITE_ID, args.pubkey, args.x25519_pubkey };
	struct mesh_created_args made;

	TRY(chain_claim_sign(a, &claim, &mesh->owner, &args.claim_signature));
	TRY(api_mesh_create(a, &c->api, &args, &made));
	if (!str_eq(made.id, args.id))
		return FAIL(a, REFUSED, "the broker chose its own mesh id: it is none of ours");
	mesh->id = arena_dup(c->arena, made.id);
	mesh->slug = arena_dup(c->arena, made.slug);
	creator->id = arena_dup(c->arena, made.member_id);
	return NULL;
}

/* What a joiner needs of an invite. */
struct invite {
	struct invite_code_args looked_up;
	str code;
	u8 secret[INVITE_SECRET_BYTES];
};

static struct err *invite(struct arena *a, const struct crew *c, const struct crew_mesh *mesh,
			  i64 uses, struct invite *ret_invite)
{
	struct share_spec spec = {
		.mesh_id = mesh->id,
		.mesh_slug = mesh->slug,
		.broker_url = c->ws_url,
		.owner = &mesh->owner,
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
	TRY(api_invite_create(a, &c->api, mesh->slug, &args, &made));
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

/* The mesh itself, its clients and its sleepers. */
static struct err *fill(struct arena *a, struct crew *c, u32 mesh, str tag)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct crew_member *first = &c->members[mesh * c->per_mesh];
	struct crew_member *asleep = &c->members[c->n + mesh * c->sleepers];
	u32 awake = c->per_mesh - 1, joiners = awake + c->sleepers;
	struct invite by;

	TRY(create(a, c, first, tag));
	for (u32 i = 0; i < joiners; i++) {
		struct crew_member *m = i < awake ? first + 1 + i : asleep + (i - awake);
		struct err *e;

		if (i % INVITE_USES_MAX == 0)
			TRY(invite(a, c, first->mesh, MIN((i64)joiners - i, (i64)INVITE_USES_MAX),
				   &by));
		e = join(scratch, c, &by, m);
		if (e)
			return err_copy(a, e);
		arena_reset(scratch);
	}
	return NULL;
}

static void make_up(struct crew *c)
{
	for (u32 i = 0; i < c->n_meshes; i++)
		c->meshes[i].id = id_random(c->arena, &random_system);
	for (u32 i = 0; i < c->n_members; i++)
		c->members[i].id = id_random(c->arena, &random_system);
}

struct err *crew_make(struct arena *a, struct crew *c, const struct crew_spec *spec)
{
	*c = (struct crew){
		.arena = a,
		.n = spec->clients,
		.n_meshes = spec->meshes,
		.per_mesh = spec->clients / spec->meshes,
		.sleepers = spec->sleepers,
		.n_members = spec->clients + spec->sleepers * spec->meshes,
	};
	c->members = NEW_ARRAY(a, struct crew_member, c->n_members);
	c->meshes = NEW_ARRAY(a, struct crew_mesh, c->n_meshes);
	TRY(api_init(a, spec->broker_url, &c->api));
	TRY(url_ws_address(a, spec->broker_url, &c->ws_url));
	for (u32 i = 0; i < c->n_meshes; i++)
		sign_pair_new(&c->meshes[i].owner);
	for (u32 i = 0; i < c->n_members; i++) {
		struct crew_member *m = &c->members[i];

		sign_pair_new(&m->pair);
		m->pubkey = sign_pair_pubkey(a, &m->pair);
		m->name = arena_printf(a, "bench-%u", i);
		m->mesh = &c->meshes[i < c->n ? i / c->per_mesh : (i - c->n) / c->sleepers];
	}
	if (spec->is_bare) {
		make_up(c);
		return NULL;
	}
	for (u32 i = 0; i < c->n_meshes; i++)
		TRY(fill(a, c, i, spec->tag));
	return NULL;
}

void crew_wipe(struct crew *c)
{
	for (u32 i = 0; i < c->n_meshes; i++)
		sign_pair_wipe(&c->meshes[i].owner);
	for (u32 i = 0; i < c->n_members; i++)
		sign_pair_wipe(&c->members[i].pair);
}
