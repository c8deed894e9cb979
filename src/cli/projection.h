/*
 * projection.h - --json=a,b.c: some members of a document instead of all.
 *
 * The names are checked against the row's `fields` before the command runs. They choose among
 * the members of the rows of a list (peers, messages); of a document without lists among its
 * own. A name with dots reaches into objects and is written as it was typed; "name" stands
 * for displayName where there is no name. What a row does not have is null.
 */
#ifndef CLI_PROJECTION_H
#define CLI_PROJECTION_H

#include "json/json.h"

enum { PROJECTION_FIELDS_MAX = 64 };

struct command;

struct projection {
	const str *names;
	size_t n;
};

/* BAD_REQUEST with the three tiers for a name that the command does not have. */
struct err *projection_parse(struct arena *a, const struct command *cmd, str typed,
			     const struct projection **ret_projection) MUST_CHECK;
/* The chosen members of an object as members of the object that is open in o. */
void projection_members(const struct projection *p, const struct json *obj, struct json_out *o);

#endif
