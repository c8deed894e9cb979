/*
 * output.h - what the command line prints: house style for people, one envelope for programs.
 *
 * Text collects in `buf` and leaves with out_flush(), which reports a failed write; commands
 * that must not go on when nobody read them (inbox) flush first. Every piece of text is made
 * safe for a terminal on its way in (text.h), whoever wrote it. Colour only on a terminal,
 * without NO_COLOR and TERM=dumb.
 *
 * With --json the functions for people print nothing, so a command may call both; --quiet
 * silences ok, info, hint and section, never data, warnings and errors.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/projection.h"

enum { OUTPUT_BYTES_MAX = 256 << 20, OUTPUT_COLUMNS = 80, OUTPUT_COLUMNS_MAX = 120 };

enum tone {
	TONE_PLAIN, TONE_BOLD, TONE_DIM, TONE_GREEN, TONE_YELLOW, TONE_RED, TONE_CYAN, TONE_CLAY,
	TONE_ORANGE, TONE_PAPER
};

struct output {
	struct buf buf;       /* standard output, not yet written */
	int fd, err_fd;
	bool json, quiet;
	bool color, err_color;
	bool tty;             /* a person reads standard output */
	bool err_tty, err_dumb;
	size_t columns, err_columns;  /* err_columns 0: no terminal, nothing is broken into lines */

	struct buf json_buf;  /* the envelope that is open, up to the last flush */
	struct json_out json_out;
	bool json_open, json_in_list, json_had_list;
	size_t json_list_start;       /* where in json_buf the rows begin that were not written yet */
	const struct projection *projection; /* NULL: all members */
	str verb;                     /* the command, for the head of an error */
	bool cut;                     /* the line is a table's row: cut at `columns` on a terminal */
	size_t column;                /* of that row, so far */
};

/* Descriptors 1 and 2, colour and width found out from them. */
void out_init(struct output *o, bool json, bool quiet, bool no_color);
void out_done(struct output *o);
struct err *out_flush(struct output *o, struct arena *a) MUST_CHECK;

/* A row of a table begins: what does not fit the width of a terminal is left out, "…". */
void out_row(struct output *o);
/* A piece of a line, and the end of the line. */
void out_span(struct output *o, enum tone tone, const char *fmt, ...) PRINTF_LIKE(3, 4);
void out_end(struct output *o);
/* Text of several lines, every line with this indent, and the end of the last one. */
void out_block(struct output *o, size_t indent, str text);

/* Whole lines. detail (or STR_NONE) follows dim in parentheses, hint on a line of its own. */
void out_ok(struct output *o, str detail, const char *fmt, ...) PRINTF_LIKE(3, 4);
void out_warn(struct output *o, str hint, const char *fmt, ...) PRINTF_LIKE(3, 4);
void out_info(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_hint(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_section(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_link(struct output *o, str url);
/* A remark beside the result, on standard error at once (connection lost, reconnecting). */
void out_note(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* From now on something may take its time: after a second the terminal says so, until the
 * next flush, remark or error. */
void out_busy(struct output *o, const char *text);

struct kv { const char *key; str value; };
/* One line a pair, keys dim and padded to the longest; pairs without a value are left out. */
void out_kv(struct output *o, const struct kv *pairs, size_t n);

/*
 * The envelope of --json: {"schema_version":"1.0", ..., "ok":true} on one line. "ok" comes
 * last, because a list that is written while it arrives (inbox) may still fail: out_err()
 * ends the envelope that is open with "ok":false and the error, so that whatever happens a
 * program reads one document.
 */
struct json_out *out_json(struct output *o);
/* A list of the envelope; each item is a value written to the json_out. */
void out_json_list(struct output *o, const char *key);
void out_json_list_end(struct output *o);
void out_json_end(struct output *o);

/* The error and what to try, on standard error; with --json in the envelope. Writes what was
 * collected before. An error with tiers (base/err.h) is shown as client.md 4 has it. */
void out_err(struct output *o, const struct err *e, str hint);

#endif
