/*
 * plan.h - which call shall fail; shared by a file between the test and the program under test.
 *
 * The test writes the plan, preload.c in the program counts and fails one call, once. The
 * file's name comes to the program in FAULT_PLAN_ENV.
 */
#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

#include <stdatomic.h>

#define FAULT_PLAN_ENV "CLAUDEMESH_FAULT_PLAN"

enum fault_kind {
	FAULT_NONE,
	FAULT_SOCKET_RESET,           /* a write to a socket: ECONNRESET */
	FAULT_SOCKET_SHORT,           /* half of it is taken */
	FAULT_SOCKET_FULL,            /* EAGAIN */
	FAULT_FILE_FULL,              /* a write to a file, a truncation, a rename: ENOSPC */
	FAULT_FILE_TORN,              /* half of it is written, then EIO */
	FAULT_SYNC,                   /* fsync, fdatasync: EIO */
	/* By proxy.h, on PostgreSQL: the connection is cut */
	FAULT_COMMIT_LOST,            /* before the server gets the COMMIT */
	FAULT_COMMIT_CUT,             /* when it has done it */
	FAULT_KINDS
};

struct fault_plan {
	_Atomic int kind;             /* enum fault_kind; others are neither counted nor failed */
	_Atomic long fail_at;         /* the call with this number, from 1 */
	_Atomic long calls, fired;    /* counted so far; has failed one */
};

#endif
