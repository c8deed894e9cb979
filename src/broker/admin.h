/*
 * admin.h - `claudemesh-broker admin COMMAND`: asks the broker that holds the data directory, over
 * its socket there (ADMIN_SOCKET, for the user it runs as only). One row a command. Main thread of a
 * process of its own.
 */
#ifndef BROKER_ADMIN_H
#define BROKER_ADMIN_H

#include "broker/settings.h"

enum { ADMIN_OPERANDS_MAX = 4 };

struct admin_command {
	const char *name, *operands;  /* "EMAIL" */
	int least, most;              /* operands */
	/* What it prints. */
	struct err *(*run)(struct arena *a, const struct settings *s, const str *operands, int n, str *ret_text);
	const char *doc;
};

/* Ends with a NULL name. */
extern const struct admin_command admin_commands[];

/* argv: what stands behind "admin": command, operands, settings. */
struct err *admin_run(struct arena *a, int argc, char *const argv[], char *const env[], str *ret_text) MUST_CHECK;
/* POSTs the JSON body to the broker. An answer of 400 and above is the error it tells. */
struct err *admin_ask(struct arena *a, const struct settings *s, str path, str body, str *ret_answer) MUST_CHECK;

#endif
