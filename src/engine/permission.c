#include "engine/permission.h"

#include "engine/audit.h"
#include "engine/rank.h"
#include "engine/topic.h"
#include "engine/words.h"
#include "store/grant.h"

enum {
	PERMISSIONS_JSON_MAX = 4096,
	CHANGE_KB = 128,              /* of what a member's lists may take in a minute */
};

#define OWNER_BIT_(id, word, owner, admin, member) | (owner ? id : 0)
#define ADMIN_BIT_(id, word, owner, admin, member) | (admin ? id : 0)
#define MEMBER_BIT_(id, word, owner, admin, member) | (member ? id : 0)
static const unsigned of_rank[] = {
	[RANK_OWNER] = 0 PERMISSIONS(OWNER_BIT_),
	[RANK_ADMIN] = 0 PERMISSIONS(ADMIN_BIT_),
	[RANK_MEMBER] = 0 PERMISSIONS(MEMBER_BIT_),
};
static const char *const rank_words[] = {
	[RANK_OWNER] = "owner", [RANK_ADMIN] = "admin", [RANK_MEMBER] = "member",
};

unsigned permissions_of_role(struct member *member)
{
	return of_rank[member_rank(member)];
}

unsigned member_permissions(struct member *member)
{
	const struct member *person = member_person(member);

	return person->has_permissions && !member_is_owner(person) ? person->permissions
								   : permissions_of_role(member);
}

bool member_may(struct member *member, enum permission what)
{
	return member_permissions(member) & what;
}

struct err *permission_check(struct arena *a, struct member *member, unsigned needed)
{
	unsigned lacking = needed & ~member_permissions(member);

	for (unsigned i = 0; permission_words[i]; i++)
		if (lacking & 1u << i)
			return FAIL(a, FORBIDDEN, "you may not do this in '%.*s': it needs the permission '%s', "
				    "which an admin can give", STRF(member->mesh->name), permission_words[i]);
	return NULL;
}

