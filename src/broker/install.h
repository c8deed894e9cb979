/*
 * install.h - GET /install and /dl/:file: the installer script and the binaries of a release that
 * the operator placed in --install-dir (tools/release makes them).
 *
 * Everything is read and checked against SHA256SUMS once, at the start, so that a file changed
 * later is not served and no name of a request reaches the disk. Served over TLS, or to this
 * machine: whoever could change the script on its way would run as the user. Loop thread only.
 */
#ifndef BROKER_INSTALL_H
#define BROKER_INSTALL_H

#include "base/block.h"
#include "base/err.h"

enum { INSTALL_FILE_MAX = 64 << 20, INSTALL_TEXT_MAX = 64 << 10 };

struct install;

/* BAD_REQUEST names the file and what is wrong with it. */
struct err *install_open(struct arena *a, str dir, struct install **ret_install) MUST_CHECK;
void install_free(struct install *i);           /* NULL is fine */
/* NULL: there is nothing to install. */
static inline bool install_is_on(const struct install *i) { return i != NULL; }

/* The script with the broker's address in it; absent if the address cannot stand in a script. */
str install_script(struct arena *a, const struct install *i, str base);
/* NULL when there is none; its ETag lives as long as the install. */
struct block *install_file(const struct install *i, str name, str *ret_etag);

#endif
