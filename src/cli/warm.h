/*
 * warm.h - commands through the daemon: is there one, may it be used, what did it say.
 *
 * A command first asks warm_open(); where there is no daemon it goes to the broker by itself
 * (context.h), except under --strict. Who asks is the session we run in, if any, else the user.
 */
#ifndef CLI_WARM_H
#define CLI_WARM_H

#include "cli/cli.h"
#include "client/config.h"
#include "client/daemon_start.h"
#include "proto/peer.h"

struct warm {
	struct paths paths; /* of the user */
	struct ipc ipc;
	bool is_up;
};

/* Looks for the daemon and starts one where there is none. Not up: a note says why, once, where
 * the user did not ask for it; an error only under --strict, and in a session whose token would
 * be ignored otherwise. */
struct err *warm_open(struct cli *c, struct warm *w) MUST_CHECK;
/* The same without starting one. */
struct err *warm_look(struct cli *c, struct warm *w) MUST_CHECK;

/* Says to people of which mesh the daemon knows only what was before: its connection is lost, or
 * they were put out. */
void warm_tell_away(struct cli *c, const struct warm *w);

/* Of /v1/health: what is to be said of a mesh that we were kicked or removed from; else absent. */
str warm_put_out(const struct json *health, str slug);

/* One call: ipc_ask(). The body is written by the caller, or {NULL, 0}. */
struct err *warm_get(struct cli *c, const struct warm *w, str target, const struct json **ret_body)
	MUST_CHECK;
struct err *warm_send(struct cli *c, const struct warm *w, const char *method, str target,
		      const struct json_field *fields, const void *args,
		      const struct json **ret_body) MUST_CHECK;
/* The same for what brokers confirm, or take without a word. */
struct err *warm_tell(struct cli *c, const struct warm *w, const char *method, str target,
		      const struct json_field *fields, const void *args, bool *ret_confirmed)
	MUST_CHECK;
/* "/v1/inbox?mesh=a&limit=3" from pairs; those without a value are left out. */
struct query { const char *name; str value; };
str warm_target(struct arena *a, const char *path, const struct query *pairs, size_t n);

/* The mesh meant, as the daemon takes it: --mesh; in a session empty, which means its own; else
 * as context_mesh() finds it. */
struct err *warm_mesh(struct cli *c, const struct warm *w, str *ret_slug) MUST_CHECK;
/* Who is there, the members' chains checked against the owner key that we pinned. */
struct err *warm_peers(struct cli *c, const struct warm *w, const struct config_mesh_args *mesh,
		       struct peers_list_args *ret_list) MUST_CHECK;
/* One mesh and who is in it now, asked through the daemon or, without one, of the broker. */
struct company {
	struct paths paths;                  /* where the mesh's keys are */
	const struct config_mesh_args *mesh; /* of --mesh, or as context_mesh() finds it */
	struct peers_list_args list;
	str session;                         /* our own session's key; empty outside of one */
};
struct err *warm_company(struct cli *c, struct company *ret) MUST_CHECK;
/* What others see of us; *ret_confirmed: the brokers said yes. */
struct err *warm_profile(struct cli *c, const struct warm *w, struct local_profile_args *args,
			 bool *ret_confirmed) MUST_CHECK;

/* The daemon's config.json was changed by a join or leave: tells it, if there is one. */
void warm_reload(struct cli *c);

#endif
