#include "bench/ledger.h"

#include <inttypes.h>

enum { DIGITS_MAX = 20 };

void ledger_init(struct ledger *l, struct arena *a, str tag, const str *pubkeys, u32 clients,
		 u32 per_mesh)
{
	*l = (struct ledger){
		.arena = a,
		.key = ident_key(tag),
		.pubkeys = pubkeys,
		.clients = clients,
		.per_mesh = per_mesh,
	};
	l->newest = NEW_ARRAY(a, u64, clients);
}

static struct ledger_entry *entry(const struct ledger *l, u64 no)
{
	return &l->chunks[no / LEDGER_CHUNK][no % LEDGER_CHUNK];
}

const struct ledger_entry *ledger_at(const struct ledger *l, u64 no)
{
	return entry(l, no);
}

u64 ledger_send(struct ledger *l, u32 sender, u32 recipient, i64 now_us)
{
	struct ledger_entry *e;
	u64 no = l->sent;

	if (no == LEDGER_MAX)
		return LEDGER_NONE;
	if (no % LEDGER_CHUNK == 0)
		l->chunks[no / LEDGER_CHUNK] = NEW_ARRAY(l->arena, struct ledger_entry,
							 LEDGER_CHUNK);
	l->sent++;
	e = entry(l, no);
	*e = (struct ledger_entry){ .sent_us = now_us, .sender = sender, .recipient = recipient };
	if (recipient == LEDGER_ALL)
		e->got_by = NEW_ARRAY(l->arena, u8, l->per_mesh);
	return no;
}

str ledger_id(const struct ledger *l, struct arena *a, u64 no)
{
	char *id = arena_alloc(a, IDENT_LEN);

	ident_text(l->key, no, id);
	return str_of(id, IDENT_LEN);
}

str ledger_body(struct arena *a, u64 no, size_t bytes)
{
	char *p = arena_alloc(a, bytes);
	str head = arena_printf(a, "%" PRIu64 " ", no);

	memset(p, 'x', bytes);
	memcpy(p, head.ptr, MIN(head.len, bytes));
	return str_of(p, bytes);
}

static u64 number(const struct ledger *l, str digits)
{
	i64 no;

	if (digits.len > DIGITS_MAX || !str_to_i64(digits, &no) || no < 0 || (u64)no >= l->sent)
		return LEDGER_NONE;
	return (u64)no;
}

u64 ledger_find(const struct ledger *l, str id)
{
	u64 no = ident_number(l->key, id);

	return no < l->sent ? no : LEDGER_NONE;
}

static u32 receivers(const struct ledger *l, const struct ledger_entry *e)
{
	if (e->recipient == LEDGER_ALL)
		return l->per_mesh - 1;
	return e->recipient < l->clients ? 1 : 0;
}

bool ledger_is_everywhere(const struct ledger *l, u64 no)
{
	return entry(l, no)->got == receivers(l, entry(l, no));
}

bool ledger_is_done(const struct ledger *l, u64 no)
{
	const struct ledger_entry *e = entry(l, no);

	return e->refused || (e->acked && ledger_is_everywhere(l, no));
}

static void unexpected(struct ledger *l, u32 client, str id, const char *why)
{
	l->unexpected++;
	if (str_empty(l->problem))
		l->problem = arena_printf(l->arena, "client %u, message '%.*s': %s", client,
					  STRF(id), why);
}

/* One client_message_id should be one message at the broker. */
static void note_message_id(struct ledger *l, struct ledger_entry *e, str message_id)
{
	if (message_id.len != ID_LEN)
		return;
	if (!e->message_id[0])
		memcpy(e->message_id, message_id.ptr, ID_LEN);
	if (memcmp(e->message_id, message_id.ptr, ID_LEN) == 0 || e->twice)
		return;
	e->twice = true;
	l->accepted_twice++;
}

bool ledger_acked(struct ledger *l, u32 client, str id, str message_id, i64 now_us)
{
	u64 no = ledger_find(l, id);
	struct ledger_entry *e = no == LEDGER_NONE ? NULL : entry(l, no);

	if (!e || e->sender != client || str_empty(message_id)) {
		unexpected(l, client, id,
			   "an ack of nothing that was sent, or without a messageId");
		return false;
	}
	note_message_id(l, e, message_id);
	if (e->acked || e->refused)
		return true;
	e->acked = true;
	l->acked++;
	l->done += ledger_is_done(l, no);
	hist_add(&l->ack, now_us - e->sent_us);
	return true;
}

