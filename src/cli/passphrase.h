/*
 * passphrase.h - asks for a passphrase without showing it, or takes it from a file; never
 * from the command line, which other users can read.
 */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "cli/cli.h"

/* file: of --passphrase-file, "-" is standard input; empty: the terminal is asked, twice if
 * `twice`. Shorter than min characters is an invalid argument with its measured length. The
 * text is wiped with the arena. */
struct err *passphrase_get(struct cli *c, str file, bool twice, size_t min, str *ret_words) MUST_CHECK;

#endif
