#include "client/members.h"

void members_done(struct members *m)
{
	arena_free(m->arena);
	*m = (struct members){ 0 };
}

void members_take(struct members *m, const struct member_list *list, i64 now_ms)
{
	m->asked = true;
	m->asked_ms = now_ms;
	if (!list)
		return;
	arena_free(m->arena);
	m->arena = arena_new();
	m->keys = NEW_ARRAY(m->arena, str, list->n + 1);
	m->n = 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].verified)
			m->keys[m->n++] = arena_dup(m->arena, list->items[i].pubkey);
}

bool members_has(const struct members *m, str pubkey)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->keys[i], pubkey))
			return true;
	return false;
}

bool members_want_key(const struct members *m, str pubkey, i64 now_ms)
{
	return !members_has(m, pubkey) && (!m->asked || now_ms - m->asked_ms >= MEMBERS_AGAIN_MS);
}

bool members_want(const struct members *m, const struct inbound *from, i64 now_ms)
{
	return from->proven && members_want_key(m, from->from_member_pubkey, now_ms);
}

void members_verify_sender(const struct members *m, struct inbound *from)
{
	from->verified = from->proven && members_has(m, from->from_member_pubkey);
}
