/*
 * client.c - the clients that mean well: ours, the reference's daemon and its cold commands.
 *
 * A client sends again what was not acked, under the same client_message_id, after it has
 * reconnected, the daemon also after a while; it acks what it is pushed, sooner or later.
 */
#include "simulate/sim.h"

#include "crypto/hello.h"

enum { SEND_MOST = 8 };
static const i64 HELLO_TIMEOUT_US = 5 * SECOND, BACKOFF_MAX_US = 30 * SECOND;

const struct model models[MODELS] = {
	[OURS_SESSION] = { .name = "ours", .session = true, .v2 = true, .acks = true, .takes = true,
			   .client_ids = true, .channel = "claudemesh", .capabilities = "['client_ack','receipts']",
			   .weight = 5 },
	[OURS_LINK] = { .name = "link", .v2 = true, .acks = true, .takes = true, .client_ids = true,
			.channel = "claudemesh", .capabilities = "['client_ack','receipts']", .weight = 2 },
	[OURS_SHOT] = { .name = "shot", .v2 = true, .client_ids = true, .channel = "cli",
			.capabilities = "['client_ack','no_delivery']", .weight = 1 },
	[DAEMON_SESSION] = { .name = "session", .session = true, .acks = true, .takes = true,
			     .client_ids = true, .channel = "claudemesh-session", .retry_us = 30 * SECOND, .weight = 3 },
	[DAEMON_LINK] = { .name = "daemon", .acks = true, .takes = true, .client_ids = true,
			  .channel = "claudemesh-daemon", .retry_us = 30 * SECOND, .weight = 2 },
	[COLD] = { .name = "cold", .shows_key = true, .takes = true, .channel = "claude-code", .weight = 3 },
	[LIAR] = { .name = "liar", .shows_key = true, .acks = true, .takes = true, .client_ids = true, .channel = "x" },
};

str text(struct sim *s, const char *fmt, ...)
{
	va_list ap;
	char *raw;
	str out;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&raw, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	for (int i = 0; i < n; i++)
		if (raw[i] == '\'')
			raw[i] = '"';
	out = arena_dup(s->a, str_of(raw, (size_t)n));
	free(raw);
	return out;
}

/* ---- hello ---- */

void client_rotate(struct sim *s, struct client *c)
{
	u8 seed[SIGN_SEED_BYTES];

	if (c->session_pubkey[0]) {
		memcpy(c->former[c->n_former % FORMER_MAX], c->session_pubkey, 65);
		c->n_former = MIN(c->n_former + 1, FORMER_MAX);
	}
	if (c->shadow != SHADOW_NONE) {
		c->ghost_until_us = s->now_us + 110 * SECOND + s->settings.grace_ms * MS;
		shadow_ended(s, c);
		c->ghost_until_us = s->now_us + 110 * SECOND + s->settings.grace_ms * MS;
	}
	random_fill(&s->dice, seed, sizeof(seed));
	sign_pair_from_seed(seed, &c->session);
	memcpy(c->session_pubkey, sign_pair_pubkey(s->a, &c->session).ptr, 65);
	snprintf(c->session_id, sizeof(c->session_id), "sid%d.%llu", c->no, (unsigned long long)roll(s, 1u << 30));
}

static str session_hello(struct sim *s, struct client *c, const char *challenge, i64 timestamp)
{
	struct person *p = person_of(s, c->member);
	str mesh = str_from(s->mesh_ids[c->member->mesh]), attested, signature;
	i64 until = timestamp + (chance(s, 90) ? 3600 : 120) * 1000;
	struct attestation t = { str_from(p->pubkey), str_from(c->session_pubkey), until };
	struct hello_claim v2 = {
		.mesh_id = mesh, .member_id = str_from(c->member->id), .pubkey = str_from(p->pubkey),
		.timestamp_ms = timestamp, .session_pubkey = str_from(c->session_pubkey),
		.session_id = str_from(c->session_id), .challenge = str_from(challenge),
	};
	struct session_claim v1 = { mesh, str_from(p->pubkey), str_from(c->session_pubkey), timestamp };

	if (attestation_sign(s->a, &t, &p->pair, &attested))
		abort();
	if (!c->model->v2)
		signature = session_hello_sign(s->a, &v1, &c->session);
	else if (hello_v2_sign(s->a, &v2, &c->session, &signature))
		abort();
	return text(s, "{'type':'session_hello','meshId':'%.*s','parentMemberId':'%s','parentMemberPubkey':'%s',"
		    "'sessionPubkey':'%s','parentAttestation':{'sessionPubkey':'%s','parentMemberPubkey':'%s',"
		    "'expiresAt':%lld,'signature':'%.*s'},'sessionId':'%s','timestamp':%lld,'signature':'%.*s'",
		    STRF(mesh), c->member->id, p->pubkey, c->session_pubkey, c->session_pubkey, p->pubkey,
		    (long long)until, STRF(attested), c->session_id, (long long)timestamp, STRF(signature));
}

