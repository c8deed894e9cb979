/*
 * roff.h - text for a manual page (mdoc(7)): nothing in it is taken for a request or an escape.
 */
#ifndef BASE_ROFF_H
#define BASE_ROFF_H

#include "base/buf.h"

/* One word: what has a meaning in roff is written around. UTF-8. */
void roff_word(struct buf *b, str word);
/* A paragraph in lines that are short and end where sentences end. */
void roff_text(struct buf *b, str text);

#endif
