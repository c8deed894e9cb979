#include "client/resolve.h"

#include "client/validate.h"
#include "crypto/chain.h"
#include "crypto/device.h"
#include "crypto/keys.h"

/* A member as the two lists show it: one candidate however many sessions it has. */
struct candidate {
	str member_pubkey, name;
	bool online, verified;
};

struct candidates {
	struct candidate *items;
	size_t n;
};

bool resolve_is_multicast(str who)
{
	who = str_trim(who);
	return str_eq(who, S("*")) || str_starts(who, S("@"));
}

static struct candidate *candidate_of(struct candidates *all, str member_pubkey)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq_nocase(all->items[i].member_pubkey, member_pubkey))
			return &all->items[i];
	return NULL;
}

static str stable_key(const struct peer_args *p)
{
	return str_empty(p->memberPubkey) ? p->pubkey : p->memberPubkey;
}

typedef bool match_fn(str typed, str name, str key);

static bool match_name(str typed, str name, str key)
{
	return str_eq_nocase(typed, name);
}

static bool match_key(str typed, str name, str key)
{
	return str_eq_nocase(typed, key);
}

static bool match_prefix(str typed, str name, str key)
{
	return key.len >= typed.len && str_eq_nocase(typed, str_of(key.ptr, typed.len));
}

static void add_member(struct candidates *found, const struct member_args *m)
{
	struct candidate *c = candidate_of(found, m->pubkey);

	if (!c) {
		c = &found->items[found->n++];
		*c = (struct candidate){ .member_pubkey = m->pubkey, .name = m->displayName };
	}
	c->online = c->online || m->online;
	c->verified = m->verified;
}

static void add_peer(struct candidates *found, const struct peer_args *p)
{
	struct candidate *c = candidate_of(found, stable_key(p));

	if (!c) {
		c = &found->items[found->n++];
		*c = (struct candidate){ .member_pubkey = stable_key(p), .name = p->displayName };
	}
	c->online = true;
}

/* The key of the person: of a device, if that is proved, its member's. */
static str person_key(const struct peers_list_args *list, str key)
{
	for (size_t i = 0; i < list->members.n; i++) {
		const struct member_args *m = &list->members.items[i];

		if (m->device.present && m->verified && str_eq_nocase(m->pubkey, key))
			return m->device.memberPubkey;
	}
	return key;
}

/* Everyone whose name or key matches, members first: they say who is verified. A device of
 * somebody is found by its key only. */
static struct candidates find_all(struct arena *a, const struct peers_list_args *list, str typed,
				  match_fn *match)
{
	struct candidates found = {
		NEW_ARRAY(a, struct candidate, list->peers.n + list->members.n + 1), 0
	};

	for (size_t i = 0; i < list->members.n; i++) {
		const struct member_args *m = &list->members.items[i];

		if (m->device.present && m->verified && match != match_key)
			continue;
		if (match(typed, m->displayName, m->pubkey))
			add_member(&found, m);
	}
	for (size_t i = 0; i < list->peers.n; i++) {
		const struct peer_args *p = &list->peers.items[i];

		if (match != match_key && !str_eq(person_key(list, stable_key(p)), stable_key(p)))
			continue;
		if (match(typed, p->displayName, stable_key(p)) ||
		    match(typed, p->displayName, p->pubkey))
			add_peer(&found, p);
	}
	/* A session may have been found by its own name only: is its member verified, online? */
	for (size_t i = 0; i < list->members.n; i++)
		if (candidate_of(&found, list->members.items[i].pubkey))
			add_member(&found, &list->members.items[i]);
	return found;
}

/* "bob (1a2b3c4d), ...", at most RESOLVE_LISTED_MAX. */
static str list_candidates(struct arena *a, const struct candidates *c)
{
	str all = STR_NONE;

	for (size_t i = 0; i < c->n && i < RESOLVE_LISTED_MAX; i++) {
		const struct candidate *one = &c->items[i];
		/* Enough of the key to be typed instead of the name. */
		str key = str_of(one->member_pubkey.ptr, MIN(one->member_pubkey.len, (size_t)16));

		all = arena_printf(a, "%.*s%s%.*s (%.*s%s)", STRF(all), i ? ", " : "",
				   STRF(one->name), STRF(key), one->online ? "" : ", away");
	}
	if (c->n > RESOLVE_LISTED_MAX)
		all = arena_printf(a, "%.*s and %zu more", STRF(all), c->n - RESOLVE_LISTED_MAX);
	return all;
}

/* The error with what a program can offer to choose from: names, or keys where names agree. */
static struct err *explain(struct arena *a, struct err *e, str who, str nearest_name,
			   const struct candidates *found, bool keys)
{
	str *matches = NEW_ARRAY(a, str, found->n + 1);
	struct err_tiers tiers = {
		.field = S("target"),
		.input = who,
		.nearest = nearest_name,
		.expected = S("a name, a key or the start of one, as 'claudemesh peers' shows them"),
		.matches = matches,
		.matches_n = found->n,
	};

	for (size_t i = 0; i < found->n; i++)
		matches[i] = keys ? found->items[i].member_pubkey : found->items[i].name;
	tiers.reason = e->code == ERR_AMBIGUOUS
			       ? arena_printf(a, "'%.*s' may be any of %zu peers", STRF(who), found->n)
			       : arena_printf(a, "no peer is called '%.*s'", STRF(who));
	return err_explain(a, e, &tiers);
}

