/*
 * change.h - a change to a file of another program: shown, backed up, made in one step.
 *
 * The file keeps its mode and, behind symbolic links, its place. The first change of a file
 * leaves a copy beside it, FILE.pre-claudemesh, that later ones do not touch; it goes when a
 * change is undone and the file is as it was.
 */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/output.h"

enum { CHANGE_FILE_MAX = 64 << 20 };
#define CHANGE_BACKUP ".pre-claudemesh"

struct change {
	str path;
	str before;           /* absent: there is no such file */
	str after;            /* absent: it is to go */
	bool undo;            /* takes back an earlier change: leaves no copy of ours */
};

/* Reads `before`. IO: it is there and cannot be read; TOO_LARGE. */
struct err *change_open(struct arena *a, str path, struct change *ret_change) MUST_CHECK;
bool change_is_none(const struct change *c);
/* The lines that go and come, with two around them. */
void change_show(struct output *o, const struct change *c);
/* The copy that the first change left; absent if there is none. */
struct err *change_copy(struct arena *a, const struct change *c, str *ret_text) MUST_CHECK;
/* Makes missing directories, the copy and the new file. TRY_AGAIN: the file is not as it was
 * read any more. */
struct err *change_make(struct arena *a, const struct change *c) MUST_CHECK;

#endif
