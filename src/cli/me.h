/*
 * me.h - what the commands about all of one's meshes share: `me ...`, `notification list`.
 */
#ifndef CLI_ME_H
#define CLI_ME_H

#include "cli/topic.h"

enum { ME_ROWS_MAX = 10000 };

/* A post or a mention of any mesh, readable or not. */
struct me_post {
	str slug, mesh_id, topic, topic_id, id, sender, sender_id, created_at, why;
	str text; /* {NULL, 0}: it cannot be read, see why */
	str authorship; /* topic_authorship() */
	bool unread, encrypted;
};
struct me_posts {
	struct me_post *items;
	size_t n;
};
struct err *me_add(struct cli *c, struct me_posts *posts, const struct me_post *post) MUST_CHECK;
void me_sort(struct me_posts *posts); /* newest first */

/* "5m ago"; "never" of nothing. */
str me_ago(struct arena *a, str iso);
/* "24h" or an ISO time as an ISO time; empty: otherwise_ms ago. */
struct err *me_since(struct cli *c, str text, i64 otherwise_ms, str *ret_iso) MUST_CHECK;
/* One line of a text, at most max characters. */
str me_snippet(struct arena *a, str text, size_t max);
/* Mentions of one mesh. */
struct err *me_mentions(struct wire *w, str since, bool unread, struct me_posts *posts, i64 *ret_unread)
	MUST_CHECK;

#endif
