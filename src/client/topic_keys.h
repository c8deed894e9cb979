/*
 * topic_keys.h - the topic keys that this machine has opened: keys/topics/<mesh id>.json, 0600.
 *
 * A cache: the broker keeps a sealed copy of each for us, so a lost file costs a question a
 * key. It is also a memory that a broker cannot rewrite: the key of a slot never changes, and
 * the highest epoch seen is kept, so that an older one cannot be passed off as the present.
 * Changes are read-modify-write under the lock of paths.lock. Keys lie in memory that is wiped
 * with the arena.
 */
#ifndef CLIENT_TOPIC_KEYS_H
#define CLIENT_TOPIC_KEYS_H

#include "client/paths.h"
#include "crypto/topic.h"
#include "json/fields.h"

enum { TOPIC_KEYS_MAX = 8192, TOPICS_KNOWN_MAX = 1024 }; /* a mesh; the oldest make room */

#define TOPIC_KEY_ARGS(F, T) \
	F(T, str,  topic_id, REQ, 1, 64, "topic record id") \
	F(T, i64,  epoch,    REQ, 1, INT64_MAX, "1 is a topic's first key") \
	F(T, str,  key,      REQ | SECRET, 64, 64, "hex of 32 bytes") \
	F(T, bool, trusted,  OPT, 0, 0, "bound to its slot, by somebody the owner vouches for: fit to write with")
JSON_LIST(topic_key, TOPIC_KEY_ARGS);
#define JSON_C_topic_key_rows struct topic_key_list
#define JSON_KIND_topic_key_rows JSON_K_LIST
#define JSON_SUB_topic_key_rows &topic_key_list_type

#define TOPIC_KNOWN_ARGS(F, T) \
	F(T, str, topic_id, REQ, 1, 64, "topic record id") \
	F(T, str, name,     REQ, 1, 0, "by which it was last asked for") \
	F(T, i64, epoch,    REQ, 0, INT64_MAX, "the highest that was seen; 0: not encrypted")
JSON_LIST(topic_known, TOPIC_KNOWN_ARGS);
#define JSON_C_topic_known_rows struct topic_known_list
#define JSON_KIND_topic_known_rows JSON_K_LIST
#define JSON_SUB_topic_known_rows &topic_known_list_type

#define TOPIC_KEYS_ARGS(F, T) \
	F(T, topic_key_rows, keys, OPT, 0, TOPIC_KEYS_MAX, "in the order in which we got them") \
	F(T, topic_known_rows, topics, OPT, 0, TOPICS_KNOWN_MAX, "the one used last comes last")
JSON_ARGS(topic_keys, TOPIC_KEYS_ARGS);

/* A missing file is an empty list. */
struct err *topic_keys_load(struct arena *a, const struct paths *p, str mesh_id,
			    struct topic_keys_args *ret_keys) MUST_CHECK;
/* The key of an epoch; NULL if we have none. */
const struct topic_key_args *topic_keys_get(const struct topic_keys_args *keys, str topic_id,
					    i64 epoch);
/* By name or id; NULL if it was never asked for. */
const struct topic_known_args *topic_keys_get_topic(const struct topic_keys_args *keys, str name_or_id);

/* Keeps a key. CONFLICT if another one is kept for that slot and was trusted. */
struct err *topic_keys_add(struct arena *a, const struct paths *p, str mesh_id,
			   const struct topic_slot *slot, const u8 key[TOPIC_KEY_BYTES],
			   bool trusted) MUST_CHECK;
/* Keeps name and epoch of a topic; of two epochs, whose answers may cross on their way to two
 * commands, the higher. */
struct err *topic_keys_see(struct arena *a, const struct paths *p, str mesh_id, str topic_id,
			   str name, i64 epoch) MUST_CHECK;
/* The mesh was left. */
struct err *topic_keys_remove(struct arena *a, const struct paths *p, str mesh_id) MUST_CHECK;

/* The bytes of a row; wiped by the caller. */
bool topic_key_bytes(const struct topic_key_args *row, u8 ret_key[TOPIC_KEY_BYTES]) MUST_CHECK;

#endif
