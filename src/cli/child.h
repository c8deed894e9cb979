/*
 * child.h - another claudemesh of ours, talked to over its standard input and output, as an agent
 * does: for `doctor wake`. Everything waits for a deadline, and a child that does not end is ended.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

enum { CHILD_SAYS_MAX = 1 << 20, CHILD_END_MS = 2000, CHILD_ENV_MAX = 8 };

/* value NULL: taken out of the environment. */
struct child_env { const char *name, *value; };

struct child {
	pid_t pid;            /* 0: none runs */
	int in, out;          /* our ends */
	struct buf said;
};

/* Runs `claudemesh ARGUMENTS`; arguments end with NULL, env with a NULL name. */
struct err *child_start(struct arena *a, const char *const *arguments, const struct child_env *env,
			struct child *ret_child) MUST_CHECK;
/* False: it reads no more. */
bool child_tell(struct child *c, str text);
/* Nothing more comes from us. */
void child_tell_end(struct child *c);
/* Reads what it says, for wait_ms at most; true once it has said this. */
bool child_says(struct child *c, str part, i64 wait_ms);
/* Reads until it ends; *ret_status as of waitpid(). False: it did not end within wait_ms. */
bool child_finish(struct child *c, i64 wait_ms, int *ret_status);
/* Ends it. One that never started is fine. */
void child_done(struct child *c);

#endif
