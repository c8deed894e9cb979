/*
 * queue.c - messages as the reference keeps them: a row for every send, whatever its ids
 * (D-14), claimed for a while by the connection it was pushed to, gone with a client_ack.
 */
#include "base/clock.h"
#include "base/ids.h"
#include "refbroker/fake.h"

#define NO_RECIPIENT_TEXT \
	"no connected peer for target (not online, or targetSpec is your own key without another session)"

static str pubkey_of(const struct presence *p)
{
	return str_empty(p->session_pubkey) ? p->member->pubkey : p->session_pubkey;
}

static bool is_to(const struct presence *p, str target)
{
	return str_eq(target, p->member->pubkey) || str_eq(target, p->session_pubkey);
}

static bool is_multicast(str target)
{
	return str_eq(target, S("*")) || target.ptr[0] == '@';
}

static void say_ack(struct ws_conn *c, str id, str message_id, str error)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "type", S("ack"));
	json_put_str(&o, "id", id.ptr ? id : S(""));
	json_put_str(&o, "messageId", message_id);
	json_put_bool(&o, "queued", str_empty(error));
	if (!str_empty(error))
		json_put_str(&o, "error", error);
	json_obj_end(&o);
	say(c, &b);
}

/* Who sent a direct message is not said but by the key that sealed it. */
static void push(struct fake *f, struct ws_conn *c, const struct row *row,
		 const struct presence *sender)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "type", S("push"));
	json_put_str(&o, "messageId", row->id);
	json_put_str(&o, "meshId", f->mesh_id);
	json_put_str(&o, "senderPubkey", row->sender_pubkey);
	if (sender) {
		json_put_str(&o, "senderMemberPubkey", sender->member->pubkey);
		json_put_str(&o, "senderMemberId", sender->member->id);
		json_put_str(&o, "senderName", sender->name);
	} else {
		json_put_opt(&o, "client_message_id", row->client_id);
	}
	json_put_str(&o, "priority", row->priority);
	json_put_str(&o, "nonce", row->nonce);
	json_put_str(&o, "ciphertext", row->ciphertext);
	json_put_str(&o, "createdAt", row->created_at);
	json_obj_end(&o);
	say(c, &b);
	if (f->flaws.twice)
		say(c, &b);
}

void queue_drain(struct fake *f, const struct presence *p)
{
	i64 now_ms = clock_mono_ms(&clock_real);

	for (struct row *r = f->rows; r; r = r->next) {
		if (r->delivered || r->claimed_until_ms > now_ms || !is_to(p, r->target))
			continue;
		r->claimed_until_ms = now_ms + (f->flaws.lease_ms ? f->flaws.lease_ms : LEASE_MS);
		if (p->conn)
			push(f, p->conn, r, NULL);
	}
}

void queue_again(void *fake)
{
	struct fake *f = fake;

	for (struct row *r = f->rows; r; r = r->next)
		for (const struct presence *p = f->presences; p && !r->delivered; p = p->next)
			if (p->conn && is_to(p, r->target))
				push(f, p->conn, r, NULL);
}

static struct row *row_add(struct fake *f, const struct presence *from, const struct json *m)
{
	struct row *r = NEW(f->arena, struct row), **at = &f->rows;
	str priority = json_get_str(m, S("priority"));

	*r = (struct row){
		.id = id_random(f->arena, &random_system),
		.sender_pubkey = pubkey_of(from),
		.target = json_get_str(m, S("targetSpec")),
		.priority = str_empty(priority) ? S("next") : priority,
		.nonce = json_get_str(m, S("nonce")),
		.ciphertext = json_get_str(m, S("ciphertext")),
		.client_id = json_get_str(m, S("client_message_id")),
		.created_at = time_iso(f->arena, clock_ms(&clock_real)),
	};
	while (*at)
		at = &(*at)->next;
	*at = r;
	return r;
}

static void fan_out(struct fake *f, const struct presence *from, struct row *r)
{
	bool multicast = is_multicast(r->target);

	for (const struct presence *p = f->presences; p; p = p->next) {
		if (multicast && p->conn && p->member != from->member)
			push(f, p->conn, r, from);
		else if (!multicast && p != from && is_to(p, r->target))
			queue_drain(f, p);
	}
	r->delivered = r->delivered || multicast;
}

static bool has_recipient(const struct fake *f, const struct presence *from, str target)
{
	for (const struct presence *p = f->presences; p; p = p->next)
		if (p != from && is_to(p, target))
			return true;
	return false;
}

static void answer_send(struct fake *f, struct presence *from, str id, const struct row *r)
{
	if (f->flaws.cut_on_send) {
		ws_conn_abort(from->conn);
		return;
	}
	if (f->flaws.stray_errors)
		say_error(from->conn, S("forbidden"), S("somebody else may not"));
	if (f->flaws.stray_acks)
		say_ack(from->conn, S("0011223344556677"), S(""), S("refused for somebody else"));
	if (f->sends != f->flaws.ack_drop)
		say_ack(from->conn, id, r->id, STR_NONE);
	if (f->flaws.stray_acks)
		say_ack(from->conn, S(""), r->id, STR_NONE);
}

void queue_send(struct fake *f, struct presence *from, const struct json *m)
{
	str target = json_get_str(m, S("targetSpec")), id = json_get_str(m, S("id"));
	struct row *r;

	f->sends++;
	if (str_empty(target) || !json_get_str(m, S("nonce")).ptr ||
	    !json_get_str(m, S("ciphertext")).ptr)
		return; /* D-21: no answer at all */
	if (!str_empty(f->flaws.refuse)) {
		say_ack(from->conn, id, S(""), f->flaws.refuse);
		return;
	}
	if (!is_multicast(target) && !has_recipient(f, from, target)) {
		say_ack(from->conn, id, S(""), S(NO_RECIPIENT_TEXT));
		return;
	}
	r = row_add(f, from, m);
	answer_send(f, from, id, r);
	fan_out(f, from, r);
}

/* By either id, whoever sent it (D-13). */
void queue_ack(struct fake *f, const struct presence *from, const struct json *m)
{
	str id = json_get_str(m, S("brokerMessageId")), client_id = json_get_str(m, S("clientMessageId"));

	for (struct row *r = f->rows; r; r = r->next)
		if (is_to(from, r->target) && ((id.len && str_eq(r->id, id)) ||
					       (client_id.len && str_eq(r->client_id, client_id))))
			r->delivered = true;
}
