/*
 * doctor.h - the findings of `doctor` and `status`, told as they are made: what was looked at,
 * how it is, and what to do about it.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/context.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_SKIP };

struct doctor {
	struct cli *c;
	struct client client;
	struct config_args config;
	str mesh;             /* slug of the one looked at; absent: none */
	size_t counts[FINDING_SKIP + 1];
};

/* One line. remedy: what to type or do; empty where nothing is wrong. */
void doctor_tell(struct doctor *d, enum finding f, const char *what, str detail, str remedy);
/* One that is well, and how long it took. */
void doctor_tell_timed(struct doctor *d, const char *what, i64 us, str detail);
void doctor_heading(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Around all findings of a command; the end is a summary, and an error if something fails. */
void doctor_begin(struct doctor *d, struct cli *c);
struct err *doctor_end(struct doctor *d) MUST_CHECK;

/* doctor_files.c: directory, configuration, keys, policy. False: there is nothing to go on with. */
bool doctor_files(struct doctor *d);
/* doctor_net.c: name, connection, encryption, greeting, a question and the clock of one mesh. */
void doctor_mesh(struct doctor *d, const struct config_mesh_args *mesh);
/* doctor_local.c: the daemon, agent programs. */
void doctor_local(struct doctor *d);

#endif
