/*
 * harness_mesh_test.c - meshes as our client makes them, their invites and their members.
 */
#include "engine/harness_test.h"

#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/invite.h"

#define X25519 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define ROOT_KEY "bW9ub3RvbmUtcm9vdC1rZXktb2YtYS10ZXN0LW1lc2g"

static void copy(char *to, size_t size, str from)
{
	assert_true(from.len < size);
	memcpy(to, from.ptr, from.len);
	to[from.len] = 0;
}

static void make_pair(struct house *h, struct sign_pair *pair, char pubkey[65])
{
	u8 seed[SIGN_SEED_BYTES];

	random_fill(&h->random, seed, sizeof(seed));
	sign_pair_from_seed(seed, pair);
	copy(pubkey, 65, sign_pair_pubkey(h->a, pair));
}

struct peer *owner_of(struct place *m)
{
	struct peer *p = m->house->peers;

	while (p->place != m || strcmp(p->name, "owner") != 0)
		p = p->next;
	return p;
}

struct member *member_of(const struct peer *p)
{
	struct mesh *m;

	HASH_FIND(hh, p->place->house->engine->meshes, p->place->id, ID_LEN, m);
	return mesh_member(m, str_from(p->pubkey));
}

void broadcast_many(struct peer *p, int n)
{
	for (int i = 0; i < n; i++)
		send_to(p, "*", text(p->place->house->a, "x%d", i).ptr, NULL);
}

struct peer *stranger(struct place *m, const char *name)
{
	struct house *h = m->house;
	struct peer *p = NEW(h->a, struct peer);

	p->place = m;
	p->last = &p->first;
	copy(p->name, sizeof(p->name), str_from(name));
	make_pair(h, &p->member, p->pubkey);
	make_pair(h, &p->session, p->session_pubkey);
	p->next = h->peers;
	h->peers = p;
	return p;
}

struct peer *twin(struct peer *other)
{
	struct peer *p = stranger(other->place, other->name);

	p->member = other->member;
	memcpy(p->pubkey, other->pubkey, sizeof(p->pubkey));
	memcpy(p->member_id, other->member_id, sizeof(p->member_id));
	return p;
}

str create_body(struct place *m, struct peer *creator)
{
	struct arena *a = m->house->a;
	struct chain_claim claim = { str_from(m->id), S("owner"), str_from(creator->pubkey), S(X25519) };
	str signature;

	assert_ok(chain_claim_sign(a, &claim, &m->owner, &signature));
	return text(a, "{'name':'%s','slug':'%s','id':'%s','pubkey':'%s','display_name':'%s',"
		    "'owner_pubkey':'%s','x25519_pubkey':'" X25519 "','claim_signature':'%.*s'}", m->slug,
		    m->slug, m->id, creator->pubkey, creator->name, m->owner_pubkey, STRF(signature));
}

void sign_token(struct place *m)
{
	struct arena *a = m->house->a;
	struct invite_v1 v1 = { str_from(m->id), str_from(m->slug), m->house->settings.ws_url, m->expires_s,
				S(ROOT_KEY), S("member"), str_from(m->owner_pubkey) };
	str signature;

	assert_ok(invite_v1_sign(a, &v1, &m->owner, &signature));
	copy(m->token, sizeof(m->token), invite_v1_token(a, &v1, signature));
}

