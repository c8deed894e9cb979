/*
 * mail_send.h - one mail to one address, by SMTP, Postmark or Resend: the only file that sees
 * libcurl. Blocks, MAIL_TRY_MS at most; any thread, one at a time per mail_way.
 *
 * Where it goes is only the operator's say: no redirects, no other protocol than the configured
 * one, TLS with a checked certificate unless it is this machine.
 */
#ifndef BROKER_MAIL_SEND_H
#define BROKER_MAIL_SEND_H

#include <stdatomic.h>

#include "base/err.h"
#include "broker/mail_text.h"
#include "broker/settings.h"

struct mail_way {
	enum mail_way_kind { MAIL_WAY_NONE, MAIL_WAY_SMTP, MAIL_WAY_POSTMARK, MAIL_WAY_RESEND } kind;
	const char *url;      /* "smtp://host:587", without a user; "https://api.postmarkapp.com/email" */
	bool plain;           /* this machine: without TLS */
	bool installs;        /* see mail_text() */
	const char *user, *ca; /* NULL: none */
	char *secret;         /* likewise */
	str from_name, from;
	atomic_bool stop;     /* ends a try that is under way */
};

/* From the settings: SMTP, else Postmark, else Resend, else none. BAD_REQUEST names the setting. */
struct err *mail_way_read(struct arena *a, const struct settings *s, struct mail_way *ret_way) MUST_CHECK;
void mail_way_wipe(struct mail_way *way);
/* ret_why: a sentence for the log, without the address. */
enum mail_outcome mail_send(struct arena *a, struct mail_way *way, str to, const struct mail_text *text,
			    str *ret_why);

/* Once, before any thread. */
bool mail_start(void);

#endif
