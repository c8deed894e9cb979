/*
 * email.h - is a text an e-mail address that we would write to?
 *
 * Narrow on purpose: local@domain with the unquoted characters of RFC 5321, ASCII only, no
 * comments, no display name, no address literal. So no address can end a header or a command
 * early, and none names two people.
 */
#ifndef BASE_EMAIL_H
#define BASE_EMAIL_H

#include "base/arena.h"
#include "base/str.h"

enum { EMAIL_BYTES_MAX = 254, EMAIL_LOCAL_MAX = 64, EMAIL_LABEL_MAX = 63 };

/* The domain has a dot, or is localhost. */
bool email_is_valid(str address);
/* The form in which two of them are compared: all lower case. */
str email_normal(struct arena *a, str address);

#endif
