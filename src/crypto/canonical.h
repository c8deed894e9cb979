/*
 * canonical.h - the strings that are signed: fields joined by '|'. Only src/crypto.
 */
#ifndef CRYPTO_CANONICAL_H
#define CRYPTO_CANONICAL_H

#include "base/err.h"

struct canonical_part {
	const char *name;     /* for the error; NULL is our own literal */
	str value;
};

/* BAD_REQUEST naming the first part that contains '|'. */
struct err *canonical_join(struct arena *a, const struct canonical_part *parts, size_t n,
			   str *ret_text) MUST_CHECK;
/* Whatever the parts contain: for strings whose form is the reference's. */
str canonical_join_any(struct arena *a, const struct canonical_part *parts, size_t n);
str canonical_i64(struct arena *a, i64 value);

#endif
