/* kinds.h - the kinds of fault by name, for the command lines of the tests. */
#ifndef FAULT_KINDS_H
#define FAULT_KINDS_H

#include <string.h>

#include "fault/plan.h"

static const char *const fault_words[FAULT_KINDS] = {
	[FAULT_NONE] = "none",
	[FAULT_SOCKET_RESET] = "socket-reset", [FAULT_SOCKET_SHORT] = "socket-short",
	[FAULT_SOCKET_FULL] = "socket-full",   [FAULT_FILE_FULL] = "file-full",
	[FAULT_FILE_TORN] = "file-torn",       [FAULT_SYNC] = "sync",
	[FAULT_COMMIT_LOST] = "commit-lost",   [FAULT_COMMIT_CUT] = "commit-cut",
};

/* FAULT_KINDS if there is none of that name. */
static inline int fault_kind_of(const char *word)
{
	int kind = 0;

	while (kind < FAULT_KINDS && strcmp(word, fault_words[kind]) != 0)
		kind++;
	return kind;
}

#endif
