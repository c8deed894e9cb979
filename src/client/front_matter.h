/*
 * front_matter.h - a SKILL.md: YAML between two lines of "---", then Markdown.
 *
 * Keys with '-' or '_' are the same; keys that we do not know are passed over, as an agent
 * does. A list may also be one text, "Read, Bash" or "Read Bash(git:*)"; a text may stand in
 * any YAML form. Without front matter all of it is Markdown.
 */
#ifndef CLIENT_FRONT_MATTER_H
#define CLIENT_FRONT_MATTER_H

#include "base/err.h"
#include "json/fields.h"

struct front_matter {
	str name, description, when_to_use, model, context, agent, argument_hint;
	struct strs tags, allowed_tools;
	bool not_user_invocable;      /* user-invocable: false */
	str body;                     /* without the empty lines before it */
};

enum { FRONT_MATTER_BYTES_MAX = 256 << 10, FRONT_MATTER_ITEMS_MAX = 256 };

/* Texts live in the arena or point into `text`. BAD_REQUEST names line and column. */
struct err *front_matter_read(struct arena *a, str text, struct front_matter *ret_front) MUST_CHECK;

#endif
