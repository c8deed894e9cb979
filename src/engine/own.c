#include "engine/own.h"

static char *copy(str s)
{
	char *p = malloc(s.len + 1);

	if (!p)
		abort();
	memcpy(p, s.ptr, s.len);
	p[s.len] = 0;
	return p;
}

void own_free(str *slot)
{
	free((void *)(uintptr_t)slot->ptr);
	*slot = STR_NONE;
}

void own_str(str *slot, str value)
{
	str fresh = value.len ? str_of(copy(value), value.len) : STR_NONE;

	own_free(slot);
	*slot = fresh;
}

void own_groups_free(struct groups *slot)
{
	for (size_t i = 0; i < slot->n; i++) {
		own_free(&slot->items[i].name);
		own_free(&slot->items[i].role);
	}
	free(slot->items);
	*slot = (struct groups){ 0 };
}

void own_groups(struct groups *slot, const struct group_args *items, size_t n)
{
	struct groups fresh = { 0 };

	for (size_t i = 0; i < n; i++)
		if (!own_groups_put(&fresh, items[i].name, items[i].role))
			break;
	own_groups_free(slot);
	*slot = fresh;
}

static struct group_args *find(const struct groups *slot, str name)
{
	for (size_t i = 0; i < slot->n; i++)
		if (str_eq(slot->items[i].name, name))
			return &slot->items[i];
	return NULL;
}

bool groups_have_room(const struct groups *slot, str name)
{
	return slot->n < GROUPS_MAX || find(slot, name);
}

bool own_groups_put(struct groups *slot, str name, str role)
{
	struct group_args *there = find(slot, name);

	if (there) {
		own_str(&there->role, role);
		return true;
	}
	if (slot->n == GROUPS_MAX)
		return false;
	slot->items = realloc(slot->items, (slot->n + 1) * sizeof(*slot->items));
	if (!slot->items)
		abort();
	slot->items[slot->n] = (struct group_args){ 0 };
	own_str(&slot->items[slot->n].name, name);
	own_str(&slot->items[slot->n].role, role);
	slot->n++;
	return true;
}

void own_groups_remove(struct groups *slot, str name)
{
	for (size_t i = 0; i < slot->n; i++) {
		if (!str_eq(slot->items[i].name, name))
			continue;
		own_free(&slot->items[i].name);
		own_free(&slot->items[i].role);
		slot->n--;
		memmove(&slot->items[i], &slot->items[i + 1], (slot->n - i) * sizeof(*slot->items));
		return;
	}
}

bool groups_contain(const struct groups *g, str name)
{
	for (size_t i = 0; i < g->n; i++) {
		str have = g->items[i].name;

		if (str_starts(have, name) && (have.len == name.len || have.ptr[name.len] == '/'))
			return true;
	}
	return false;
}

bool group_name_is_valid(str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '_' || c == '-' || c == '.' || c == '/'))
			return false;
	}
	return name.len > 0;
}
