/*
 * mesh_join.c - joining by every kind of invite.
 *
 * Our own link proves itself: its secret signs the claim, and the answer must be signed by
 * the owner. A token is signed by the owner it names. A code without a secret is looked up
 * and joined by its token: that works, but nobody can check who let us in.
 * The new key is on disk before the broker hears of it: a join whose answer was lost is
 * repeated with the same key and uses up nothing.
 */
#include "client/mesh_internal.h"

#include "client/api.h"
#include "client/share.h"
#include "client/validate.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "net/url.h"

/* What who joined without the owner's signature is told. */
#define UNVERIFIED \
	"this invite has no secret: others see you as unverified until the owner confirms your key " \
	"(claudemesh verify NAME --confirm); compare safety numbers with claudemesh verify"

struct join {
	const struct client *c;
	str who;
	str code, invite_id;    /* of our own invite; empty for a token */
	bool address_is_signed; /* the broker's, by the owner we know */
	struct config_args config;
	struct sign_pair member;
	struct mesh_keys_args keys;
	struct mesh_made made;
};

static void join_wipe(struct join *j)
{
	sign_pair_wipe(&j->member);
}

str mesh_local_slug(struct arena *a, str slug, str mesh_id)
{
	struct invalid why;
	str value;

	if (valid_slug(a, slug, &value, &why))
		return value;
	value = arena_dup(a, str_of(mesh_id.ptr, MIN(mesh_id.len, (size_t)8)));
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] >= 'A' && value.ptr[i] <= 'Z')
			((char *)value.ptr)[i] = (char)(value.ptr[i] - 'A' + 'a');
	return arena_printf(a, "mesh-%.*s", STRF(value));
}

/* The key to join with: the one we have in this mesh, that of an interrupted join, or a new
 * one. owner_pubkey: whom the invite names; it must be the one we know, if we know one. */
static struct err *join_identity(struct arena *a, struct join *j, str mesh_id, str owner_pubkey)
{
	const struct config_mesh_args *known = config_get_mesh_id(&j->config, mesh_id);

	TRY(keys_load(a, j->c->paths, mesh_id, &j->keys));
	if (!str_empty(owner_pubkey) && !str_empty(j->keys.owner_pubkey) &&
	    !str_eq_nocase(j->keys.owner_pubkey, owner_pubkey))
		return err_word(
			FAIL(a, UNAUTHORIZED,
			     "the invite names another owner than this mesh had when you joined "
			     "it; do not trust it, ask the owner"),
			S("invite_owner_mismatch"));
	if (known)
		return config_mesh_pair(a, known, &j->member);
	if (!str_empty(j->keys.member_secret) &&
	    sign_pair_from_hex(j->keys.member_secret, &j->member))
		return NULL;
	sign_pair_new(&j->member);
	j->keys.mesh_id = mesh_id;
	j->keys.join_code = j->code;
	j->keys.join_invite_id = j->invite_id;
	j->keys.member_secret = sign_pair_secret(a, &j->member);
	return keys_save(a, j->c->paths, &j->keys);
}

/* Nobody signs for the address in a link: one of a mesh that we are in already does not take
 * us to another broker, which could pose as the mesh and take our messages. */
static bool is_elsewhere(struct arena *a, struct join *j, str mesh_id)
{
	const struct config_mesh_args *known = config_get_mesh_id(&j->config, mesh_id);
	str named = j->made.mesh.brokerUrl;

	if (!known || j->address_is_signed || str_eq(known->brokerUrl, named))
		return false;
	j->made.mesh = *known;
	j->made.already_member = true;
	j->made.warning = arena_printf(a,
				       "this invite names another broker, %.*s, and nothing was "
				       "changed; if the mesh has moved there, change brokerUrl "
				       "in config.json",
				       STRF(named));
	return true;
}

static struct err *join_record(struct arena *a, struct join *j, str mesh_id, str member_id,
			       str slug, str name)
{
	struct config_mesh_args *mesh = &j->made.mesh;

	if (is_elsewhere(a, j, mesh_id))
		return NULL;
	mesh->meshId = mesh_id;
	mesh->memberId = member_id;
	mesh->slug = mesh_local_slug(a, slug, mesh_id);
	mesh->name = str_empty(name) ? mesh->slug : name;
	mesh->pubkey = sign_pair_pubkey(a, &j->member);
	mesh->secretKey = sign_pair_secret(a, &j->member);
	j->keys.mesh_id = mesh_id;
	j->keys.slug = slug;
	j->made.is_owner = !str_empty(j->keys.owner_secret);
	TRY(mesh_record(a, j->c, mesh, j->who));
	j->keys.member_secret = STR_NONE;
	return keys_save(a, j->c->paths, &j->keys);
}

