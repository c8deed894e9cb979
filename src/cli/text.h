/*
 * text.h - makes text of others fit to be shown on a terminal.
 *
 * Names, bodies and error texts come from people we do not know. Control characters would
 * move the cursor or run escape sequences, directional overrides and invisible characters
 * make a text look like another. Here they become visible: \u{1b}. Everything that
 * src/cli prints goes through this file (output.c), so no command has to think of it.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Adds s as one line: unsafe characters escaped, bytes that are no UTF-8 as U+FFFD. */
void text_add_line(struct buf *b, str s);
/* Adds s with its line breaks kept; every line after the first starts with `indent` spaces.
 * Tabs stay, CR LF counts as one break, a last break is dropped. */
void text_add_block(struct buf *b, str s, size_t indent);
/* Adds text that is JSON with the unsafe characters in its strings as \uXXXX. */
void text_add_json(struct buf *b, str json);
/* Columns the text takes on a terminal: two for wide letters and emoji, none for marks. */
size_t text_columns(str s);
/* As many of the first characters as fit. */
str text_cut_columns(str s, size_t columns);
/* A word of a shell command: quoted unless it has nothing to quote. */
str text_shell_word(struct arena *a, str word);
/* The first n characters at most, never cutting one in two. */
str text_cut(str s, size_t n);

#endif
