/*
 * mail.h - the one thread that sends mail: takes EFFECT_MAIL, tries once, tells the shard with
 * EVENT_MAILED. Nothing else waits for it.
 *
 * Its queue is bounded; what does not fit, or waited so long that its lease might end first, is
 * told as MAIL_LATER without a try. Loop thread only.
 */
#ifndef BROKER_MAIL_H
#define BROKER_MAIL_H

#include "broker/hub.h"
#include "broker/mail_send.h"

enum { MAIL_QUEUE_MAX = 256 };

struct mailer;

/* way outlives it and is not MAIL_WAY_NONE. */
struct err *mailer_new(struct arena *a, struct loop *l, struct hub *hub, struct mail_way *way,
		       struct mailer **ret_mailer) MUST_CHECK;
/* EFFECT_MAIL. */
void mailer_apply(struct mailer *m, const struct effect *ef);
/* Ends the try under way; what waits is told to nobody: their leases end. Before the hub. */
void mailer_free(struct mailer *m);             /* NULL is fine */

#endif