static struct err *join_token(struct arena *a, struct join *j, str token)
{
	struct invite_payload_args p;
	struct joined_args joined;
	struct join_args args;
	struct api api;

	TRY(invite_token_open(a, token, clock_ms(j->c->clock), &p));
	TRY(join_identity(a, j, p.mesh_id, p.owner_pubkey));
	j->address_is_signed = !str_empty(j->keys.owner_pubkey);
	TRY(api_init(a, p.broker_url, &api));
	api.tls = j->c->tls;
	args = (struct join_args){ .invite_token = token,
				   .invite_payload = p,
				   .display_name = j->who,
				   .peer_pubkey = sign_pair_pubkey(a, &j->member) };
	TRY(api_join(a, &api, &args, &joined));
	j->made.already_member = joined.alreadyMember;
	j->made.mesh.brokerUrl = p.broker_url;
	j->made.mesh.inviteVersion = 1;
	j->made.role = enum_word(role_words, (int)p.role);
	j->made.warning = S(UNVERIFIED);
	j->keys.owner_pubkey = p.owner_pubkey;
	j->keys.role = j->made.role;
	return join_record(a, j, p.mesh_id, joined.memberId, p.mesh_slug, p.mesh_slug);
}

/* Our own invite: claim with the secret, believe only what the owner signed. */
static struct err *join_claim(struct arena *a, struct join *j, const struct api *api,
			      const struct invite_link *link, const struct invite_code_args *invite)
{
	struct claimed_args claimed;
	struct claim_args args;
	u8 root[ROOT_KEY_BYTES];

	j->code = link->code;
	j->invite_id = invite->invite_id;
	TRY(join_identity(a, j, invite->mesh_id, STR_NONE));
	TRY(share_claim(a, invite, link->secret, &j->member, j->who, &args));
	TRY(api_claim(a, api, link->code, &args, &claimed));
	TRY(share_verify(a, invite, &claimed, link->secret, clock_ms(j->c->clock), root));
	if (!str_empty(j->keys.owner_pubkey) && !str_eq(j->keys.owner_pubkey, claimed.owner_pubkey))
		return err_word(
			FAIL(a, UNAUTHORIZED,
			     "the mesh has another owner than when you joined it; do not trust this "
			     "invite, ask the owner"),
			S("invite_owner_mismatch"));
	j->keys.root_key = encode_secret_base64url(a, root, sizeof(root));
	j->made.mesh.rootKey = j->keys.root_key;
	secret_wipe(root, sizeof(root));
	j->made.already_member = claimed.already_member;
	j->made.verified = true;
	j->made.mesh.inviteVersion = 2;
	j->made.role = claimed.role;
	j->keys.owner_pubkey = claimed.owner_pubkey;
	j->keys.role = claimed.role;
	j->keys.public_url = claimed.broker_url;
	return join_record(a, j, invite->mesh_id, claimed.member_id, claimed.mesh_slug,
			   claimed.mesh_name);
}

/* An invite without the owner's signature. Who the owner is we have from the broker alone. */
static struct err *join_open(struct arena *a, struct join *j, const struct api *api,
			     const struct invite_link *link, const struct invite_code_args *invite)
{
	struct claimed_args claimed;
	struct claim_args args;

	j->code = link->code;
	j->invite_id = invite->invite_id;
	TRY(join_identity(a, j, invite->mesh_id, STR_NONE));
	args = (struct claim_args){
		.recipient_x25519_pubkey = share_x25519(a, &j->member),
		.display_name = j->who,
		.peer_pubkey = sign_pair_pubkey(a, &j->member),
	};
	TRY(api_claim(a, api, link->code, &args, &claimed));
	if (!str_eq(claimed.mesh_id, invite->mesh_id) || !pubkey_is_valid(claimed.owner_pubkey))
		return FAIL(a, REFUSED, "the broker answered for another mesh, or names no owner key");
	if (!str_empty(j->keys.owner_pubkey) && !str_eq(j->keys.owner_pubkey, claimed.owner_pubkey))
		return err_word(FAIL(a, UNAUTHORIZED,
				     "the mesh has another owner than when you joined it; do not trust this "
				     "invite, ask the owner"),
				S("invite_owner_mismatch"));
	j->made.already_member = claimed.already_member;
	j->made.mesh.inviteVersion = 2;
	j->made.role = claimed.role;
	j->made.warning = S(UNVERIFIED);
	j->keys.owner_pubkey = claimed.owner_pubkey;
	j->keys.role = claimed.role;
	j->keys.public_url = claimed.broker_url;
	return join_record(a, j, invite->mesh_id, claimed.member_id, claimed.mesh_slug, claimed.mesh_name);
}

