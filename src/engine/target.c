#include "engine/target.h"

#include <utlist.h>

#include "crypto/encode.h"
#include "engine/topic.h"
#include "json/text.h"

enum { SHOWN_KEY = 16 };

/* The people who may be meant; n counts on where the list is full. */
struct meant {
	struct member *people[CANDIDATES_MAX];
	size_t n;
};

static void add(struct meant *meant, struct member *person)
{
	for (size_t i = 0; i < MIN(meant->n, (size_t)CANDIDATES_MAX); i++)
		if (meant->people[i] == person)
			return;
	if (meant->n < CANDIDATES_MAX)
		meant->people[meant->n] = person;
	meant->n++;
}

static bool has_standing(const struct member *m, bool banned)
{
	return banned ? m->banned_ms != 0 : !m->revoked_ms;
}

/* Of one key or more: lower case; absent if the target can be none. */
static str key_start(struct arena *a, str target)
{
	bool even = target.len % 2 == 0;
	str digits = even ? target : str_of(target.ptr, target.len - 1);

	if (target.len < TARGET_PREFIX_MIN || target.len > 64 || !str_is_hex(digits, digits.len / 2, false) ||
	    (!even && !str_is_hex(str_of(target.ptr + target.len - 2, 2), 1, false)))
		return STR_NONE;
	return hex_lower(a, target);
}

static bool starts(const char *pubkey, str key)
{
	return key.len && str_starts(str_of(pubkey, 64), key);
}

static struct err *ambiguous(struct req *rq, str target, const struct meant *meant)
{
	str names = STR_NONE;

	for (size_t i = 0; i < MIN(meant->n, (size_t)CANDIDATES_MAX); i++)
		names = arena_printf(rq->arena, "%.*s%s%.*s (%.*s)", STRF(names), i ? ", " : "",
				     STRF(text_quotable(rq->arena, meant->people[i]->name, NAME_BYTES_MAX)),
				     SHOWN_KEY, meant->people[i]->pubkey);
	return err_word(FAIL(rq->arena, AMBIGUOUS, "'%.*s' may mean %zu: %.*s%s; give more of the key",
			     STRF(text_quotable(rq->arena, target, NAME_BYTES_MAX)), meant->n, STRF(names),
			     meant->n > CANDIDATES_MAX ? ", ..." : ""), S("ambiguous_prefix"));
}

static void add_members(struct req *rq, str target, str key, bool banned, struct meant *meant)
{
	struct member *m, *next;

	HASH_ITER(hh, rq->from->mesh->members, m, next)
		if (has_standing(m, banned) && (str_eq(m->name, target) || starts(m->pubkey, key)))
			add(meant, member_person(m));
}

struct err *target_person(struct req *rq, str target, bool banned, struct member **ret_person)
{
	struct mesh *m = rq->from->mesh;
	str key = key_start(rq->arena, target);
	struct member *exact = key.len == 64 ? mesh_member(m, key) : NULL;
	struct mailbox *session = key.len == 64 && !exact ? mesh_mailbox(m, key) : NULL;
	struct meant meant = { 0 };

	*ret_person = NULL;
	if (session)
		exact = session->member;
	if (exact) {
		*ret_person = has_standing(exact, banned) ? member_person(exact) : NULL;
		return NULL;
	}
	add_members(rq, target, key, banned, &meant);
	if (meant.n > 1)
		return ambiguous(rq, target, &meant);
	*ret_person = meant.n ? meant.people[0] : NULL;
	return NULL;
}

/* All of the person if that is named, or the one connection that is. */
static bool is_named(const struct presence *p, str target, str key)
{
	return str_eq(presence_name(p), target) || str_eq(p->member->name, target) ||
	       starts(p->member->pubkey, key) || (p->mailbox && starts(p->mailbox->pubkey, key));
}

static bool is_exactly(const struct presence *p, const struct member *member, const struct mailbox *session)
{
	if (session)
		return p->mailbox == session;
	return member && (p->member == member || (!member->device_of && p->member->device_of == member->no));
}

struct err *target_presences(struct req *rq, str target, struct presence ***ret_items, size_t *ret_n)
{
	struct mesh *m = rq->from->mesh;
	str key = key_start(rq->arena, target);
	const struct member *member = key.len == 64 ? mesh_member(m, key) : NULL;
	const struct mailbox *session = key.len == 64 && !member ? mesh_mailbox(m, key) : NULL;
	bool exact = member || session;
	struct meant meant = { 0 };
	struct presence *p;

	*ret_n = 0;
	*ret_items = NEW_ARRAY(rq->arena, struct presence *, (size_t)m->n_presences + 1);
	/* Somebody who is away may be meant, too. */
	if (!exact)
		add_members(rq, target, key, false, &meant);
	DL_FOREACH(m->presences, p) {
		if (!(exact ? is_exactly(p, member, session) : is_named(p, target, key)))
			continue;
		(*ret_items)[(*ret_n)++] = p;
		add(&meant, member_person(p->member));
	}
	return meant.n > 1 ? ambiguous(rq, target, &meant) : NULL;
}
