/*
 * qr.h - a link as a QR code of half blocks, two rows of it in a line.
 */
#ifndef CLI_QR_H
#define CLI_QR_H

#include "cli/output.h"

enum { QR_MARGIN = 4, QR_INDENT = 2 };

/* A square of modules, margin included: dark[y * width + x]. */
struct qr {
	bool *dark;
	size_t width;
};

/* False when the text is too long for a code. */
bool qr_make(struct arena *a, str text, struct qr *ret_qr);
/* One line of it: rows y and y + 1 as blocks, drawn dark on light or, if inverted, the
 * light modules as blocks. */
str qr_line(struct arena *a, const struct qr *q, size_t y, bool inverted);
/* Prints it if the terminal is wide enough. */
void qr_print(struct output *o, struct arena *a, str text);

#endif
