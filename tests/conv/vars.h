/*
 * vars.h - the variables of a conversation, and how its lines become JSON.
 *
 * A line's JSON is written with single quotes. Outside strings $name stands for a value,
 * inside for its text ($$ is a dollar); %now, %now+N, %now-N are Unix milliseconds and
 * %fill:N is a string of N letters. In a pattern an unknown $name and other %words stay as
 * the strings "$name" and "%word", and * becomes "%*": match.h says what they mean.
 */
#ifndef CONV_VARS_H
#define CONV_VARS_H

#include "base/err.h"

enum { EXPAND_MAX = 8 << 20, EXPAND_DEPTH_MAX = 64 };

struct var {
	str name, json;       /* the value as compact JSON */
	struct var *next;
};

/* Everything lives in the arena, as long as the conversation. */
struct vars {
	struct arena *arena;
	struct var *first;
};

void vars_set(struct vars *v, str name, str json);
void vars_set_text(struct vars *v, str name, str text);
void vars_forget(struct vars *v, str name);
/* STR_NONE if there is none. */
str vars_get(const struct vars *v, str name);
/* The value without the quotes around a string. */
str vars_get_text(const struct vars *v, str name);

enum expand { EXPAND_VALUE, EXPAND_PATTERN };
struct err *vars_expand(const struct vars *v, enum expand how, str text, str *ret_json) MUST_CHECK;
/* Text outside JSON (a path, a header, a flag): only $name. */
struct err *vars_expand_text(const struct vars *v, str text, str *ret_text) MUST_CHECK;
/* Takes the longest name off the start of *text: letters, digits, '_', and '.' inside. */
str vars_take_name(str *text);

#endif
