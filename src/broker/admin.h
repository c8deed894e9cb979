/*
 * admin.h - `claudemesh-broker admin COMMAND`: asks the broker that holds the data directory, over
 * its socket there (ADMIN_SOCKET, for the user it runs as only). One row a command. Main thread of a
 * process of its own.
 */
#ifndef BROKER_ADMIN_H
#define BROKER_ADMIN_H

#include "broker/settings.h"

enum { ADMIN_OPERANDS_MAX = 4 };

/* What stands behind the command. */
struct admin_given {
	str operands[ADMIN_OPERANDS_MAX];
	int n;
	bool json;            /* --json: for programs */
};

struct admin_command {
	const char *name, *operands;  /* "EMAIL" */
	int least, most;              /* operands */
	/* What it prints. */
	struct err *(*run)(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text);
	bool json;                    /* takes --json */
	const char *doc;
};

/* Ends with a NULL name. */
extern const struct admin_command admin_commands[];

/* argv: what stands behind "admin": command, operands, settings. */
struct err *admin_run(struct arena *a, int argc, char *const argv[], char *const env[], str *ret_text) MUST_CHECK;
/* Commands that ask the running broker and print what it says (admin_tell.c). */
struct err *admin_login_code(struct arena *a, const struct settings *s, const struct admin_given *in,
			     str *ret_text) MUST_CHECK;
struct err *admin_users(struct arena *a, const struct settings *s, const struct admin_given *in,
			str *ret_text) MUST_CHECK;
struct err *admin_user_block(struct arena *a, const struct settings *s, const struct admin_given *in,
			     str *ret_text) MUST_CHECK;
struct err *admin_user_unblock(struct arena *a, const struct settings *s, const struct admin_given *in,
			       str *ret_text) MUST_CHECK;
struct err *admin_sessions(struct arena *a, const struct settings *s, const struct admin_given *in,
			   str *ret_text) MUST_CHECK;
struct err *admin_session_revoke(struct arena *a, const struct settings *s, const struct admin_given *in,
				 str *ret_text) MUST_CHECK;
struct err *admin_meshes(struct arena *a, const struct settings *s, const struct admin_given *in,
			 str *ret_text) MUST_CHECK;
struct err *admin_mesh_archive(struct arena *a, const struct settings *s, const struct admin_given *in,
			       str *ret_text) MUST_CHECK;
struct err *admin_mesh_open(struct arena *a, const struct settings *s, const struct admin_given *in,
			    str *ret_text) MUST_CHECK;
struct err *admin_keys(struct arena *a, const struct settings *s, const struct admin_given *in,
		       str *ret_text) MUST_CHECK;
struct err *admin_key_revoke(struct arena *a, const struct settings *s, const struct admin_given *in,
			     str *ret_text) MUST_CHECK;
struct err *admin_audit(struct arena *a, const struct settings *s, const struct admin_given *in,
			str *ret_text) MUST_CHECK;
/* POSTs the JSON body to the broker. An answer of 400 and above is the error it tells. */
struct err *admin_ask(struct arena *a, const struct settings *s, str path, str body, str *ret_answer) MUST_CHECK;

#endif
