/*
 * bucket.h - a token bucket: `burst` tokens at first, refilled continuously at
 * `per_minute`. Kept in 60,000ths, so that no refill is rounded, however often one asks.
 */
#ifndef ENGINE_BUCKET_H
#define ENGINE_BUCKET_H

#include "base/base.h"

struct bucket { i64 used, at_ms; };           /* zeroed: full */

/* True if a token is there; takes none. per_minute 0: always. */
bool bucket_has(struct bucket *b, i64 now_ms, i64 per_minute, i64 burst);
void bucket_take(struct bucket *b);
void bucket_take_many(struct bucket *b, i64 n); /* more than there are: the rest is owed */
void bucket_give_back(struct bucket *b, i64 n);
/* Nothing was taken for so long that it is full again. */
bool bucket_is_full(struct bucket *b, i64 now_ms, i64 per_minute);

#endif
