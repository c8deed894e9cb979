/*
 * wire.h - questions to the broker of the mesh meant, through the daemon where there is one,
 * else over a connection of our own. For commands about topics and API keys, which do the same
 * either way (client/topics.h).
 */
#ifndef CLI_WIRE_H
#define CLI_WIRE_H

#include "cli/context.h"
#include "cli/warm.h"

struct wire {
	struct cli *c;
	struct warm warm;   /* is_up: the daemon asks */
	struct stay stay;   /* else; its visit is NULL until the first question */
	struct client client;
	const struct config_mesh_args *mesh;
};

/* Finds the mesh of --mesh, of the session, or the only one; nothing is connected yet. */
struct err *wire_open(struct cli *c, struct wire *w) MUST_CHECK;
/* One frame and its reply, as visit_call(); "send" is a post to a topic, and its reply the ack.
 * A daemon that went away meanwhile is gone without. arg: struct wire. */
struct err *wire_call(void *arg, struct arena *a, const char *type, const struct json_field *fields,
		      const void *args, const struct json_field *reply_fields, void *ret_reply,
		      size_t reply_size) MUST_CHECK;
void wire_close(struct wire *w);

/* Calls fn for the mesh of --mesh, the session's, or every joined one; NOT_FOUND if there is none.
 * With several, one that fails is noted and the others go on; the first failure is returned if
 * none worked. */
typedef struct err *wire_fn(struct wire *w, void *arg);
struct err *wire_each(struct cli *c, wire_fn *fn, void *arg) MUST_CHECK;

#endif
