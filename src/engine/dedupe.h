/*
 * dedupe.h - which receipts may be of a given sender and client_message_id: a keyed 64-bit
 * hash of those to the receipt's number, 16 bytes each, nothing allocated per message.
 *
 * Several receipts may have one hash, so a hit is looked up in the store before it counts.
 * Split in parts, by the first byte of the hash, that grow and shrink one by one: none of it
 * stops the engine for long. The key is the database's (archive.h).
 */
#ifndef ENGINE_DEDUPE_H
#define ENGINE_DEDUPE_H

#include "base/arena.h"
#include "crypto/hash.h"

enum { DEDUPE_PARTS = 256 };

struct dedupe;
struct dedupe_entry { u64 hash; i64 no; };

struct dedupe *dedupe_new(const u8 key[HASH_KEY_BYTES]);
void dedupe_free(struct dedupe *d);           /* NULL is fine */
u64 dedupe_hash(const struct dedupe *d, i64 mesh_no, i64 sender_no, str client_id);
void dedupe_add(struct dedupe *d, u64 hash, i64 no); /* no > 0, not yet there */
void dedupe_drop(struct dedupe *d, u64 hash, i64 no); /* nothing if it is not there */
/* The next number with that hash; *at starts with 0, only dedupe_add() and _drop() upset it.
 * 0: no more. */
i64 dedupe_next(const struct dedupe *d, u64 hash, size_t *at);
/* The entries of a part with numbers up to up_to_no, by hash, then number. */
size_t dedupe_list(const struct dedupe *d, struct arena *a, size_t part, i64 up_to_no,
		   struct dedupe_entry **ret_entries);
/* Drops those, and gives back memory. */
void dedupe_forget(struct dedupe *d, size_t part, i64 up_to_no);
size_t dedupe_count(const struct dedupe *d);
size_t dedupe_bytes(const struct dedupe *d);

#endif
