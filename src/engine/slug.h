/*
 * slug.h - short names of meshes: ^[a-z0-9]+(-[a-z0-9]+)*$, 2 to SLUG_BYTES_MAX (client.md 4).
 */
#ifndef ENGINE_SLUG_H
#define ENGINE_SLUG_H

#include "base/err.h"

/* BAD_REQUEST with the word invalid_slug. */
struct err *slug_check(struct arena *a, str slug) MUST_CHECK;
/* Of a name: lower case, runs of anything else become one '-'; "mesh" when nothing is left. There is
 * room for "-99" behind it. */
str slug_from_name(struct arena *a, str name);

#endif
