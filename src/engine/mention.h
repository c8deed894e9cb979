/*
 * mention.h - names that a text of version 1 mentions: "@name", where before '@' and behind the
 * name stands no letter, digit, '_' or '-' (wire-core.md 6.9).
 */
#ifndef ENGINE_MENTION_H
#define ENGINE_MENTION_H

#include "base/arena.h"
#include "proto/limits.h"

/* Distinct names without '@', ASCII in lower case, at most MENTIONS_MAX; in the order of the text. */
size_t mentions_in(struct arena *a, str text, str ret_names[MENTIONS_MAX]);
/* A name as it is compared: without one '@' in front, ASCII in lower case. */
str mention_name(struct arena *a, str given);

#endif
