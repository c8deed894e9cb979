/*
 * ask.h - plain questions on a terminal: a line, or a number of a list. Only where
 * cli_may_ask() says that somebody is there. The end of the input is CANCELLED.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"

enum { ASK_LINE_MAX = 8192 };

/* "  label [otherwise]: "; an empty line means otherwise, which may be empty. */
struct err *ask_line(struct cli *c, const char *label, str otherwise, str *ret_line) MUST_CHECK;
/* The items numbered from 1, then "  Choice [1]: "; *ret_choice from 0. Asks again, at most
 * ASK_TRIES times, when it is none of them. */
struct err *ask_choice(struct cli *c, const char *title, const str *items, size_t n, size_t otherwise,
		       size_t *ret_choice) MUST_CHECK;
/* "  question [Y/n] " or "[y/N]". */
struct err *ask_yes(struct cli *c, const char *question, bool otherwise, bool *ret_yes) MUST_CHECK;

#endif
