/*
 * invites.h - what every way to make an invite has in common: its terms, room for it, its row and
 * its mail.
 *
 * An open invite is one without the owner's signature: whoever has the code joins, and is shown
 * as unverified until the owner's client confirms the key (msg/invites.c). Engine thread only.
 */
#ifndef ENGINE_INVITES_H
#define ENGINE_INVITES_H

#include "engine/req.h"

enum { INVITE_DAYS_DEFAULT = 7, INVITE_DAYS_MAX = 365, INVITES_LISTED_MAX = 500 };

/* As they were asked for; 0 and empty are the defaults. */
struct invite_terms {
	str role, email;
	i64 max_uses, expires_s;
};

/* Into the row: role, uses, expiry and address. BAD_REQUEST; RATE_LIMIT for an address that got
 * too many. */
struct err *invite_terms_check(struct req *rq, const struct invite_terms *terms,
			       struct invite_row *row) MUST_CHECK;
/* Just the address; empty is fine. */
struct err *invite_email_check(struct req *rq, str email, struct invite_row *row) MUST_CHECK;
/* A new id and code. */
void invite_open(struct req *rq, struct invite_row *row);
/* Gives it a number and stores it; RATE_LIMIT if the mesh has too many. by: NULL is not known. */
struct err *invite_add(struct req *rq, struct mesh *m, const struct member *by,
		       struct invite_row *row) MUST_CHECK;
str invite_url(struct req *rq, const struct invite_row *row);
/* Queues the mail to row->email; *ret_job is 0 where there is no address or no way to send. */
struct err *invite_mail(struct req *rq, struct mesh *m, const struct member *by,
			const struct invite_row *row, i64 *ret_job) MUST_CHECK;
/* "waiting", "sent" or "failed"; absent: it has no mail. */
str invite_mail_state(const struct job_row *jobs, size_t n, i64 invite_no);
/* Who is shown as the one who invites. */
str invite_inviter(const struct mesh *m, const struct invite_row *row);

#endif