/* A used-up invite is not shown to anyone any more; but if we came by it, or the answer to
 * our claim was lost, the broker still knows our key: claim again with what we remember. */
static struct err *find_invite(struct arena *a, struct join *j, const struct api *api,
			       const struct invite_link *link, struct invite_code_args *ret_invite)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct mesh_keys_args known;
	struct err *e = api_invite_lookup(a, api, link->code, ret_invite);

	if (!e || !link->has_secret || (e->code != ERR_NOT_FOUND && e->code != ERR_GONE))
		return e;
	TRY(keys_find_code(a, j->c->paths, link->code, &known));
	if (str_empty(known.mesh_id))
		return e;
	invite_pair_from_secret(link->secret, &pair);
	*ret_invite = (struct invite_code_args){ .found = true,
						 .mesh_id = known.mesh_id,
						 .invite_id = known.join_invite_id,
						 .invite_pubkey = sign_pair_pubkey(a, &pair) };
	return NULL;
}

static struct err *join_code(struct arena *a, struct join *j, const struct invite_link *link,
			     str broker)
{
	struct invite_code_args invite;
	struct api api;

	TRY(api_init(a, broker, &api));
	api.tls = j->c->tls;
	TRY(url_ws_address(a, broker, &j->made.mesh.brokerUrl));
	TRY(find_invite(a, j, &api, link, &invite));
	if (link->has_secret && !str_empty(invite.invite_pubkey))
		return join_claim(a, j, &api, link, &invite);
	if (link->has_secret)
		return FAIL(
			a, NOT_SUPPORTED,
			"the broker knows the code but not the invite's key: the link's secret cannot be "
			"checked; ask the owner for a new link");
	if (str_empty(invite.token) && str_empty(invite.invite_pubkey) && !str_empty(invite.mesh_id))
		return join_open(a, j, &api, link, &invite);
	if (str_empty(invite.token))
		return FAIL(
			a, BAD_REQUEST,
			"the code alone is not enough for this invite: paste the whole link, with what "
			"comes behind '#'");
	return join_token(a, j, invite.token);
}

/* For a bare code: the one given, the environment's, or the only one we are with. */
static struct err *pick_broker(struct arena *a, const struct config_args *config, str given,
			       str *ret_broker)
{
	str found = given;

	if (str_empty(found))
		found = str_from(getenv("CLAUDEMESH_BROKER_URL"));
	if (str_empty(found) && config->meshes.n) {
		found = config->meshes.items[0].brokerUrl;
		for (size_t i = 1; i < config->meshes.n; i++)
			if (!str_eq(found, config->meshes.items[i].brokerUrl))
				found = STR_NONE;
	}
	if (str_empty(found))
		return FAIL(
			a, BAD_REQUEST,
			"a code alone does not say which broker it is for: paste the whole link, or give "
			"--broker URL");
	*ret_broker = found;
	return NULL;
}

struct err *mesh_join(struct arena *a, const struct client *c, str text, str who,
		      str default_broker, struct mesh_made *ret_made)
{
	CLEANUP(join_wipe) struct join j = { .c = c };
	CLEANUP(invite_link_wipe) struct invite_link link = { 0 };
	str broker;

	TRY(config_load(a, c->paths, &j.config));
	TRY(invite_link_parse(a, text, &link));
	j.who = config_who(a, &j.config, who);
	if (link.kind == INVITE_TOKEN) {
		TRY(join_token(a, &j, link.token));
	} else {
		broker = link.base;
		if (str_empty(broker))
			TRY(pick_broker(a, &j.config, default_broker, &broker));
		TRY(join_code(a, &j, &link, broker));
	}
	*ret_made = j.made;
	return NULL;
}
