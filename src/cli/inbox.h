/*
 * inbox.h - the inbox of the daemon, for inbox.c and listen.c.
 */
#ifndef CLI_INBOX_H
#define CLI_INBOX_H

#include "cli/message.h"
#include "cli/warm.h"

struct inbox_want {
	i64 wait_ms; /* for a message, if nothing is there */
	i64 limit;   /* 0: the daemon's own */
	bool unread;
};

/* Prints what the daemon keeps, oldest first, and then says that it was read. */
struct err *inbox_warm(struct cli *c, const struct warm *w, const struct inbox_want *want) MUST_CHECK;

/* Whose a message is, as far as this program may say so: the members of meshes whose chains
 * hold, asked for when needed. */
struct knowing {
	struct cli *c;
	const struct warm *w;
	struct known { str slug; struct member_list members; } *meshes;
	size_t n;
};
/* Sets m->verified. */
void knowing_look(struct knowing *k, str mesh, struct inbound *m);

/* Would reading it here take it from somebody else? A session's mail is for the session. */
bool inbox_is_ours(const struct warm *w, const struct json *row);
/* These rows were read. */
struct err *inbox_seen(struct cli *c, const struct warm *w, str *ids, size_t n) MUST_CHECK;
/* Listening with the daemon: what is unread, then what comes. */
struct err *listen_warm(struct cli *c, const struct warm *w) MUST_CHECK;

#endif