const struct json *permissions_json(struct arena *a, unsigned permissions)
{
	CLEANUP(buf_done) struct buf b = buf_make(PERMISSIONS_JSON_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	for (unsigned i = 0; permission_words[i]; i++)
		json_put_bool(&o, permission_words[i], permissions & 1u << i);
	json_obj_end(&o);
	return json_of(a, buf_str(&b));
}

/* ---- changing ---- */

struct err *change_may(struct req *rq, struct member *by)
{
	i64 kb = rq->engine->settings.lists_kb_per_minute;

	if (!bucket_has(&by->lists, rq->engine->mono_ms, kb, kb)) {
		rq->retry_after_s = 10;
		return FAIL(rq->arena, RATE_LIMIT, "too much was changed in a minute; wait a little");
	}
	bucket_take_many(&by->lists, CHANGE_KB);
	return NULL;
}

static struct member *find(struct mesh *m, str id)
{
	struct member *member, *next;

	HASH_ITER(hh, m->members, member, next)
		if (str_eq(str_from(member->id), id) && !member->revoked_ms)
			return member_person(member);
	return NULL;
}

static struct err *read_changes(struct arena *a, const struct json *changes, unsigned *permissions)
{
	if (changes->type != JSON_OBJ)
		return err_word(FAIL(a, BAD_REQUEST, "field 'permissions': an object of keys and true or false"),
				S("invalid"));
	for (const struct json *entry = changes->first; entry; entry = entry->next) {
		unsigned bit = word_bit(permission_words, entry->key);

		if (!bit)
			return word_unknown(a, permission_words, "permission", entry->key);
		if (entry->type != JSON_BOOL)
			return err_word(FAIL(a, BAD_REQUEST, "field 'permissions.%.*s': true or false",
					     STRF(entry->key)), S("invalid"));
		*permissions = entry->b ? *permissions | bit : *permissions & ~bit;
	}
	return NULL;
}

static struct err *may_set(struct arena *a, struct member *by, struct member *person, unsigned wanted)
{
	unsigned given = wanted & ~member_permissions(person) & ~member_permissions(by);

	if (member_is_owner(person))
		return FAIL(a, FORBIDDEN, "the owner may do everything, always");
	if (member_rank(person) != RANK_MEMBER && !rank_reaches(by, person))
		return FAIL(a, FORBIDDEN, "only the owner changes what an admin may");
	for (unsigned i = 0; permission_words[i]; i++)
		if (given & 1u << i)
			return FAIL(a, FORBIDDEN, "you cannot give '%s', which you have not", permission_words[i]);
	return NULL;
}

static void keep(struct member *person, bool has, unsigned permissions)
{
	struct mesh *m = person->mesh;

	m->touched_in = m->engine->batch_no;
	person->has_permissions = has;
	person->permissions = permissions;
	if (has)
		store_permission_set(m->engine->store,
				     &(struct permission_row){ m->no, person->no, permissions });
	else
		store_permission_remove(m->engine->store, m->no, person->no);
}

void permissions_reset(struct member *member)
{
	struct member *person = member_person(member);

	if (person->has_permissions)
		keep(person, false, 0);
}

struct err *permissions_set(struct req *rq, struct member *by, str member_id, const struct json *changes,
			    str *ret_id)
{
	struct member *person = find(by->mesh, member_id);
	bool has = changes && changes->type != JSON_NULL;
	unsigned wanted;

	TRY(change_may(rq, by));
	if (!person)
		return FAIL(rq->arena, NOT_FOUND, "no member of this mesh has this id");
	wanted = has ? member_permissions(person) : permissions_of_role(person);
	if (has)
		TRY(read_changes(rq->arena, changes, &wanted));
	TRY(may_set(rq->arena, by, person, wanted));
	keep(person, has, wanted);
	audit(by->mesh, by, "permissions_changed", str_from(person->id));
	*ret_id = str_from(person->id);
	return NULL;
}

/* ---- showing ---- */

static int by_no(const void *left, const void *right)
{
	const struct member *const *a = left, *const *b = right;

	return ((*a)->no > (*b)->no) - ((*a)->no < (*b)->no);
}

static struct permission_entry_args entry_of(struct req *rq, struct member *person)
{
	return (struct permission_entry_args){
		.memberId = str_from(person->id), .displayName = person->name,
		.role = str_from(rank_words[member_rank(person)]), .isOwner = member_is_owner(person),
		.explicit = person->has_permissions,
		.permissions = permissions_json(rq->arena, member_permissions(person)),
	};
}

struct err *permissions_list(struct req *rq, struct mesh *m, str member_id, struct permission_entry_list *ret_list)
{
	struct member **persons = NEW_ARRAY(rq->arena, struct member *, HASH_COUNT(m->members) + 1);
	struct member *member, *next;
	size_t n = 0;

	HASH_ITER(hh, m->members, member, next)
		if (!member->revoked_ms && !member->device_of &&
		    (!member_id.len || str_eq(str_from(member->id), member_id)))
			persons[n++] = member;
	if (!n)
		return FAIL(rq->arena, NOT_FOUND, "no member of this mesh has this id");
	qsort(persons, n, sizeof(struct member *), by_no);
	*ret_list = (struct permission_entry_list){ NEW_ARRAY(rq->arena, struct permission_entry_args, n), n, true };
	for (size_t i = 0; i < n; i++)
		ret_list->items[i] = entry_of(rq, persons[i]);
	return NULL;
}

struct err *permissions_read(struct mesh *m, struct arena *a)
{
	struct permission_row *rows;
	struct member *member, *next;
	size_t n;

	TRY(store_permissions(m->engine->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->members, member, next)
		member->has_permissions = false;
	for (size_t i = 0; i < n; i++) {
		member = mesh_member_by_no(m, rows[i].member_no);
		if (!member)
			continue;
		member->has_permissions = true;
		member->permissions = (unsigned)rows[i].permissions & PERM_ALL;
	}
	return NULL;
}
