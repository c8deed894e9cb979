/*
 * ident.h - client_message_ids: UUIDv4 to whoever looks, a number to us.
 *
 * The number goes through a keyed permutation of 48 bits into the head of the UUID and what is
 * left of it is a hash of both, so that ids come in no order, as real ones do, and none needs to
 * be remembered. Not a secret: a run must only know its own ids. Pure.
 */
#ifndef BENCH_IDENT_H
#define BENCH_IDENT_H

#include "base/str.h"

enum { IDENT_LEN = 36 };
#define IDENT_NONE UINT64_MAX

/* The key of the run with this tag. */
u64 ident_key(str tag);
/* no: below 2^48. */
void ident_text(u64 key, u64 no, char ret_text[IDENT_LEN]);
/* IDENT_NONE if it is no id of this key. */
u64 ident_number(u64 key, str id);

#endif
