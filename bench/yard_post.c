#include "bench/yard.h"

#include <stdlib.h>

str yard_field(str frame, str name)
{
	char quoted[64];
	size_t n = name.len + 4;
	char *at, *end;

	if (n > sizeof(quoted))
		return S("");
	quoted[0] = '"';
	memcpy(quoted + 1, name.ptr, name.len);
	memcpy(quoted + 1 + name.len, "\":\"", 3);
	at = memmem(frame.ptr, frame.len, quoted, n);
	if (!at)
		return S("");
	at += n;
	end = memchr(at, '"', frame.len - (size_t)(at - frame.ptr));
	return end ? str_of(at, (size_t)(end - at)) : S("");
}

void yard_take(struct yard_link *l, str payload)
{
	struct yard *y = l->yard;

	if (y->n_items == y->room_items) {
		y->room_items = MAX(y->room_items * 2, 1024);
		y->items = realloc(y->items, y->room_items * sizeof(*y->items));
		if (!y->items)
			abort();
	}
	y->items[y->n_items++] = (struct yard_item){ l, y->batch.len, payload.len };
	buf_add(&y->batch, payload);
	y->must_sync = y->must_sync || str_eq(yard_field(payload, S("type")), S("send"));
}

static struct yard_key *key_of(struct yard *y, str text)
{
	struct yard_key *k;

	HASH_FIND(hh, y->keys, text.ptr, YARD_KEY_LEN, k);
	if (k)
		return k;
	k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	memcpy(k->text, text.ptr, YARD_KEY_LEN);
	k->waiting = buf_make(YARD_OUT_MAX);
	HASH_ADD(hh, y->keys, text, YARD_KEY_LEN, k);
	return k;
}

void yard_leave(struct yard_link *l)
{
	if (l->key && l->key->link == l)
		l->key->link = NULL;
}

static str key_text(const char *text)
{
	return str_of(text, YARD_KEY_LEN);
}

static void hello(struct yard_link *l, str frame, bool is_session)
{
	str member = yard_field(frame, is_session ? S("parentMemberPubkey") : S("pubkey"));
	str seals = is_session ? yard_field(frame, S("sessionPubkey")) : member;
	str mesh = yard_field(frame, S("meshId"));
	struct yard_key *k;

	if (member.len != YARD_KEY_LEN || seals.len != YARD_KEY_LEN || mesh.len != YARD_MESH_LEN)
		return;
	k = key_of(l->yard, member);
	k->link = l;
	l->key = k;
	memcpy(l->seals, seals.ptr, YARD_KEY_LEN);
	memcpy(l->mesh, mesh.ptr, YARD_MESH_LEN);
	yard_send(l, S("{\"type\":\"hello_ack\",\"presenceId\":\"\",\"memberDisplayName\":\"\"}"));
	yard_send_raw(l, buf_str(&k->waiting));
	buf_done(&k->waiting);
}

/* A whole frame with the fields that a broker's push has. */
static str push_frame(struct yard_link *from, str frame, str target)
{
	struct yard *y = from->yard;
	struct buf *b = &y->frame;
	u8 head[WS_HEADER_MAX];
	size_t n;

	buf_clear(b);
	buf_room(b, WS_HEADER_MAX);
	b->len = WS_HEADER_MAX;
	buf_printf(b, "{\"type\":\"push\",\"messageId\":\"%032llx\",\"meshId\":\"%.*s\"",
		   (unsigned long long)y->messages, YARD_MESH_LEN, from->mesh);
	buf_printf(b, ",\"senderPubkey\":\"%.*s\",\"senderMemberPubkey\":\"%.*s\"", YARD_KEY_LEN,
		   from->seals, STRF(key_text(from->key->text)));
	buf_printf(b, ",\"senderMemberId\":\"%.*s\",\"senderName\":\"somebody\",\"priority\":\"next\"",
		   YARD_MESH_LEN, from->mesh);
	buf_add(b, S(",\"nonce\":\""));
	buf_add(b, yard_field(frame, S("nonce")));
	buf_add(b, S("\",\"ciphertext\":\""));
	buf_add(b, yard_field(frame, S("ciphertext")));
	buf_add(b, S("\",\"createdAt\":\"2026-01-01T00:00:00.000Z\",\"client_message_id\":\""));
	buf_add(b, yard_field(frame, S("client_message_id")));
	buf_add(b, S("\",\"request_fingerprint\":\""));
	buf_add(b, yard_field(frame, S("request_fingerprint")));
	if (target.len != YARD_KEY_LEN) {
		buf_add(b, S("\",\"targetSpec\":\""));
		buf_add(b, target);
	}
	buf_add(b, S("\"}"));
	/* The header lies just before what it is the header of. */
	n = ws_header(head, WS_OP_TEXT, b->len - WS_HEADER_MAX, NULL);
	memcpy(b->ptr + WS_HEADER_MAX - n, head, n);
	return str_skip(buf_str(b), WS_HEADER_MAX - n);
}

static void forward(struct yard_link *from, str frame)
{
	struct yard *y = from->yard;
	str target = yard_field(frame, S("targetSpec"));
	str push = push_frame(from, frame, target);

	if (target.len == YARD_KEY_LEN) {
		struct yard_key *k = key_of(y, target);

		if (k->link)
			yard_send_raw(k->link, push);
		else
			buf_add(&k->waiting, push);
		return;
	}
	for (struct yard_link *l = y->links; l; l = l->next)
		if (l != from && l->key && memcmp(l->mesh, from->mesh, YARD_MESH_LEN) == 0)
			yard_send_raw(l, push);
}

static void message(struct yard_link *from, str frame)
{
	char text[512];
	str id = yard_field(frame, S("id"));
	int n;

	if (!from->key)
		return;
	from->yard->messages++;
	n = snprintf(text, sizeof(text),
		     "{\"type\":\"ack\",\"id\":\"%.*s\",\"messageId\":\"%032llx\",\"queued\":true,"
		     "\"delivery\":\"live\",\"recipients\":1}",
		     STRF(id), (unsigned long long)from->yard->messages);
	yard_send(from, str_of(text, MIN((size_t)n, sizeof(text) - 1)));
	forward(from, frame);
}

static void post_one(struct yard_link *l, str frame)
{
	str type = yard_field(frame, S("type"));

	if (str_eq(type, S("send"))) {
		message(l, frame);
	} else if (str_eq(type, S("hello"))) {
		hello(l, frame, false);
	} else if (str_eq(type, S("session_hello"))) {
		hello(l, frame, true);
	} else if (str_eq(type, S("set_status"))) {
		char text[128];
		int n = snprintf(text, sizeof(text), "{\"type\":\"done\",\"_reqId\":\"%.*s\"}",
				 STRF(yard_field(frame, S("_reqId"))));

		yard_send(l, str_of(text, MIN((size_t)n, sizeof(text) - 1)));
	}
}

void yard_post(struct yard *y)
{
	for (size_t i = 0; i < y->n_items; i++) {
		struct yard_item *it = &y->items[i];

		post_one(it->from, str_of(y->batch.ptr + it->at, it->len));
	}
	y->n_items = 0;
	y->must_sync = false;
	buf_clear(&y->batch);
}