str invite_body(struct place *m)
{
	struct arena *a = m->house->a;
	struct chain_invite chain = { str_from(m->id), str_from(m->invite_id), str_from(m->invite_pubkey),
				      S("member"), m->expires_s, m->max_uses };
	struct invite_v2 v2 = { str_from(m->id), str_from(m->invite_id), m->expires_s, S("member"),
				str_from(m->owner_pubkey) };
	u8 root[ROOT_KEY_BYTES] = { 1 };
	str owner_signature, capability;

	assert_ok(chain_invite_sign(a, &chain, &m->owner, &owner_signature));
	assert_ok(invite_v2_sign(a, &v2, &m->owner, &capability));
	return text(a, "{'role':'member','id':'%s','code':'%s','max_uses':%lld,'expires_at':%lld,"
		    "'invite_pubkey':'%s','sealed_root':'%.*s','owner_signature':'%.*s',"
		    "'capability_signature':'%.*s','token':'%s'}", m->invite_id, m->code,
		    (long long)m->max_uses, (long long)m->expires_s, m->invite_pubkey,
		    STRF(invite_root_key_seal(a, root, str_from(m->owner_pubkey), m->secret)), STRF(owner_signature), STRF(capability),
		    m->token);
}

void invite_plan(struct place *m, i64 max_uses, i64 days)
{
	struct house *h = m->house;
	struct sign_pair pair;

	random_fill(&h->random, m->secret, sizeof(m->secret));
	invite_pair_from_secret(m->secret, &pair);
	copy(m->invite_pubkey, sizeof(m->invite_pubkey), sign_pair_pubkey(h->a, &pair));
	copy(m->invite_id, sizeof(m->invite_id), id_random(h->a, &h->random));
	copy(m->code, sizeof(m->code), invite_code_new(h->a, &h->random));
	m->max_uses = max_uses;
	/* Tokens of one second would be equal. */
	h->at.us += 1000000;
	m->expires_s = clock_ms(&h->clock) / 1000 + days * 24 * 3600;
	sign_token(m);
}

void invite(struct place *m, i64 max_uses, i64 days)
{
	invite_plan(m, max_uses, days);
	call(m->house, "invite_create", m->slug, invite_body(m));
	expect_answer(m->house, 200, "{'code':'*','url':'*','token':null}");
}

struct place *place_plan(struct house *h, const char *slug)
{
	struct place *m = NEW(h->a, struct place);

	m->house = h;
	copy(m->slug, sizeof(m->slug), str_from(slug));
	copy(m->id, sizeof(m->id), id_random(h->a, &h->random));
	make_pair(h, &m->owner, m->owner_pubkey);
	return m;
}

struct place *place(struct house *h, const char *slug)
{
	struct place *m = place_plan(h, slug);

	call(h, "mesh_create", "", create_body(m, stranger(m, "owner")));
	expect_answer(h, 200, "{'id':'*','member_id':'*'}");
	invite(m, 1000, 30);
	return m;
}

str join_body(struct place *m, struct peer *p)
{
	struct arena *a = m->house->a;
	str payload;

	assert_true(base64url_decode(a, str_from(m->token), &payload));
	return text(a, "{'invite_token':'%s','invite_payload':%.*s,'peer_pubkey':'%s','display_name':'%s'}",
		    m->token, STRF(payload), p->pubkey, p->name);
}

void join(struct peer *p)
{
	struct house *h = p->place->house;

	call(h, "join", "", join_body(p->place, p));
	expect_answer(h, 200, "{'ok':true,'memberId':'*'}");
	copy(p->member_id, sizeof(p->member_id), json_get_str(answer(h), S("memberId")));
}

struct peer *newcomer(struct place *m, const char *name)
{
	struct peer *p = stranger(m, name);

	join(p);
	return p;
}

str claim_body(struct place *m, struct peer *p)
{
	struct arena *a = m->house->a;
	struct chain_claim claim = { str_from(m->id), str_from(m->invite_id), str_from(p->pubkey), S(X25519) };
	struct sign_pair pair;
	str signature;

	invite_pair_from_secret(m->secret, &pair);
	assert_ok(chain_claim_sign(a, &claim, &pair, &signature));
	return text(a, "{'recipient_x25519_pubkey':'" X25519 "','display_name':'%s','peer_pubkey':'%s',"
		    "'mesh_id':'%s','invite_id':'%s','invite_pubkey':'%s','claim_signature':'%.*s'}", p->name,
		    p->pubkey, m->id, m->invite_id, m->invite_pubkey, STRF(signature));
}