static bool match_all(str typed, str name, str key)
{
	return true;
}

static struct err *unknown(struct arena *a, const struct peers_list_args *list, str own_pubkey,
			   str who)
{
	struct candidates all = find_all(a, list, who, match_all);
	struct candidates others = { NEW_ARRAY(a, struct candidate, all.n + 1), 0 };
	str *names = NEW_ARRAY(a, str, all.n + 1);
	str near, listed;

	for (size_t i = 0; i < all.n; i++) {
		if (str_eq_nocase(all.items[i].member_pubkey, own_pubkey))
			continue;
		names[others.n] = all.items[i].name;
		others.items[others.n++] = all.items[i];
	}
	near = nearest(who, names, others.n);
	if (!str_empty(near))
		return explain(a, FAIL(a, NOT_FOUND, "no peer is called '%.*s'; did you mean '%.*s'?",
				       STRF(who), STRF(near)),
			       who, near, &others, false);
	if (!others.n)
		return FAIL(
			a, NOT_FOUND,
			"no peer is called '%.*s'; you are alone in this mesh, invite someone with "
			"'claudemesh share'",
			STRF(who));
	listed = list_candidates(a, &others);
	return explain(a, FAIL(a, NOT_FOUND, "no peer is called '%.*s'; there are: %.*s", STRF(who),
			       STRF(listed)),
		       who, STR_NONE, &others, false);
}

static struct err *ambiguous(struct arena *a, const struct candidates *found, str who,
			     const char *what)
{
	str listed = list_candidates(a, found);

	return explain(a, FAIL(a, AMBIGUOUS,
			       "several peers have the %s '%.*s': %.*s; give the key, or more of it",
			       what, STRF(who), STRF(listed)),
		       who, STR_NONE, found, true);
}

static struct err *take_group(struct arena *a, str who, struct target *t)
{
	struct invalid why;
	str name;

	if (str_eq(who, S("*")) || str_eq_nocase(who, S("@all"))) {
		t->kind = TARGET_ALL;
		t->spec = S("*");
		t->name = S("everyone");
		return NULL;
	}
	if (!valid_group(a, who, &name, &why))
		return invalid_err(a, &why);
	t->kind = TARGET_GROUP;
	t->spec = t->name = arena_printf(a, "@%.*s", STRF(name));
	return NULL;
}

static void take_devices(struct arena *a, const struct peers_list_args *list, struct target *t)
{
	t->devices.items = NEW_ARRAY(a, str, DEVICES_MAX);
	for (size_t i = 0; i < list->members.n && t->devices.n < DEVICES_MAX; i++) {
		const struct member_args *m = &list->members.items[i];

		if (m->device.present && m->verified && pubkey_is_valid(m->pubkey) &&
		    str_eq_nocase(m->device.memberPubkey, t->member_pubkey))
			t->devices.items[t->devices.n++] = m->pubkey;
	}
}

struct target resolve_copy(struct arena *a, const struct target *to, size_t i)
{
	struct target copy = *to;

	copy.spec = copy.member_pubkey = arena_dup(a, to->devices.items[i]);
	copy.devices = (struct strs){ 0 };
	return copy;
}

str resolve_copy_id(struct arena *a, const struct target *to, size_t i, str client_message_id)
{
	size_t keep = MIN(client_message_id.len, (size_t)(CLIENT_ID_BYTES_MAX - 9));

	return arena_printf(a, "%.*s.%.8s", (int)keep, client_message_id.ptr, to->devices.items[i].ptr);
}

/* spec: the session key that was typed; empty: the member's own. */
static void take_candidate(struct arena *a, const struct candidate *c, str own_pubkey, str spec,
			   struct target *t)
{
	struct invalid why;

	t->kind = TARGET_KEY;
	t->name = c->name;
	t->online = c->online;
	t->verified = c->verified;
	t->listed = true;
	t->is_self = str_eq_nocase(c->member_pubkey, own_pubkey);
	/* Lower case, or sealing would refuse it; what is no key at all it refuses anyway. */
	if (!valid_pubkey(a, c->member_pubkey, &t->member_pubkey, &why))
		t->member_pubkey = c->member_pubkey;
	t->spec = str_empty(spec) ? t->member_pubkey : spec;
}

/* A whole key is an address even if nobody lists it: the broker may know it still. */
static void take_key(struct arena *a, const struct peers_list_args *list, str own_pubkey, str key,
		     struct target *t)
{
	struct candidates found = find_all(a, list, key, match_key);

