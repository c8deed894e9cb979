/*
 * audit_event.h - what an audit log tells of: one row an event, from which docs/protocol.md is
 * written, too.
 */
#ifndef ENGINE_AUDIT_EVENT_H
#define ENGINE_AUDIT_EVENT_H

#include "base/str.h"

struct audit_event {
	const char *word;     /* NULL ends the table */
	const char *subject;  /* name of the field for audit()'s subject; NULL: it has none */
	const char *more;     /* further fields it may have, space-separated */
	bool frequent;        /* not in the log of the process, too; may wait for another commit */
	const char *doc;      /* one sentence */
};

extern const struct audit_event audit_events[];
const struct audit_event *audit_event_get(str word); /* NULL if there is none */

#endif
