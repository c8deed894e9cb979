/*
 * push.c - every push is written here: direct, multicast, first, repeated, event. So all
 * of them carry the same members and name the same sender.
 */
#include "engine/state.h"
#include "engine/topic.h"
#include "proto/message.h"

enum {
	PUSH_BYTES_MAX = 1 << 23,
	PUSH_BYTES_REST = 1500,       /* what stands around the text, nearly always */
};

static struct block *written(const struct push_args *push)
{
	struct buf b = buf_make(PUSH_BYTES_MAX);
	struct json_out o = json_out(&b);
	struct block *block;

	(void)buf_room(&b, push->nonce.len + push->ciphertext.len + PUSH_BYTES_REST);
	json_obj(&o);
	json_put_str(&o, "type", S("push"));
	json_encode(&o, push_fields, push);
	json_obj_end(&o);
	block = block_new(buf_str(&b));
	buf_done(&b);
	return block;
}

static bool is_multicast(str target)
{
	return target.len && (target.ptr[0] == '*' || target.ptr[0] == '@' || target.ptr[0] == '#');
}

/* Absent for a key that was only shown, and for the member's own. */
static void attest(struct push_args *push, struct mesh *m, i64 sender_no)
{
	const struct mailbox *mb = mesh_mailbox(m, push->senderPubkey);

	if (!mb || !mb->session || mb->member->no != sender_no || !mb->attestation.len)
		return;
	push->senderAttestation = mb->attestation;
	push->senderAttestedUntil = mb->attested_until_ms;
}

static struct block *write_for(struct push_args *push, struct mesh *m, i64 sender_no, str name, bool attested)
{
	const struct member *sender = mesh_member_by_no(m, sender_no);

	if (sender) {
		push->senderMemberPubkey = str_of(sender->pubkey, 64);
		push->senderMemberId = str_from(sender->id);
		push->senderName = name.len ? name : sender->name;
	}
	if (attested)
		attest(push, m, sender_no);
	return written(push);
}

static struct block *written_for(struct mesh *m, const struct message_row *row, bool attested)
{
	struct push_args push = {
		.messageId = row->id,
		.meshId = str_of(m->id, ID_LEN),
		.senderPubkey = row->sender_pubkey,
		.replyToId = row->reply_to,
		.priority = str_from(priority_words[row->rank + PRIORITY_NOW]),
		.nonce = row->nonce.ptr ? row->nonce : S(""),
		.ciphertext = row->ciphertext.ptr ? row->ciphertext : S(""),
		.createdAt = time_iso(m->engine->batch, row->created_ms),
		.client_message_id = row->client_id,
		.request_fingerprint = row->fingerprint,
		.targetSpec = is_multicast(row->target) ? row->target : STR_NONE,
	};

	return write_for(&push, m, row->sender_no, row->sender_name, attested);
}

struct block *push_block(struct push_blocks *blocks, const struct presence *to,
			 const struct message_row *row)
{
	struct block **block = to->attestations ? &blocks->attested : &blocks->plain;

	if (!*block)
		*block = written_for(to->mesh, row, to->attestations);
	return *block;
}

static struct block *post_written_for(const struct topic *t, const struct post_row *row, bool attested)
{
	struct mesh *m = t->mesh;
	struct arena *a = m->engine->batch;
	struct push_args push = {
		.messageId = row->id,
		.meshId = str_of(m->id, ID_LEN),
		.senderPubkey = row->sender_pubkey,
		.topic = t->name, .topicId = str_from(t->id), .topicSeq = row->seq,
		.bodyVersion = row->body_version, .epoch = row->epoch,
		.signature = row->signature,
		.signedReplyTo = row->reply_to.len ? STR_NONE : row->signed_reply,
		.replyToId = row->reply_to,
		.priority = str_from(priority_words[row->rank + PRIORITY_NOW]),
		.nonce = row->nonce,
		.ciphertext = row->ciphertext,
		.createdAt = time_iso(a, row->created_ms),
		.client_message_id = row->client_id,
		.request_fingerprint = row->fingerprint,
		.targetSpec = row->body_version == 2 ? STR_NONE : arena_printf(a, "#%.*s", STRF(t->name)),
	};

	return write_for(&push, m, row->sender_no, row->sender_name, attested);
}

struct block *push_post_block(struct push_blocks *blocks, const struct presence *to, const struct topic *t,
			      const struct post_row *row)
{
	struct block **block = to->attestations ? &blocks->attested : &blocks->plain;

	if (!*block)
		*block = post_written_for(t, row, to->attestations);
	return *block;
}

void push_blocks_done(struct push_blocks *blocks)
{
	block_unref(blocks->plain);
	block_unref(blocks->attested);
}

struct block *push_event(struct mesh *m, str event, str data)
{
	struct arena *a = m->engine->batch;
	struct push_args push = {
		.messageId = id_uuid(a, m->engine->random),
		.meshId = str_from(m->id),
		.senderPubkey = S("system"),
		.priority = S("low"),
		.nonce = S(""),
		.ciphertext = S(""),
		.createdAt = time_iso(a, m->engine->now_ms),
		.subtype = S("system"),
		.event = event,
	};

	if (json_parse(a, data, &push.eventData))
		push.eventData = NULL; /* never: we wrote it */
	return written(&push);
}