	if (found.n) {
		take_candidate(a, &found.items[0], own_pubkey, key, t);
		if (str_eq(t->spec, t->member_pubkey))
			take_devices(a, list, t);
		return;
	}
	t->kind = TARGET_KEY;
	t->spec = t->member_pubkey = key;
	t->is_self = str_eq_nocase(key, own_pubkey);
}

static struct err *take_name(struct arena *a, const struct peers_list_args *list, str own_pubkey,
			     str who, struct target *t)
{
	struct candidates found = find_all(a, list, who, match_name);
	struct invalid why;
	const char *what = "name";
	str prefix;

	/* Ours among namesakes: nobody means himself. */
	if (found.n == 2 && str_eq_nocase(found.items[0].member_pubkey, own_pubkey))
		found.items++, found.n--;
	else if (found.n == 2 && str_eq_nocase(found.items[1].member_pubkey, own_pubkey))
		found.n--;
	if (!found.n && valid_pubkey_prefix(a, who, &prefix, &why)) {
		what = "key prefix";
		found = find_all(a, list, prefix, match_prefix);
	}
	if (found.n > 1)
		return ambiguous(a, &found, who, what);
	if (!found.n)
		return unknown(a, list, own_pubkey, who);
	take_candidate(a, &found.items[0], own_pubkey, STR_NONE, t);
	take_devices(a, list, t);
	return NULL;
}

struct err *resolve_target(struct arena *a, const struct peers_list_args *list, str own_pubkey,
			   str who, struct target *ret_target)
{
	struct target t = { .typed = str_trim(who) };
	struct invalid why;
	str key;

	who = t.typed;
	if (str_empty(who))
		return FAIL(a, BAD_REQUEST,
			    "no recipient given; expected: a name, a key, '@group' or '*'");
	if (who.len > NAME_BYTES_MAX)
		return FAIL(a, BAD_REQUEST, "a recipient has at most %d characters, this has %zu",
			    NAME_BYTES_MAX, who.len);
	if (str_starts(who, S("#")))
		return FAIL(a, NOT_SUPPORTED,
			    "'%.*s' names a topic; 'send' takes a name, a key, '@group' or '*'",
			    STRF(who));
	if (resolve_is_multicast(who))
		TRY(take_group(a, who, &t));
	else if (valid_pubkey(a, who, &key, &why))
		take_key(a, list, own_pubkey, key, &t);
	else
		TRY(take_name(a, list, own_pubkey, who, &t));
	*ret_target = t;
	return NULL;
}

bool member_is_verified(struct arena *a, const struct member_args *m, str mesh_id, str owner_pubkey)
{
	const struct chain_args *c = &m->chain;
	struct chain chain = {
		.owner_pubkey = owner_pubkey,
		.invite = { mesh_id, c->inviteId, c->invitePubkey, c->role, c->expiresAt,
			    c->maxUses },
		.invite_signature = c->ownerSignature,
		.claim = { mesh_id, c->inviteId, m->pubkey, c->x25519 },
		.claim_signature = c->claimSignature,
	};

	if (!c->present || !pubkey_is_valid(owner_pubkey) || !pubkey_is_valid(m->pubkey))
		return false;
	/* The creator joined without an invite: the owner's key itself vouches. */
	if (str_eq(c->inviteId, S("owner")))
		return chain_claim_check(a, &chain.claim, owner_pubkey, c->claimSignature);
	/* With the role that it was invited as; what it was made since is the broker's word. */
	return !chain_verify(a, &chain, m->pubkey);
}

/* A device of a member whose chain holds: that member's own signature let it in. */
static bool device_is_verified(struct arena *a, const struct member_args *m,
			       const struct member_list *members, str mesh_id)
{
	const struct device_of_args *d = &m->device;
	struct device device = {
		.code = { mesh_id, d->memberPubkey, d->code, d->expiresAt },
		.code_signature = d->codeSignature,
		.claim = { mesh_id, d->code, m->pubkey, d->x25519 },
		.claim_signature = d->claimSignature,
	};

	for (size_t i = 0; i < members->n; i++) {
		const struct member_args *of = &members->items[i];

		if (!of->device.present && of->verified && str_eq(of->pubkey, d->memberPubkey))
			return str_eq(of->role, m->role) && !device_verify(a, &device, m->pubkey);
	}
	return false;
}

void members_verify(struct arena *a, struct member_list *members, str mesh_id, str owner_pubkey)
{
	for (size_t i = 0; i < members->n; i++)
		members->items[i].verified = member_is_verified(a, &members->items[i], mesh_id,
								owner_pubkey);
	for (size_t i = 0; i < members->n; i++)
		if (members->items[i].device.present)
			members->items[i].verified =
				device_is_verified(a, &members->items[i], members, mesh_id);
}

void members_confirm(struct member_list *members, const str *confirmed, size_t n)
{
	for (size_t i = 0; i < members->n; i++)
		for (size_t k = 0; k < n && !members->items[i].verified; k++)
			members->items[i].verified = str_eq(members->items[i].pubkey, confirmed[k]);
}
