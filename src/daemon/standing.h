/*
 * standing.h - standing.json: from which meshes the user or a session was put out, so that
 * nothing comes back by itself after a restart either (D-35).
 *
 * One entry for a member (session_pubkey empty) or a session of it: what the broker said and when.
 * It stands until the user acts. An entry is of one key: who joins anew has none. When
 * STANDING_MAX are there the oldest goes: that link then asks its broker once more. A file that
 * cannot be read is none. Loop thread only.
 */
#ifndef DAEMON_STANDING_H
#define DAEMON_STANDING_H

#include "base/err.h"

enum { STANDING_MAX = 1024 };

struct standing;

struct outcast {
	str mesh_id, member_pubkey;
	str session_pubkey; /* empty: the member; a ban is of its sessions, too */
	str word;           /* kicked, banned or revoked */
	str why;            /* a sentence */
	i64 at_ms;
};

struct standing *standing_open(str path);
void standing_free(struct standing *st); /* NULL is fine */
/* NULL: it may connect. Valid until the next change. */
const struct outcast *standing_get(const struct standing *st, str mesh_id, str member_pubkey,
				   str session_pubkey);
/* Replaces what was there; on disk when it returns, unless that fails (which is logged). */
void standing_put(struct standing *st, const struct outcast *o);
/* Of the member or one session. */
void standing_drop(struct standing *st, str mesh_id, str session_pubkey);
/* Of the mesh altogether; true if there was anything. */
bool standing_drop_mesh(struct standing *st, str mesh_id);

#endif