static str member_hello(struct sim *s, struct client *c, const char *challenge, i64 timestamp)
{
	struct person *p = person_of(s, c->member);
	const char *key = c->model->shows_key ? c->session_pubkey : "";
	struct hello_claim claim = {
		.mesh_id = str_from(s->mesh_ids[c->member->mesh]), .member_id = str_from(c->member->id),
		.pubkey = str_from(p->pubkey), .timestamp_ms = timestamp, .session_pubkey = str_from(key),
		.session_id = str_from(c->session_id), .challenge = str_from(challenge),
	};
	str signature;

	if (!c->model->v2)
		signature = hello_v1_sign(s->a, &claim, &p->pair);
	else if (hello_v2_sign(s->a, &claim, &p->pair, &signature))
		abort();
	return text(s, "{'type':'hello','meshId':'%s','memberId':'%s','pubkey':'%s'%s%s%s,'sessionId':'%s',"
		    "'timestamp':%lld,'signature':'%.*s'", s->mesh_ids[c->member->mesh], c->member->id, p->pubkey,
		    key[0] ? ",'sessionPubkey':'" : "", key, key[0] ? "'" : "", c->session_id,
		    (long long)timestamp, STRF(signature));
}

str hello_of(struct sim *s, struct client *c, const char *challenge)
{
	const struct model *m = c->model;
	/* Two signatures of one moment are the same one, and the second a replay. */
	i64 timestamp = wall_us(s) / MS;
	str head;

	if (timestamp <= c->member->last_hello_ms && timestamp + 100 > c->member->last_hello_ms)
		timestamp = c->member->last_hello_ms + 1;
	c->member->last_hello_ms = timestamp;
	head = m->session ? session_hello(s, c, challenge, timestamp) : member_hello(s, c, challenge, timestamp);
	return text(s, "%.*s,'hostname':'h','cwd':'/','pid':1,'channel':'%s','displayName':'%s'%s%s%s}", STRF(head),
		    m->channel, c->name, m->capabilities ? ",'capabilities':" : "",
		    m->capabilities ? m->capabilities : "", m->v2 ? ",'helloVersion':2" : "");
}

void client_connect(struct sim *s, struct client *c)
{
	if (c->kind == COLD)
		client_rotate(s, c); /* every process has a key of its own */
	c->conn = connect_new(s, c);
	c->greeted = false;
	c->hello_us = s->now_us;
	c->next_us = s->now_us + HELLO_TIMEOUT_US;
	note(s, "%s of p%d in mesh %d connects on %u", c->name, c->member->person, c->member->mesh,
	     c->conn->ref.gen);
	conn_send(s, c->conn, hello_of(s, c, c->conn->challenge), NULL);
}

/* ---- sending ---- */

static void send_frame(struct sim *s, struct client *c, struct msg *m)
{
	static const char *const ranks[] = { "now", "next", "low" };

	m->last_sent_us = s->now_us;
	note(s, "%s sends %d%s to %.*s", c->name, m->no, m->sent ? " again" : "", STRF(m->target));
	conn_send(s, c->conn, text(s, "{'type':'send','id':'%s'%s%s%s,'targetSpec':'%.*s','priority':'%s',"
				   "'nonce':'bm9uY2U=','ciphertext':'%.*s'}", m->id,
				   m->cid[0] ? ",'client_message_id':'" : "", m->cid, m->cid[0] ? "'" : "",
				   STRF(m->target), ranks[m->rank], STRF(m->body)), m);
}

