/*
 * launch_run.h - carries a plan out: private directory, files, the agent, and the end of it
 * all on every way out.
 */
#ifndef CLI_LAUNCH_RUN_H
#define CLI_LAUNCH_RUN_H

#include "cli/launch_plan.h"

/* NO_PROGRAM: no directory of the PATH has the program. */
struct err *launch_find(struct arena *a, str program) MUST_CHECK;
/* The name of a directory below $TMPDIR, still to be filled in: "/tmp/claudemesh-XXXXXX". */
str launch_dir_pattern(struct arena *a);
/* A directory of our own, mode 0700; first those go whose launch has died. From here until the
 * agent runs no signal ends us: what it would leave behind holds keys. */
struct err *launch_dir_make(struct arena *a, str *ret_dir) MUST_CHECK;
void launch_dir_remove(struct arena *a, str dir);
/* Writes the files and the token, 0600. */
struct err *launch_write(struct arena *a, const struct launch_plan *p, str token) MUST_CHECK;
/* What is tried while the agent runs, every LAUNCH_AGAIN_MS until it is done (true). */
enum { LAUNCH_AGAIN_MS = 1000 };
struct launch_meanwhile {
	bool (*fn)(void *arg); /* NULL: nothing */
	void *arg;
};
/* Runs the agent in this terminal until it ends; its status as wait(2) tells it. NO_PROGRAM: it
 * is not on the PATH. The terminal's signals are the agent's; SIGTERM and SIGHUP are passed on. */
struct err *launch_agent(struct arena *a, const struct launch_plan *p, const struct launch_meanwhile *meanwhile,
			 int *ret_status) MUST_CHECK;

#endif
