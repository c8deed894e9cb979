#include "conv/cast.h"

#include "base/clock.h"
#include "base/ids.h"
#include "conv/wire.h"
#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/invite.h"

enum { BODY_MAX = 1 << 20, INVITE_USES = 100, INVITE_LIFE_S = 3600 };

static struct err *post(struct arena *a, const struct cast *c, str path, struct buf *body, int want,
			const struct json **ret_answer)
{
	struct http_result_text answer;

	TRY(wire_http(a, c->port, S("POST"), path, NULL, 0, buf_str(body), &answer));
	if (answer.status != want)
		return FAIL(a, REFUSED, "POST %.*s answered %d: %.*s", STRF(path), answer.status,
			    STRF(answer.body));
	return json_parse(a, answer.body, ret_answer);
}

static void set_mesh_vars(struct cast *c, const struct mesh *m)
{
	struct arena *a = c->arena;

	vars_set_text(c->vars, arena_printf(a, "%.*s.id", STRF(m->name)), m->id);
	vars_set_text(c->vars, arena_printf(a, "%.*s.slug", STRF(m->name)), m->slug);
	vars_set_text(c->vars, arena_printf(a, "%.*s.owner", STRF(m->name)),
		      sign_pair_pubkey(a, &m->owner));
}

static struct err *create(struct arena *a, struct cast *c, struct mesh *m, struct member *creator)
{
	CLEANUP(buf_done) struct buf body = buf_make(BODY_MAX);
	struct json_out o = json_out(&body);
	struct box_pair box;
	struct chain_claim claim;
	const struct json *answer;
	str signature;

	sign_pair_new(&m->owner);
	box_pair_from_sign(&creator->pair, &box);
	m->id = id_random(c->arena, &random_system);
	claim = (struct chain_claim){ m->id, S("owner"), creator->pubkey,
				      base64url_encode(a, str_of(box.pk, sizeof(box.pk))) };
	TRY(chain_claim_sign(a, &claim, &m->owner, &signature));
	json_obj(&o);
	json_put_str(&o, "name", m->name);
	json_put_str(&o, "pubkey", creator->pubkey);
	json_put_str(&o, "id", m->id);
	json_put_str(&o, "display_name", creator->name);
	json_put_str(&o, "owner_pubkey", sign_pair_pubkey(a, &m->owner));
	json_put_str(&o, "x25519_pubkey", claim.x25519);
	json_put_str(&o, "claim_signature", signature);
	json_obj_end(&o);
	TRY(post(a, c, S("/cli/mesh/create"), &body, 200, &answer));
	m->slug = arena_dup(c->arena, json_get_str(answer, S("slug")));
	creator->id = arena_dup(c->arena, json_get_str(answer, S("member_id")));
	set_mesh_vars(c, m);
	return NULL;
}

/* An invite of ours, with the token that reference clients join with. */
static struct err *invite(struct arena *a, struct cast *c, struct mesh *m)
{
	CLEANUP(buf_done) struct buf body = buf_make(BODY_MAX);
	struct json_out o = json_out(&body);
	u8 secret[INVITE_SECRET_BYTES], root[ROOT_KEY_BYTES];
	struct sign_pair key;
	str owner = sign_pair_pubkey(a, &m->owner), id = id_random(a, &random_system);
	i64 expires_s = clock_ms(&clock_real) / 1000 + INVITE_LIFE_S;
	struct invite_v1 v1 = { m->id, m->slug, arena_printf(a, "ws://127.0.0.1:%d/ws", c->port),
				expires_s, STR_NONE, S("member"), owner };
	struct invite_v2 v2 = { m->id, id, expires_s, S("member"), owner };
	struct chain_invite ours = { m->id, id, STR_NONE, S("member"), expires_s, INVITE_USES };
	str v1_signature, v2_signature, signature, token;
	const struct json *answer;

	invite_secret_new(secret);
	invite_pair_from_secret(secret, &key);
	random_fill(&random_system, root, sizeof(root));
	v1.mesh_root_key = base64url_encode(a, str_of(root, sizeof(root)));
	ours.invite_pubkey = sign_pair_pubkey(a, &key);
	TRY(invite_v1_sign(a, &v1, &m->owner, &v1_signature));
	TRY(invite_v2_sign(a, &v2, &m->owner, &v2_signature));
	TRY(chain_invite_sign(a, &ours, &m->owner, &signature));
	token = invite_v1_token(a, &v1, v1_signature);
	json_obj(&o);
	json_put_str(&o, "id", id);
	json_put_str(&o, "code", invite_code_new(a, &random_system));
	json_put_str(&o, "role", S("member"));
	json_put_int(&o, "max_uses", INVITE_USES);
	json_put_int(&o, "expires_at", expires_s);
	json_put_str(&o, "invite_pubkey", ours.invite_pubkey);
	json_put_str(&o, "sealed_root", invite_root_key_seal(a, root, sign_pair_pubkey(a, &m->owner), secret));
	json_put_str(&o, "owner_signature", signature);
	json_put_str(&o, "capability_signature", v2_signature);
	json_put_str(&o, "token", token);
	json_obj_end(&o);
	TRY(post(a, c, arena_printf(a, "/cli/mesh/%.*s/invite", STRF(m->slug)), &body, 200, &answer));
	m->token = arena_dup(c->arena, token);
	return NULL;
}

static struct err *join(struct arena *a, struct cast *c, struct mesh *m, struct member *joiner)
{
	CLEANUP(buf_done) struct buf body = buf_make(BODY_MAX);
	struct json_out o = json_out(&body);
	const struct json *answer;
	str payload;

	if (str_empty(m->token))
		TRY(invite(a, c, m));
	if (!base64url_decode(a, m->token, &payload))
		return FAIL(a, INTERNAL, "the token does not decode");
	json_obj(&o);
	json_put_str(&o, "invite_token", m->token);
	json_put_raw(&o, "invite_payload", payload);
	json_put_str(&o, "peer_pubkey", joiner->pubkey);
	json_put_str(&o, "display_name", joiner->name);
	json_obj_end(&o);
	TRY(post(a, c, S("/join"), &body, 200, &answer));
	joiner->id = arena_dup(c->arena, json_get_str(answer, S("memberId")));
	return NULL;
}

struct err *cast_member(struct arena *a, struct cast *c, str name, str mesh_name)
{
	struct member *m = NEW(c->arena, struct member);
	struct mesh *mesh = c->meshes;

	if (cast_find(c, name))
		return FAIL(a, EXISTS, "there is a peer '%.*s'", STRF(name));
	m->name = arena_dup(c->arena, name);
	sign_pair_new(&m->pair);
	m->pubkey = sign_pair_pubkey(c->arena, &m->pair);
	while (mesh && !str_eq(mesh->name, mesh_name))
		mesh = mesh->next;
	if (mesh) {
		TRY(join(a, c, mesh, m));
	} else {
		mesh = NEW(c->arena, struct mesh);
		mesh->name = arena_dup(c->arena, mesh_name);
		TRY(create(a, c, mesh, m));
		mesh->next = c->meshes;
		c->meshes = mesh;
	}
	m->mesh = mesh;
	m->next = c->members;
	c->members = m;
	vars_set_text(c->vars, name, m->pubkey);
	vars_set_text(c->vars, arena_printf(a, "%.*s.id", STRF(name)), m->id);
	return NULL;
}

struct member *cast_find(const struct cast *c, str name)
{
	for (struct member *m = c->members; m; m = m->next)
		if (str_eq(m->name, name))
			return m;
	return NULL;
}
