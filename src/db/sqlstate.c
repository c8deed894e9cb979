#include "db/sqlstate.h"

/* By the beginning of the code; the first that fits. */
static const struct {
	const char *starts;
	enum err_code code;
} states[] = {
	{ "23", ERR_CONFLICT },     /* integrity constraint violation */
	{ "08", ERR_TRY_AGAIN },    /* connection */
	{ "25006", ERR_TRY_AGAIN }, /* read-only: a standby, until it is promoted */
	{ "25P0", ERR_TRY_AGAIN },  /* idle in transaction too long; aborted transaction */
	{ "40", ERR_TRY_AGAIN },    /* rolled back: serialization, deadlock, outcome unknown */
	{ "53", ERR_TRY_AGAIN },    /* disk full, out of memory, too many connections */
	{ "55", ERR_TRY_AGAIN },    /* lock not available, in use */
	{ "57", ERR_TRY_AGAIN },    /* cancelled by a deadline, shut down, starting up */
	{ "58", ERR_TRY_AGAIN },    /* a system call of the server failed */
	{ "28", ERR_IO },           /* user or password refused */
	{ "3D", ERR_IO },           /* no such database */
	{ "42501", ERR_IO },        /* the user lacks a privilege */
};

bool sqlstate_lost_race(const char *state)
{
	return str_eq(str_from(state), S("40001")) || str_eq(str_from(state), S("40P01"));
}

enum err_code sqlstate_code(const char *state)
{
	if (!state)
		return ERR_TRY_AGAIN;
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_starts(str_from(state), str_from(states[i].starts)))
			return states[i].code;
	return ERR_INTERNAL;
}
