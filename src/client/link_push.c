/*
 * link_push.c - messages that come: told from their repeats, opened, handed over, acked.
 *
 * Delivery is at least once: the broker repeats what was not acked, and a sender that lost
 * an ack sends again with the same client_message_id. Both are one message for our owner.
 */
#include "client/link_internal.h"

#include "crypto/fingerprint.h"

/* Ours, unless the message's sender chose an id of its own: that one survives its retries. */
static void hash_of(struct link *l, const struct inbound *m, u8 ret_hash[SEEN_HASH_BYTES])
{
	str sender = m->from_member_id, key;
	u8 digest[SHA256_BYTES];

	if (str_empty(sender))
		sender = str_empty(m->from_member_pubkey) ? m->from_pubkey : m->from_member_pubkey;
	key = str_empty(m->client_message_id)
		      ? arena_printf(l->frame, "m|%.*s", STRF(m->message_id))
		      : arena_printf(l->frame, "c|%.*s|%.*s", STRF(sender),
				     STRF(m->client_message_id));
	sha256(key, digest);
	memcpy(ret_hash, digest, SEEN_HASH_BYTES);
}

static struct link_seen *seen_get(struct link *l, const u8 hash[SEEN_HASH_BYTES])
{
	for (size_t i = 0; i < l->spec.seen_max; i++)
		if (l->seen[i].used && memcmp(l->seen[i].hash, hash, SEEN_HASH_BYTES) == 0)
			return &l->seen[i];
	return NULL;
}

static struct link_seen *seen_add(struct link *l, const u8 hash[SEEN_HASH_BYTES])
{
	struct link_seen *s = &l->seen[l->seen_next++ % l->spec.seen_max];

	*s = (struct link_seen){ .used = true };
	memcpy(s->hash, hash, SEEN_HASH_BYTES);
	return s;
}

static void write_ack(struct link *l, str message_id, str client_message_id)
{
	struct client_ack_args args = {
		.clientMessageId = str_empty(client_message_id) ? message_id : client_message_id,
		.brokerMessageId = message_id,
	};

	/* If it cannot be sent the message comes again. */
	if (l->state == LINK_READY)
		(void)link_write(l, "client_ack", NULL, STR_NONE, client_ack_fields, &args);
}

void link_ack(struct link *l, const struct inbound *m)
{
	u8 hash[SEEN_HASH_BYTES];
	struct link_seen *s;

	hash_of(l, m, hash);
	s = seen_get(l, hash);
	if (!s)
		s = seen_add(l, hash);
	s->acked = true;
	write_ack(l, m->message_id, m->client_message_id);
}

void link_forget(struct link *l, const struct inbound *m)
{
	u8 hash[SEEN_HASH_BYTES];
	struct link_seen *s;

	hash_of(l, m, hash);
	s = seen_get(l, hash);
	if (s)
		s->used = false;
}

static void take_message(struct link *l, const struct push_args *push)
{
	struct box_own own = { l->spec.is_session ? &l->session : NULL, &l->member };
	u8 hash[SEEN_HASH_BYTES];
	struct link_seen *s;
	struct inbound m = { .message_id = push->messageId,
			     .client_message_id = push->client_message_id,
			     .from_pubkey = push->senderPubkey,
			     .from_member_pubkey = push->senderMemberPubkey,
			     .from_member_id = push->senderMemberId };

	hash_of(l, &m, hash);
	s = seen_get(l, hash);
	if (s) {
		if (s->acked)
			write_ack(l, push->messageId, push->client_message_id);
		return;
	}
	inbound_read(l->frame, push, l->cache, &own, l->has_challenge, &m);
	inbound_prove_post(l->frame, push, l->spec.mesh_id, &m);
	seen_add(l, hash);
	if (!l->h->on_message(l->arg, l, &m) && !l->freed) {
		s = seen_get(l, hash);
		if (s)
			s->used = false;
	}
}

void link_take_push(struct link *l, const struct json *message)
{
	struct push_args push;
	struct peer_event ev;

	if (json_decode(l->frame, message, push_fields, &push, sizeof(push), NULL) ||
	    str_empty(push.messageId)) {
		l->bad_frames++;
		return;
	}
	if (!push_is_system(&push)) {
		if (l->h->on_message)
			take_message(l, &push);
	} else if (l->h->on_event) {
		peer_event_read(&push, &ev);
		l->h->on_event(l->arg, l, &ev);
	}
}
