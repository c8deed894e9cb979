/*
 * str.h - a piece of text or bytes: pointer and length, passed by value, never owned.
 *
 * Not NUL-terminated. Who made the bytes (an arena, a literal, a buffer) says how long
 * they live. An absent string is {NULL, 0}; str_empty() does not tell it from "".
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

typedef struct {
	const char *ptr;
	size_t len;
} str;

#define S(literal) ((str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((str){ NULL, 0 })
/* printf("%.*s", STRF(s)) */
#define STRF(s) (int)(s).len, (s).ptr

str str_from(const char *cstr);               /* NULL gives STR_NONE */
static inline str str_of(const void *p, size_t n) { return (str){ p, n }; }
static inline bool str_empty(str s) { return s.len == 0; }
bool str_eq(str a, str b);
bool str_eq_nocase(str a, str b);             /* ASCII only */
int str_cmp(str a, str b);                    /* bytewise, shorter first on a tie */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
str str_skip(str s, size_t n);                /* without its first n bytes */
str str_trim(str s);                          /* without spaces, tabs, CR, LF at both ends */
/* Index of the first c, or -1. */
ptrdiff_t str_index(str s, char c);
bool str_contains(str s, str part);
/* Takes the part before the first sep off *rest; the whole rest when there is none.
 * Returns false when *rest was already used up (ptr == NULL). */
bool str_cut(str *rest, char sep, str *ret_part);
/* Decimal with optional '-', whole string, no overflow. */
bool str_to_i64(str s, i64 *ret_value);
/* True for 2 * n_bytes hex digits; lower: only 0-9a-f. */
bool str_is_hex(str s, size_t n_bytes, bool lower);
/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF). */
bool str_is_utf8(str s);
/* Levenshtein distance of two short strings; for "did you mean". Strings over 64 bytes
 * count as far apart (SIZE_MAX). */
size_t str_distance(str a, str b);

#endif
