/*
 * neutral.h - the words of peers made fit for an agent to read.
 *
 * An agent tells by tags and by the lines that we write whose words it reads. So in a text of
 * a peer none of these may stand, in whatever spelling an eye or a model takes for the same:
 * the '<', '[' or '(' before such a name becomes U+2039. What acts on a terminal or hides
 * from the eye becomes U+FFFD: people see what the agent reads. Any thread.
 */
#ifndef MCP_NEUTRAL_H
#define MCP_NEUTRAL_H

#include "base/buf.h"

/* A body: all other characters, line breaks and tabs stay. Of each text the first max bytes. */
void neutral_add_text(struct buf *b, str text, size_t max);
/* A name inside of a line of ours: no line break, no bracket. */
void neutral_add_line(struct buf *b, str text, size_t max);
/* An attribute: a line that ends no quote either. */
void neutral_add_value(struct buf *b, str text, size_t max);

#endif
