/*
 * sessions_file.h - sessions.json: who is registered, for the next daemon. For sessions.c only.
 */
#ifndef DAEMON_SESSIONS_FILE_H
#define DAEMON_SESSIONS_FILE_H

#include "daemon/sessions.h"

/* A missing file is success with *ret_n 0. BAD_JSON, BAD_REQUEST: nobody is restored. */
struct err *sessions_file_load(struct arena *a, str file, struct session **ret_sessions,
			       size_t *ret_n) MUST_CHECK;
struct err *sessions_file_save(struct arena *a, str file, struct session *const *sessions, size_t n)
	MUST_CHECK;

#endif
