/*
 * utf8.h - texts of people we do not know, one character at a time: what in them acts on a
 * terminal, or hides from the eye. Any thread.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"

enum { UTF8_BAD = 0xfffd };
#define UTF8_MARK "\xef\xbf\xbd"      /* U+FFFD, which stands for what cannot be shown */

/* Takes one character off *rest, which is not empty; false, UTF8_BAD and one byte where it is
 * no UTF-8. */
bool utf8_take(str *rest, u32 *ret_code_point, str *ret_bytes);
/* May this character act on a terminal or hide from the eye? True for newline and tab too. */
bool utf8_is_unsafe(u32 code_point);
/* Does it leave no ink, so that two texts that differ in it look alike? Spaces too. */
bool utf8_is_blank(u32 code_point);

#endif
