/*
 * mail.h - what a mail says, as facts; the words are src/broker/mail_text.c's.
 *
 * Travels as JSON: sealed in table job, then to the thread that sends. What stands in it came
 * from members: whoever makes a text of it escapes it.
 */
#ifndef PROTO_MAIL_H
#define PROTO_MAIL_H

#include "json/fields.h"
#include "proto/limits.h"

/* Of one try: sent; not for now; never. */
enum mail_outcome { MAIL_SENT, MAIL_LATER, MAIL_REFUSED };
enum mail_kind { MAIL_INVITE, MAIL_LOGIN_CODE, MAIL_KINDS };

enum {
	MAIL_TRIES_MAX = 5,               /* the first one included */
	MAIL_TRY_MS = 10000,              /* one try, from the connection to the last answer */
	MAIL_LEASE_MS = 60000,            /* of a try, with its time in the sender's queue */
	MAIL_ANSWER_MS = 10000,           /* how long an answer waits for the first try */
	MAIL_KEEP_DAYS = 1,               /* no try later than this after the first */
	MAILS_PER_HOUR = 600,             /* of each kind, of one engine thread: invites keep nobody from signing in */
	MAILS_BURST = 100,
	MAILS_TO_ADDRESS_PER_DAY = 5,     /* invites, of all meshes */
};

#define MAIL_ARGS(F, T) \
	F(T, i64, kind,       OPT, 0, 1, "enum mail_kind") \
	F(T, str, to,         REQ, 3, 254, "the address, checked") \
	F(T, str, mesh,       OPT, 0, NAME_BYTES_MAX, "invite: name of the mesh") \
	F(T, str, inviter,    OPT, 0, NAME_BYTES_MAX, "invite: who invites, or empty") \
	F(T, str, role,       OPT, 0, 16, "invite: admin or member") \
	F(T, str, url,        OPT, 0, 1024, "invite: the short address; login code: of the page, or empty") \
	F(T, str, base,       OPT, 0, 1024, "address of the broker") \
	F(T, i64, max_uses,   OPT, 0, INVITE_USES_MAX, "invite") \
	F(T, i64, expires_ms, OPT, 0, INT64_MAX, "of what the mail is about") \
	F(T, str, code,       OPT | SECRET, 0, 32, "login code: the digits")
JSON_ARGS(mail, MAIL_ARGS);

#endif
