/*
 * output_internal.h - what output.c, output_json.c and output_err.c share; for these only.
 */
#ifndef CLI_OUTPUT_INTERNAL_H
#define CLI_OUTPUT_INTERNAL_H

#include "cli/output.h"

/* Writes everything or says why not in errno. */
bool out_write_all(int fd, str s);
void out_add_span(struct buf *b, bool color, enum tone tone, str text);
/* "  <sign> text" with dim detail in parentheses. */
void out_add_signed(struct buf *b, bool color, enum tone tone, str sign, str text, str detail);
/* A dim line below it; nothing for an empty text. */
void out_add_under(struct buf *b, bool color, str text);
/* What the envelope holds so far becomes output. */
void out_json_move(struct output *o);
/* Ends the envelope that is open. */
void out_json_close(struct output *o);

#endif
