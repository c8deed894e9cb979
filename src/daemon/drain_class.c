/* drain_class.c - what a refusal means. */
#include "daemon/drain.h"

static const struct {
	const char *word;
	enum drain_class class;
} words[] = {
	{ "rate_limit", DRAIN_SLOWER },
	{ "try_again", DRAIN_PASSING },
	{ "full", DRAIN_AWAY },
	{ "internal", DRAIN_PASSING },
	{ "unavailable", DRAIN_PASSING },
	{ "no_key", DRAIN_AWAY },
	{ "untrusted_key", DRAIN_AWAY },
	{ "stale_epoch", DRAIN_PASSING },
	{ "already_encrypted", DRAIN_PASSING },
	{ "topic_unencrypted", DRAIN_PASSING },
	{ "topic_not_found", DRAIN_PERMANENT },
	{ "not_in_topic", DRAIN_PERMANENT },
	{ "observer", DRAIN_PERMANENT },
	{ "encrypted", DRAIN_PERMANENT },
	{ "went_plain", DRAIN_PERMANENT },
	{ "idempotency_key_reused", DRAIN_PERMANENT },
	{ "too_large", DRAIN_PERMANENT },
	{ "invalid", DRAIN_PERMANENT },
	{ "forbidden", DRAIN_PERMANENT },
	{ "no_recipient", DRAIN_PERMANENT },
	{ "not_found", DRAIN_PERMANENT },
	{ "unauthorized", DRAIN_PERMANENT },
	{ "bad_request", DRAIN_PERMANENT },
	{ "bad_json", DRAIN_PERMANENT },
	{ "not_supported", DRAIN_PERMANENT },
	{ "refused", DRAIN_PERMANENT },
	{ "conflict", DRAIN_PERMANENT },
	{ "gone", DRAIN_PERMANENT },
	{ "revoked", DRAIN_PERMANENT },
	{ "banned", DRAIN_PERMANENT },
	{ "kicked", DRAIN_UNKNOWN }, /* kept until the user comes back */
	{ "malformed", DRAIN_PERMANENT },
	{ "unknown_message_type", DRAIN_PERMANENT },
};

/* Sentences of brokers that give no code: the reference's own, then its clients' lists. */
static const struct {
	const char *part;
	enum drain_class class;
} texts[] = {
	{ "rate_limit", DRAIN_SLOWER },
	{ "rate limit", DRAIN_SLOWER },
	{ "no connected peer", DRAIN_AWAY },
	{ "payload too large", DRAIN_PERMANENT },
	{ "payload_too_large", DRAIN_PERMANENT },
	{ "blocked by recipient", DRAIN_PERMANENT },
	{ "forbidden", DRAIN_PERMANENT },
	{ "not_authorized", DRAIN_PERMANENT },
	{ "unauthorized", DRAIN_PERMANENT },
	{ "target_not_found", DRAIN_PERMANENT },
	{ "not_found", DRAIN_PERMANENT },
	{ "invalid", DRAIN_PERMANENT },
	{ "schema", DRAIN_PERMANENT },
	{ "bad_signature", DRAIN_PERMANENT },
	{ "unknown message type", DRAIN_PERMANENT },
	{ "unknown topic", DRAIN_PERMANENT },
};

static str lower(struct arena *a, str s)
{
	str copy = arena_dup(a, s);
	char *p = (char *)copy.ptr;

	for (size_t i = 0; i < copy.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return copy;
}

enum drain_class drain_classify(const struct err *e)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str text = lower(a, e->text);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(e->word, str_from(words[i].word)))
			return words[i].class;
	/* Without the broker's word: the link's own failures, then sentences. */
	if (e->code == ERR_NETWORK || e->code == ERR_TIMEOUT || e->code == ERR_CANCELLED)
		return DRAIN_UNKNOWN;
	if (e->code == ERR_TRY_AGAIN)
		return DRAIN_SLOWER; /* too many requests under way */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (str_contains(text, str_from(texts[i].part)))
			return texts[i].class;
	return DRAIN_PASSING;
}