void client_send(struct sim *s, struct client *c, struct msg *m)
{
	if (c->n_outbox == OUTBOX_MAX)
		return;
	c->outbox[c->n_outbox++] = m;
	if (c->greeted)
		send_frame(s, c, m);
}

static void settle(struct client *c, const struct msg *m)
{
	for (int i = 0; i < c->n_outbox; i++) {
		if (c->outbox[i] == m) {
			c->n_outbox--;
			memmove(c->outbox + i, c->outbox + i + 1, (size_t)(c->n_outbox - i) * sizeof(c->outbox[0]));
			return;
		}
	}
}

static void send_all(struct sim *s, struct client *c)
{
	for (int i = 0; i < c->n_outbox && c->conn; i++)
		send_frame(s, c, c->outbox[i]);
}

/* ---- what comes ---- */

void client_ack(struct sim *s, struct client *c, str id, str client_id)
{
	note(s, "%s acks %.*s", c->name, STRF(client_id));
	/* By the client's id alone only who kept everything: another sender's may be the same. */
	if (client_id.len && !c->dropped && chance(s, 10))
		conn_send(s, c->conn, text(s, "{'type':'client_ack','clientMessageId':'%.*s'}", STRF(client_id)), NULL);
	else if (client_id.len && chance(s, 60))
		conn_send(s, c->conn, text(s, "{'type':'client_ack','clientMessageId':'%.*s',"
					   "'brokerMessageId':'%.*s'}", STRF(client_id), STRF(id)), NULL);
	else
		conn_send(s, c->conn, text(s, "{'type':'client_ack','brokerMessageId':'%.*s'}", STRF(id)), NULL);
}

static void got_push(struct sim *s, struct client *c, const struct json *push)
{
	str id = json_get_str(push, S("messageId")), client_id = json_get_str(push, S("client_message_id"));
	struct late_ack *late;

	if (json_get_str(push, S("subtype")).ptr)
		return;
	/* It could not keep it, say: so it does not ack, and wants it again. */
	if (c->model->acks && !s->healed && chance(s, 3)) {
		c->dropped = true;
		note(s, "%s drops %.*s on %u", c->name, STRF(client_id), c->conn->ref.gen);
		return;
	}
	/* Who never acks has had it when the kernel took it. */
	if (c->model->acks)
		oracle_got(s, c, push);
	note(s, "%s gets %.*s on %u", c->name, STRF(client_id), c->conn->ref.gen);
	if (!c->model->acks || c->kind == LIAR)
		return;
	if (!c->ack_delay_us) {
		client_ack(s, c, id, client_id);
		return;
	}
	late = NEW(s->a, struct late_ack);
	*late = (struct late_ack){ c->late, s->now_us + (i64)roll(s, (u64)c->ack_delay_us), id, client_id };
	c->late = late;
	c->next_us = MIN(c->next_us, late->due_us);
}

static void got_done(struct sim *s, struct client *c, const struct conn *conn, str id)
{
	for (int g = 0; g < GROUPS; g++) {
		if (!str_eq(id, text(s, "group%d.%d", g, c->group_seq[g])) || c->shadow_conn != conn)
			continue;
		c->group_must[g] = c->group_in[g];
		if (!c->group_in[g])
			c->group_may[g] = false;
	}
	if (str_eq(id, text(s, "status%d", c->status_seq)))
		c->idle = c->status_idle;
}

static void got_ack(struct sim *s, struct client *c, const struct conn *conn, const struct json *ack)
{
	str id = json_get_str(ack, S("id")), code = json_get_str(ack, S("code"));
	i64 no;

	if (id.len < 2 || id.ptr[0] != 'm' || !str_to_i64(str_skip(id, 1), &no)) {
		got_done(s, c, conn, id);
		return;
	}
	if (no < 0 || no >= s->n_msgs || s->msgs[no]->from != c)
		return;
	note(s, "%s is answered about %lld: %s %.*s", c->name, (long long)no,
	     json_get_bool(ack, S("queued")) ? "stored" : "no,", STRF(code));
	/* The daemon retries for ever what may pass. Ours does so on its next connection. */
	if (str_eq(code, S("full")) && !mailboxes_fill(s) && s->settings.sender_messages > MSGS_MAX)
		violated(s, "I3", "message %lld is refused although nothing is full", (long long)no);
	if (str_eq(code, S("try_again")) || str_eq(code, S("rate_limit")) || str_eq(code, S("full")))
		return;
	if (!json_get_bool(ack, S("queued")))
		s->msgs[no]->refused = true;
	settle(c, s->msgs[no]);
	if (c->leaves && !c->n_outbox) {
		c->wants = c->leaves = false;
		c->next_us = s->now_us;
	}
}

