/*
 * push.c - every push is written here: direct, multicast, first, repeated, event. So all
 * of them carry the same members and name the same sender.
 */
#include "engine/state.h"
#include "proto/message.h"

enum { PUSH_BYTES_MAX = 1 << 23 };

static struct block *written(const struct push_args *push)
{
	struct buf b = buf_make(PUSH_BYTES_MAX);
	struct json_out o = json_out(&b);
	struct block *block;

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

struct block *push_block(struct mesh *m, const struct message_row *row)
{
	struct member *sender = mesh_member_by_no(m, row->sender_no);
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

	if (sender) {
		push.senderMemberPubkey = str_of(sender->pubkey, 64);
		push.senderMemberId = str_from(sender->id);
		push.senderName = row->sender_name.len ? row->sender_name : sender->name;
	}
	return written(&push);
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