bool ledger_refused(struct ledger *l, u32 client, str id, str why)
{
	u64 no = ledger_find(l, id);
	struct ledger_entry *e = no == LEDGER_NONE ? NULL : entry(l, no);

	if (!e || e->sender != client) {
		unexpected(l, client, id, "a refusal of nothing that was sent");
		return false;
	}
	if (str_empty(l->problem))
		l->problem = arena_printf(l->arena, "client %u, message '%.*s' was refused: %.*s",
					  client, STRF(id), STRF(why));
	if (e->acked || e->refused)
		return true;
	e->refused = true;
	l->refused++;
	l->done++;
	if (e->got)
		unexpected(l, client, id, "it was delivered and then refused");
	return true;
}

/* The number that the body says; LEDGER_NONE if it is none of ours. */
static u64 body_number(const struct ledger *l, str body)
{
	str digits;

	if (!str_cut(&body, ' ', &digits) || !body.ptr)
		return LEDGER_NONE;
	/* All are 'x' if the first is and each is what stands before it. */
	if (body.len && (body.ptr[0] != 'x' || memcmp(body.ptr, body.ptr + 1, body.len - 1) != 0))
		return LEDGER_NONE;
	return number(l, digits);
}

static bool has(const struct ledger *l, const struct ledger_entry *e, u32 client)
{
	if (!e->got_by)
		return e->got && e->recipient == client;
	return client / l->per_mesh == e->sender / l->per_mesh && e->got_by[client % l->per_mesh];
}

static bool is_for(const struct ledger *l, const struct ledger_entry *e, u32 client)
{
	if (e->recipient != LEDGER_ALL)
		return e->recipient == client;
	return e->sender != client && client / l->per_mesh == e->sender / l->per_mesh;
}

/* NULL if this push may be: then its message is sent, to this client, and unchanged. */
static const char *objection(const struct ledger *l, u32 client, const struct ledger_push *p,
			     u64 no)
{
	const struct ledger_entry *e;

	if (no == LEDGER_NONE)
		return "it was never sent";
	e = entry(l, no);
	if (!is_for(l, e, client))
		return "it was sent to somebody else";
	if (!str_eq(p->sender_pubkey, l->pubkeys[e->sender]))
		return "it names another sender";
	if (!p->body.ptr)
		return "it cannot be opened";
	if (body_number(l, p->body) != no)
		return "its body is another one";
	if (e->refused)
		return "it was refused and yet delivered";
	return NULL;
}

u64 ledger_got(struct ledger *l, u32 client, const struct ledger_push *p, i64 now_us)
{
	u64 no = ledger_find(l, p->client_id);
	const char *why = objection(l, client, p, no);
	u64 said = p->body.ptr ? body_number(l, p->body) : LEDGER_NONE;
	struct ledger_entry *e;

	if (why && said != LEDGER_NONE && said != no && has(l, entry(l, said), client)) {
		l->doubled++;
		return LEDGER_NONE;
	}
	if (why) {
		unexpected(l, client, p->client_id, why);
		return LEDGER_NONE;
	}
	e = entry(l, no);
	note_message_id(l, e, p->message_id);
	if (has(l, e, client)) {
		l->repeats++;
		return LEDGER_NONE;
	}
	if (e->got_by)
		e->got_by[client % l->per_mesh] = 1;
	e->got++;
	l->delivered++;
	hist_add(&l->delivery, now_us - e->sent_us);
	if (e->got == receivers(l, e))
		hist_add(&l->last, now_us - e->sent_us);
	if (e->recipient != LEDGER_ALL) {
		l->reordered += no + 1 < l->newest[e->sender];
		l->newest[e->sender] = MAX(l->newest[e->sender], no + 1);
	}
	if (!ledger_is_done(l, no))
		return LEDGER_NONE;
	l->done++;
	return no;
}

void ledger_restart_clocks(struct ledger *l)
{
	memset(&l->ack, 0, sizeof(l->ack));
	memset(&l->delivery, 0, sizeof(l->delivery));
	memset(&l->last, 0, sizeof(l->last));
}

u64 ledger_lost(const struct ledger *l)
{
	u64 lost = 0;

	for (u64 no = 0; no < l->sent; no++) {
		const struct ledger_entry *e = entry(l, no);

		if (e->acked)
			lost += receivers(l, e) - e->got;
	}
	return lost;
}

u64 ledger_unacked(const struct ledger *l)
{
	u64 n = 0;

	for (u64 no = 0; no < l->sent; no++) {
		const struct ledger_entry *e = entry(l, no);

		n += !e->acked && !e->refused && e->got;
	}
	return n;
}

u64 ledger_failures(const struct ledger *l)
{
	return ledger_lost(l) + ledger_unacked(l) + l->doubled + l->unexpected +
	       l->accepted_twice;
}
