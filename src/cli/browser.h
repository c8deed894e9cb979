/*
 * browser.h - shows a page in the user's browser: $BROWSER, or the desktop's where there is one.
 */
#ifndef CLI_BROWSER_H
#define CLI_BROWSER_H

#include "cli/cli.h"

/* page: an http(s) address, or a path. False: nothing was started, so the user must be told the
 * address. It may still fail after that: tell it anyway. Nothing waits for the browser. */
bool browser_open(struct cli *c, str page);

#endif
