#include "client/compose.h"

#include "base/ids.h"
#include "crypto/fingerprint.h"
#include "crypto/keys.h"

static struct err *check_text(struct arena *a, str text)
{
	if (str_empty(text))
		return FAIL(a, BAD_REQUEST, "the message is empty");
	if (text.len > COMPOSE_TEXT_MAX)
		return FAIL(a, TOO_LARGE, "the message has %zu bytes, at most %d fit", text.len,
			    COMPOSE_TEXT_MAX);
	if (!str_is_utf8(text) || str_index(text, 0) >= 0)
		return FAIL(a, BAD_REQUEST,
			    "the message is not text: it is not UTF-8 or holds a NUL byte");
	return NULL;
}

/* What was asked for, as the reference's daemon fingerprints it (wire-core.md 3.10). */
static str fingerprint(struct arena *a, const struct draft *d, const struct target *to)
{
	bool multicast = to->kind != TARGET_KEY;
	struct request_parts parts = {
		.destination_kind = multicast ? S("topic") : S("dm"),
		.destination_ref = to->kind == TARGET_GROUP ? str_skip(to->spec, 1) : to->spec,
		.reply_to_id = d->reply_to,
		.priority = enum_word(priority_words,
				      (int)(d->priority ? d->priority : PRIORITY_NEXT)),
		.body = d->text,
	};

	return request_fingerprint(a, &parts);
}

struct err *compose(struct arena *a, const struct draft *d, const struct target *to,
		    struct box_cache *cache, const struct sign_pair *own,
		    const struct random *random, struct send_args *ret_send)
{
	struct send_args args = {
		.targetSpec = to->spec,
		.priority = d->priority ? d->priority : PRIORITY_NEXT,
		.client_message_id = d->client_message_id,
		.requireConnected = d->require_connected,
		.replyToId = str_empty(d->reply_to) ? STR_NONE : d->reply_to,
	};
	struct sealed sealed;

	TRY(check_text(a, d->text));
	if (str_empty(args.client_message_id))
		args.client_message_id = id_random(a, random);
	if (args.client_message_id.len > CLIENT_ID_BYTES_MAX)
		return FAIL(a, BAD_REQUEST, "a message id of one's own has at most %d bytes",
			    CLIENT_ID_BYTES_MAX);
	if (to->kind == TARGET_KEY) {
		if (!pubkey_is_valid(to->spec))
			return FAIL(a, BAD_REQUEST,
				    "the broker lists '%.*s' with a key that is none",
				    STRF(to->name));
		TRY(box_seal(a, cache, own, to->spec, d->text, &sealed));
	} else {
		sealed = plain_encode(a, d->text);
	}
	args.nonce = sealed.nonce;
	args.ciphertext = sealed.ciphertext;
	args.request_fingerprint = fingerprint(a, d, to);
	*ret_send = args;
	return NULL;
}