static void got_error(struct sim *s, struct client *c, const struct json *error)
{
	static const char *const fine[] = { "try_again", "timestamp_skew", "expired", "ttl_too_long", "capacity",
					    "internal", "ambiguous" /* a liar's id is another's */ };
	str code = json_get_str(error, S("code"));

	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		if (str_eq(code, str_from(fine[i])))
			return;
	violated(s, "I7", "%s is told %.*s: %.*s", c->name, STRF(code), STRF(json_get_str(error, S("message"))));
}

static void got_hello_ack(struct sim *s, struct client *c)
{
	c->greeted = true;
	c->backoff_us = SECOND;
	c->next_us = c->model->retry_us ? s->now_us + c->model->retry_us : NEVER;
	send_all(s, c);
	if (!c->wants)
		c->next_us = s->now_us;
}

void client_got(struct sim *s, struct client *c, struct conn *conn, str frame)
{
	const struct json *obj;
	str type;

	/* On an older connection nobody listens any more; on a dead one it never arrived. */
	if (!frame.ptr || c->conn != conn || json_parse(s->a, frame, &obj))
		return;
	type = json_get_str(obj, S("type"));
	if (str_eq(type, S("hello_ack")))
		got_hello_ack(s, c);
	else if (str_eq(type, S("push")))
		got_push(s, c, obj);
	else if (str_eq(type, S("ack")))
		got_ack(s, c, conn, obj);
	else if (str_eq(type, S("error")) && c->kind != LIAR)
		got_error(s, c, obj);
}

void client_closed(struct sim *s, struct client *c, struct conn *conn, int code)
{
	if (c->conn != conn)
		return;
	note(s, "%s sees the end of %u, %d", c->name, conn->ref.gen, code);
	c->conn = NULL;
	c->greeted = false;
	c->late = NULL;
	if (c->kind == COLD)
		c->n_outbox = 0; /* a command tries once */
	c->backoff_us = MIN(c->backoff_us * 2, BACKOFF_MAX_US);
	c->next_us = s->now_us + (i64)roll(s, (u64)c->backoff_us);
}

/* ---- what a client does by itself ---- */

static void send_late_acks(struct sim *s, struct client *c)
{
	for (struct late_ack **at = &c->late; *at;) {
		if ((*at)->due_us > s->now_us) {
			c->next_us = MIN(c->next_us, (*at)->due_us);
			at = &(*at)->next;
			continue;
		}
		client_ack(s, c, (*at)->id, (*at)->client_id);
		*at = (*at)->next;
	}
}

void client_wake(struct sim *s, struct client *c)
{
	c->next_us = NEVER;
	if (!c->wants) {
		if (c->conn)
			conn_close_clean(s, c->conn);
		c->conn = NULL;
		c->greeted = false;
		c->late = NULL;
		return;
	}
	if (!c->conn) {
		if (!s->no_reconnect)
			client_connect(s, c);
		return;
	}
	if (!c->greeted) {
		if (s->now_us < c->hello_us + HELLO_TIMEOUT_US) {
			c->next_us = c->hello_us + HELLO_TIMEOUT_US;
			return;
		}
		note(s, "%s gives up waiting", c->name);
		conn_cut(s, c->conn);
		c->conn->client_open = false;
		client_closed(s, c, c->conn, 1006);
		return;
	}
	send_late_acks(s, c);
	if (c->model->retry_us) {
		for (int i = 0; i < MIN(c->n_outbox, SEND_MOST); i++)
			if (s->now_us - c->outbox[i]->last_sent_us >= c->model->retry_us)
				send_frame(s, c, c->outbox[i]);
		c->next_us = MIN(c->next_us, s->now_us + c->model->retry_us);
	}
}
