/*
 * sweep.h - what is over is deleted, what is old put away: each kind on its own period, a bounded number at a
 * time, sooner again when there was more. Engine thread only.
 */
#ifndef ENGINE_SWEEP_H
#define ENGINE_SWEEP_H

struct engine;

enum { PROBE_MS = 30000 };    /* a database that fails while nobody asks is noticed so late */

enum sweep_kind {
	SWEEP_MESSAGES,       /* past their time */
	SWEEP_ARCHIVE,        /* receipts that need not be in memory any more */
	SWEEP_RECEIPTS,       /* of messages of 30 days ago */
	SWEEP_MAILBOXES,      /* of sessions that are long over */
	SWEEP_SIGNATURES,     /* that could no longer be replayed */
	SWEEP_MESHES,         /* in memory, with nobody in them */
	SWEEP_MAILS,          /* whose next try is due */
	SWEEP_GUESSES,        /* addresses that have guessed no code for a while */
	SWEEP_LOGINS,         /* codes, logins and sessions that are over */
	SWEEP_PROBE,          /* no deletion: does the database answer? */
	SWEEP_COUNT
};

void sweeps_start(struct engine *e);
void sweep_soon(struct engine *e, enum sweep_kind kind); /* it need not wait for its time */

#endif
