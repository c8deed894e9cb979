/*
 * counters.h - the words by which the engine counts: fixed lists, so that no caller makes a new
 * time series. What is in none counts as "other".
 */
#ifndef ENGINE_COUNTERS_H
#define ENGINE_COUNTERS_H

#include "base/str.h"

/* Why a hello is refused: codes of wire-core.md 2.7, and ours. */
#define HELLO_REFUSALS(W) \
	W(bad_session_pubkey) W(capacity) W(timestamp_skew) W(bad_signature) W(malformed) W(revoked) \
	W(unauthorized) W(bad_parent_pubkey) W(attestation_mismatch) W(attestation_expired) \
	W(attestation_ttl_too_long) W(attestation_bad_signature) W(attestation_malformed) \
	W(session_timestamp_skew) W(session_bad_signature) W(session_malformed) \
	W(parent_member_id_mismatch) W(replayed) W(try_again) W(other)

/* Why a send is refused: the codes of acks; parse_or_handler: no handler could run at all. */
#define SEND_REFUSALS(W) \
	W(rate_limit) W(too_large) W(no_recipient) W(parse_or_handler) W(invalid) W(full) W(try_again) \
	W(forbidden) W(stale_epoch) W(topic_not_found) W(other)

/* Which capability a recipient did not grant. */
#define GRANT_DROPS(W) W(dm) W(broadcast)

#define COUNTER_ENUM_(word) + 1
enum { HELLO_REFUSAL_COUNT = 0 HELLO_REFUSALS(COUNTER_ENUM_),
       SEND_REFUSAL_COUNT = 0 SEND_REFUSALS(COUNTER_ENUM_),
       GRANT_DROP_COUNT = 0 GRANT_DROPS(COUNTER_ENUM_) };
#undef COUNTER_ENUM_

extern const char *const hello_refusal_words[], *const send_refusal_words[], *const grant_drop_words[];
/* The number of a word in such a list; its last if it has it not. */
size_t counter_of(const char *const words[], str word);

#endif
