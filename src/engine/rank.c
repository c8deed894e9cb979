#include "engine/rank.h"

#include "engine/topic.h"

static const struct member *person_of(const struct member *m)
{
	const struct member *person = m->device_of ? mesh_member_by_no(m->mesh, m->device_of) : NULL;

	return person ? person : m;
}

enum rank member_rank(const struct member *m)
{
	const struct member *person = person_of(m);

	if (person->role != ROLE_ADMIN)
		return RANK_MEMBER;
	/* The first member of all. Its other keys came later: with no invite either, where its account let
	 * them in. */
	return person->invite_no || person->mesh->members != person ? RANK_ADMIN : RANK_OWNER;
}

bool rank_reaches(const struct member *by, const struct member *on)
{
	return person_of(by) == person_of(on) || member_rank(by) > member_rank(on);
}
