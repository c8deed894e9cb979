/*
 * context.h - what the commands that work with meshes share: files, the mesh meant, a
 * connection to its broker.
 */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include "cli/cli.h"
#include "client/config.h"
#include "client/visit.h"

#define BROKER_URL_DEFAULT "http://127.0.0.1:7900"

/* The user's files; loaded once a command. Warns of a CLAUDEMESH_CONFIG_DIR that is not there. */
struct err *context_client(struct cli *c, struct client *ret_client) MUST_CHECK;
/* The same for commands that join, leave and keep meshes: the user's, also in a session. */
struct err *context_user(struct cli *c, struct client *ret_client) MUST_CHECK;
struct err *context_config(struct cli *c, const struct client *client,
			   struct config_args *ret_config) MUST_CHECK;

/* The mesh of --mesh or the only one; with several a terminal is asked, else AMBIGUOUS. */
struct err *context_mesh(struct cli *c, const struct config_args *config,
			 const struct config_mesh_args **ret_mesh) MUST_CHECK;

/* The same, its broker visited: for commands that do one thing in one mesh. */
struct stay {
	struct client client;
	struct config_args config;
	const struct config_mesh_args *mesh;
	struct visit *visit;
};
struct err *stay_open(struct cli *c, struct stay *s) MUST_CHECK;
/* Its two steps: which mesh, and the connection. */
struct err *stay_find(struct cli *c, struct stay *s) MUST_CHECK;
struct err *stay_visit(struct cli *c, struct stay *s) MUST_CHECK;
/* The same to wait for what becomes of a message: comes back when the connection is lost. */
struct err *stay_open_waiting(struct cli *c, struct stay *s) MUST_CHECK;

/* Calls fn for the mesh of --mesh, or for every joined one; NOT_FOUND if there is none. With
 * several, one that fails is noted and the others go on; the first failure is returned. */
typedef struct err *mesh_fn(struct cli *c, const struct client *client,
			    const struct config_mesh_args *mesh, void *arg);
struct err *context_each_mesh(struct cli *c, mesh_fn *fn, void *arg) MUST_CHECK;

/* The name to be shown under, of the environment; empty: the member's. */
str context_display_name(void);

/* "2026-01-02 03:04" in local time; the text itself if it is no ISO time. */
str context_time(struct arena *a, str iso);

#endif
