/*
 * mail.h - mail as jobs: the row is written in the commit of its cause, and the first try leaves
 * as an effect of that commit (EFFECT_MAIL); its outcome comes back as an event (EVENT_MAILED).
 *
 * A try has a lease. When it runs out without an outcome (the broker died, the outcome could not
 * be stored), the house tries again: a mail is sent at least once, and at most MAIL_TRIES_MAX
 * times. What failed for the moment is tried again a minute, ten minutes, an hour and six hours
 * later, never after `until_ms`. What a job says is sealed with broker.key and wiped when it has
 * ended. Engine thread only.
 *
 *   struct mail mail = { .says = { .kind = MAIL_LOGIN_CODE, .to = address, .code = digits,
 *                                  .base = e->settings.http_url, .expires_ms = ends },
 *                        .until_ms = ends };
 *   TRY(mail_add(rq, &mail, &job_no));
 */
#ifndef ENGINE_MAIL_H
#define ENGINE_MAIL_H

#include "engine/req.h"
#include "proto/mail.h"

struct mail {
	struct mail_args says;
	i64 mesh_no, about_no;  /* the invite; 0: of no mesh, about nothing of the store */
	i64 until_ms;           /* no try begins later; at most MAIL_KEEP_DAYS from now count */
};

/* Is a way to send mail configured? If not, mail_add() must not be called. */
bool mail_is_on(const struct engine *e);
/* RATE_LIMIT: the next mail_add() would be one too many. For who stores something before it. */
struct err *mail_check(struct req *rq, enum mail_kind kind) MUST_CHECK;
/* Queues the job and its first try. BAD_REQUEST: no e-mail address. RATE_LIMIT: too many mails.
 * Nothing is queued then. ret_no may be NULL. */
struct err *mail_add(struct req *rq, const struct mail *mail, i64 *ret_no) MUST_CHECK;
/* The answer of the event waits for the outcome of the first try, MAIL_ANSWER_MS at most: then
 * `sent` or `not_sent` goes out, an HTTP answer with `status`, or a message if status is 0. Takes
 * both blocks over. */
void mail_answer(struct req *rq, i64 job_no, int status, struct block *sent, struct block *not_sent);

/* For engine.c, req.c and sweep.c. */
void mail_outcome(struct engine *e, const struct event *ev);
void mails_undo(struct engine *e);              /* the batch did not happen */
void mails_free(struct engine *e);
struct err *mails_retry(struct engine *e, bool *ret_more) MUST_CHECK; /* a sweep */

#endif
