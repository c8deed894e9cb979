/*
 * view.h - what of the daemon's mail a caller may see: an agent session its own and its
 * member's of one mesh, the user everything.
 */
#ifndef DAEMON_VIEW_H
#define DAEMON_VIEW_H

#include "base/str.h"

struct view {
	str mesh_id;        /* empty: every mesh and recipient */
	str session_pubkey; /* 64 hex */
	str member_pubkey;
};

/* recipient: a key of ours, or empty for what has none (peer events). */
static inline bool view_admits(const struct view *s, str mesh_id, str recipient)
{
	if (str_empty(s->mesh_id) || str_empty(mesh_id))
		return true;
	return str_eq(s->mesh_id, mesh_id) &&
	       (str_empty(recipient) || str_eq(recipient, s->session_pubkey) ||
		str_eq(recipient, s->member_pubkey));
}

#endif
