/*
 * validate.h - is it shaped like a key, a message id, a slug? (client.md 4)
 *
 * A failure has three tiers: what is wrong with it (with the measured length), what would
 * be right, and the nearest valid thing if the caller knows some. code is the reference's
 * word for scripts: missing, wrong_length, too_short, too_long, non_hex, bad_charset,
 * bad_format. PREFIX_MIN is the one definition of how short a prefix may be.
 */
#ifndef CLIENT_VALIDATE_H
#define CLIENT_VALIDATE_H

#include "base/err.h"
#include "proto/enums.h"

enum {
	PREFIX_MIN = 8, /* of keys and of message ids, everywhere */
	MESSAGE_ID_MAX = 32,
	SLUG_MIN = 2,
	SLUG_MAX = 64,
};

struct invalid {
	str field; /* pubkey, messageId, slug, priority, ... */
	str code, reason, expected;
	str nearest; /* empty if unknown */
	str input;   /* what was looked at */
};

/* On false *ret_why is filled in, else *ret_value; keys are lowered. */
bool valid_pubkey(struct arena *a, str text, str *ret_value, struct invalid *ret_why) MUST_CHECK;
bool valid_pubkey_prefix(struct arena *a, str text, str *ret_value, struct invalid *ret_why)
	MUST_CHECK;
/* is_prefix: shorter than a whole id. */
bool valid_message_id(struct arena *a, str text, str *ret_value, bool *ret_is_prefix,
		      struct invalid *ret_why) MUST_CHECK;
bool valid_slug(struct arena *a, str text, str *ret_value, struct invalid *ret_why) MUST_CHECK;
bool valid_priority(struct arena *a, str text, enum priority *ret_value, struct invalid *ret_why)
	MUST_CHECK;
bool valid_status(struct arena *a, str text, enum status *ret_value, struct invalid *ret_why)
	MUST_CHECK;
/* "7d"; between min_ms and max_ms. */
bool valid_duration(struct arena *a, str text, i64 min_ms, i64 max_ms, i64 *ret_ms,
		    struct invalid *ret_why) MUST_CHECK;
/* Whole number between min and max; field names it. */
bool valid_number(struct arena *a, str field, str text, i64 min, i64 max, i64 *ret_value,
		  struct invalid *ret_why) MUST_CHECK;
/* Letters, digits, '_', '-', '.', '/'; a leading '@' is dropped. */
bool valid_group(struct arena *a, str text, str *ret_value, struct invalid *ret_why) MUST_CHECK;

/* Letters, digits, '_', '-', '.'; a name or an id; a leading '#' is dropped. */
bool valid_topic(struct arena *a, str text, str *ret_value, struct invalid *ret_why) MUST_CHECK;

/* WHO of `send`, as far as its shape tells: a name, a key or the start of one, "@group", "*". */
bool valid_target(struct arena *a, str text, str *ret_value, struct invalid *ret_why) MUST_CHECK;
/* A name to be shown under or of a mesh: 1 to max bytes without control characters, trimmed. */
bool valid_name(struct arena *a, str field, str text, size_t max, str *ret_value,
		struct invalid *ret_why) MUST_CHECK;
/* One of the words, [0] of which stands for absent; NULL ends them. Case does not count. */
bool valid_word(struct arena *a, str field, str text, const char *const words[], int *ret_value,
		struct invalid *ret_why) MUST_CHECK;
/* Fails always, with the tiers: what a caller finds that no function here looks for. */
bool invalid_because(struct invalid *ret_why, str field, str input, const char *code, str reason,
		     str expected);

/* The word that is nearest to text (case does not count), if near enough to be what was meant; else STR_NONE. */
str nearest(str text, const str *words, size_t n);
/* A BAD_REQUEST with the tiers, in one sentence too: "<reason>; expected: <expected>; did you
 * mean '<nearest>'?" */
struct err *invalid_err(struct arena *a, const struct invalid *why);

#endif
