/*
 * mail_text.h - the words of a mail: subject, plain text and HTML, all from one list of blocks.
 *
 * Everything that comes from a member is escaped for where it stands, control characters are
 * gone, and a subject fits on one line of ASCII. Pure, any thread.
 */
#ifndef BROKER_MAIL_TEXT_H
#define BROKER_MAIL_TEXT_H

#include "base/arena.h"
#include "base/str.h"
#include "proto/mail.h"

struct mail_text {
	str subject;          /* UTF-8, no control characters */
	str text, html;       /* UTF-8, lines end in "\n" */
};

/* installs: this broker has something to install at /install. */
struct mail_text mail_text(struct arena *a, const struct mail_args *says, bool installs);
/* A header's value in ASCII: as it is, or as encoded words of RFC 2047. */
str mail_header(struct arena *a, str value);
/* "Name <address>" or "address"; false if that is not what it is. The name may be empty. */
bool mail_from_split(str from, str *ret_name, str *ret_address);
/* "Mon, 23 Nov 2026 15:04 UTC" */
str mail_time(struct arena *a, i64 ms);
/* & < > " ' as entities. */
str html_escape(struct arena *a, str text);

#endif
