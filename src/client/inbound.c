#include "client/inbound.h"

#include "base/clock.h"
#include "crypto/hello.h"
#include "json/json.h"

enum { KEY_SHOWN = 8 };
static const i64 TIME_MAX_MS = 253402300799999; /* the last with four digits for the year */

bool push_is_system(const struct push_args *push)
{
	return str_eq(push->subtype, S("system")) || str_eq(push->senderPubkey, S("system"));
}

static bool is_group_target(str target)
{
	return str_eq(target, S("*")) || str_starts(target, S("@"));
}

/* Was it said to many? Only then may plain text be a body (wire-core.md 4.3). */
static bool is_multicast(const struct push_args *push, bool marks_multicast)
{
	if (is_group_target(push->targetSpec) || !str_empty(push->topic))
		return true;
	if (marks_multicast || !str_empty(push->targetSpec))
		return false;
	return !str_empty(push->senderName) || !str_empty(push->senderMemberPubkey);
}

static str shown_name(struct arena *a, const struct push_args *push)
{
	str key = str_empty(push->senderMemberPubkey) ? push->senderPubkey
						      : push->senderMemberPubkey;

	if (!str_empty(push->senderName))
		return push->senderName;
	return str_empty(key) ? S("unknown")
			      : arena_dup(a, str_of(key.ptr, MIN(key.len, (size_t)KEY_SHOWN)));
}

/* Did the member vouch for the key that sealed it, when it was sent? */
static bool is_vouched_for(struct arena *a, const struct push_args *push)
{
	struct attestation t = { push->senderMemberPubkey, push->senderPubkey, push->senderAttestedUntil };

	if (!pubkey_is_valid(push->senderMemberPubkey))
		return false;
	if (str_eq(push->senderPubkey, push->senderMemberPubkey))
		return true;
	return t.expires_ms > 0 && t.expires_ms <= TIME_MAX_MS &&
	       str_cmp(time_iso(a, t.expires_ms), push->createdAt) >= 0 &&
	       attestation_check(a, &t, push->senderAttestation);
}

static void read_multicast(struct arena *a, const struct push_args *push, struct inbound *m)
{
	struct sealed plain = { push->nonce, push->ciphertext };

	m->target = S("*");
	if (!str_empty(push->targetSpec))
		m->target = push->targetSpec;
	else if (!str_empty(push->topic))
		m->target = arena_printf(a, "#%.*s", STRF(push->topic));
	if (plain_decode(a, plain, &m->body)) {
		m->body = STR_NONE;
		m->why = S("it is neither sealed to a key of ours nor plain text");
		return;
	}
	m->readable = true;
}

static str dup(struct arena *a, str s)
{
	return s.ptr ? arena_dup(a, s) : STR_NONE;
}

struct inbound inbound_dup(struct arena *a, const struct inbound *from)
{
	struct inbound m = *from;
	str *const texts[] = {
		&m.message_id, &m.client_message_id, &m.from_name, &m.from_pubkey, &m.from_member_pubkey,
		&m.from_member_id, &m.body, &m.why, &m.target, &m.priority, &m.created_at, &m.reply_to, &m.topic,
		&m.topic_id, &m.sealed.nonce, &m.sealed.ciphertext,
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = dup(a, *texts[i]);
	return m;
}

static void read_keyed(struct arena *a, const struct push_args *push, struct inbound *m)
{
	m->keyed = true;
	m->topic_id = push->topicId;
	m->epoch = MAX(push->epoch, 1);
	m->sealed = (struct sealed){ push->nonce, push->ciphertext };
	m->target = arena_printf(a, "#%.*s", STRF(push->topic));
	m->why = S("it is under a key of its topic that is not at hand");
}

void inbound_read(struct arena *a, const struct push_args *push, struct box_cache *cache,
		  const struct box_own *own, bool marks_multicast, struct inbound *ret_message)
{
	struct sealed sealed = { push->nonce, push->ciphertext };
	struct inbound m = {
		.message_id = push->messageId,
		.client_message_id = push->client_message_id,
		.from_name = shown_name(a, push),
		.from_pubkey = push->senderPubkey,
		.from_member_pubkey = push->senderMemberPubkey,
		.from_member_id = push->senderMemberId,
		.priority = push->priority,
		.created_at = push->createdAt,
		.reply_to = push->replyToId,
		.topic = push->topic,
	};

	if (push->bodyVersion == 2 && !str_empty(push->topicId)) {
		read_keyed(a, push, &m);
	} else if (!box_open(a, cache, own, push->senderPubkey, sealed, &m.body)) {
		m.readable = m.encrypted = true;
		m.proven = is_vouched_for(a, push);
		if (is_group_target(push->targetSpec))
			m.target = push->targetSpec;
	} else if (is_multicast(push, marks_multicast)) {
		read_multicast(a, push, &m);
	} else {
		m.body = STR_NONE;
		m.why = S("it is not sealed to a key of ours, or was changed on the way");
	}
	*ret_message = m;
}

void inbound_prove_post(struct arena *a, const struct push_args *push, str mesh_id, struct inbound *m)
{
	struct topic_message_args post = {
		.id = push->messageId, .senderPubkey = push->senderPubkey,
		.senderMemberPubkey = push->senderMemberPubkey, .nonce = push->nonce, .ciphertext = push->ciphertext,
		.bodyVersion = MAX(push->bodyVersion, 1), .epoch = push->epoch, .replyToId = push->replyToId,
		.client_message_id = push->client_message_id, .signature = push->signature,
		.signedReplyTo = push->signedReplyTo,
	};
	enum post_proof proof;

	if (str_empty(push->topicId))
		return;
	proof = post_proof_of(a, mesh_id, push->topicId, &post);
	m->proven = proof == POST_SIGNED;
	m->forged = proof == POST_FORGED;
	if (!m->forged)
		return;
	m->readable = m->encrypted = false;
	m->body = STR_NONE;
	m->why = S(POST_FORGED_TEXT);
}

void peer_event_read(const struct push_args *push, struct peer_event *ret_event)
{
	str name = json_get_str(push->eventData, S("name"));

	*ret_event = (struct peer_event){
		.event = push->event,
		.created_at = push->createdAt,
		.name = str_empty(name) ? json_get_str(push->eventData, S("displayName")) : name,
		.pubkey = json_get_str(push->eventData, S("pubkey")),
		.data = push->eventData,
	};
}
