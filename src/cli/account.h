/*
 * account.h - what the commands of an account share: who is signed in, and the broker asked for it.
 */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "cli/context.h"
#include "client/account.h"

struct signed_in {
	struct client client;
	struct auth_args auth;        /* session_token empty: nobody */
	struct api api;               /* of auth.broker, with the token */
};

/* What auth.json says; nobody is asked. */
struct err *signed_in_find(struct cli *c, struct signed_in *s) MUST_CHECK;
/* The same where somebody must be signed in: UNAUTHORIZED with what to type. */
struct err *signed_in_need(struct cli *c, struct signed_in *s) MUST_CHECK;
/* A failed call, with the command that helps: a session that is over is told from a broker that
 * does not answer. NULL for NULL. */
struct err *signed_in_failed(struct cli *c, struct err *e) MUST_CHECK;

#endif
