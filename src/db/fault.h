/*
 * fault.h - a driver around another that fails on request, for tests and the simulator.
 *
 * Every begin, run, queued write, exec and commit counts as one call. The plan belongs to
 * the caller, outlives the handle and may be changed between calls.
 */
#ifndef DB_FAULT_H
#define DB_FAULT_H

#include "db/db.h"

struct db_fault {
	i64 fail_at;          /* the call with this number fails, once; 0: none */
	enum err_code code;   /* with this error */
	const char *word;     /* and this word; NULL: none */
	bool after;           /* it is carried out first: its outcome is unknown to the caller */
	bool commits_only;    /* count only commits */
	bool spare_reads;     /* do not count runs: a full disk can be read */
	bool stays;           /* what comes after fail_at fails too: the process or the disk is gone */
	i64 calls;            /* counted so far; the caller may set it back */
};

void db_fault(struct db *db, struct db_fault *plan);

#endif
