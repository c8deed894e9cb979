/*
 * rank.h - who stands above whom in a mesh: the owner above admins, admins above members.
 *
 * The owner is who made the mesh: it is derived, nobody can be made one, and nobody acts on it.
 * Who is removed, banned, kicked or given another role must stand below who does it; a person's
 * devices stand where the person does. Engine thread only.
 */
#ifndef ENGINE_RANK_H
#define ENGINE_RANK_H

#include "engine/state.h"

enum rank { RANK_MEMBER, RANK_ADMIN, RANK_OWNER };

enum rank member_rank(const struct member *m);
static inline bool member_is_owner(const struct member *m) { return member_rank(m) == RANK_OWNER; }
/* May `by` act on `on`? Not on who stands as high or higher; the same person may. */
bool rank_reaches(const struct member *by, const struct member *on);

#endif
