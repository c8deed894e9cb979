/*
 * mentions.h - whom a text calls by "@name": what a client sends beside a body that the broker
 * cannot read (client.md 12.2).
 */
#ifndef CLIENT_MENTIONS_H
#define CLIENT_MENTIONS_H

#include "json/fields.h"
#include "proto/limits.h"

/* Names in lower case, each once, the first MENTIONS_MAX: '@' at the start or behind a character
 * outside [A-Za-z0-9_-], then 1 to MENTION_BYTES_MAX of those. present only if there are any. */
struct strs mentions_of(struct arena *a, str text);

#endif
