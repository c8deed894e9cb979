/*
 * match.h - does a JSON value fit a pattern?
 *
 * A pattern is JSON; an object must have exactly the pattern's members, in any order, a list
 * its items in order. In it these strings mean:
 *
 *   "%*" as a member, or as last item of a list: others may follow
 *   "%some" as first item of a list: the other patterns fit items somewhere in it
 *   "$name"  the variable's value; an unknown variable takes the value found
 *   "%absent" (as a member) there is none of that name
 *   "%any" "%str" "%int" "%bool" "%id" "%uuid" "%iso" "%hex64" "%hex128" "%base64"
 *   "%has:TEXT" a string that contains TEXT      "%len:N" a list of N items
 */
#ifndef CONV_MATCH_H
#define CONV_MATCH_H

#include "conv/vars.h"
#include "json/json.h"

/* Variables are taken only if the whole pattern fits. ret_why says what did not. */
bool match(struct vars *v, const struct json *pattern, const struct json *value, str *ret_why);

#endif
