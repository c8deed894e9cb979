/*
 * own.h - texts and group lists owned by a long-lived struct: copied in, freed by it.
 */
#ifndef ENGINE_OWN_H
#define ENGINE_OWN_H

#include "proto/group.h"

struct groups { struct group_args *items; size_t n; };

void own_str(str *slot, str value);           /* frees the old, copies the new; empty: STR_NONE */
void own_free(str *slot);
void own_groups(struct groups *slot, const struct group_args *items, size_t n);
void own_groups_free(struct groups *slot);
/* Sets or replaces an entry; false when GROUPS_MAX are there. */
bool own_groups_put(struct groups *slot, str name, str role) MUST_CHECK;
/* True if own_groups_put() would succeed. */
bool groups_have_room(const struct groups *slot, str name);
void own_groups_remove(struct groups *slot, str name);
/* "a/b" is in group "a/b" and in group "a". */
bool groups_contain(const struct groups *g, str name);
/* Letters, digits, '_', '-', '.' and '/'; not empty. */
bool group_name_is_valid(str name);

#endif
