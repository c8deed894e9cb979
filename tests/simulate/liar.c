/*
 * liar.c - a member that means harm: it forges, replays, floods and acks what others got. It
 * holds its own key and nobody else's.
 */
#include "simulate/sim.h"

#include "crypto/hello.h"

enum { FLOOD = 40 };

static const char *const garbage[] = {
	"", "{", "null", "[]", "7", "\"hello\"", "{'type':7}", "{'type':'push'}", "{'type':'hello_ack'}",
	"{'type':'send'}", "{'type':'send','id':5,'targetSpec':'*','nonce':'','ciphertext':''}",
	"{'type':'send','id':'x','targetSpec':'@a b','nonce':'','ciphertext':''}",
	"{'type':'send','id':'x','targetSpec':'#general','nonce':'','ciphertext':''}",
	"{'type':'send','id':'x','targetSpec':'*','nonce':'=','ciphertext':'%%%'}",
	"{'type':'send','id':'x','targetSpec':'*','priority':'urgent','nonce':'','ciphertext':''}",
	"{'type':'client_ack'}", "{'type':'client_ack','brokerMessageId':7}",
	"{'type':'client_ack','clientMessageId':''}", "{'type':'set_status','status':'asleep'}",
	"{'type':'join_group','name':'x\\u0027y'}", "{'type':'join_group','name':'@all'}",
	"{'type':'leave_group','name':'never in it'}", "{'type':'list_peers','members':'yes'}",
	"{'type':'set_summary','summary':{'a':[1,2,3]}}", "{'type':'drop_table'}",
	"{'type':'send','type':'send'}", "{'a':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	"\xff\xfe", "{'type':'send','targetSpec':'\\ud800'}",
};

static struct client *victim(struct sim *s, const struct client *c)
{
	for (int tries = 0; tries < 8; tries++) {
		struct client *v = s->clients[roll(s, (u64)s->n_clients)];

		if (v->kind != LIAR && v->member->mesh == c->member->mesh)
			return v;
	}
	return NULL;
}

/* A hello on a connection of its own; what becomes of it is of no interest. */
static void on_new_connection(struct sim *s, struct client *c, str frame, const char *what)
{
	struct conn *conn;

	if (c->conn)
		conn_cut(s, c->conn);
	conn = connect_new(s, c);
	c->conn = conn;
	c->greeted = false;
	c->hello_us = s->now_us;
	c->next_us = s->now_us + 2 * SECOND;
	note(s, "%s connects on %u with %s", c->name, conn->ref.gen, what);
	conn_send(s, conn, frame, NULL);
}

/* Its own signature under another's name, or with another's session key. */
static void false_hello(struct sim *s, struct client *c)
{
	struct client *v = victim(s, c);
	struct person *me = person_of(s, c->member);
	struct hello_claim claim;
	bool as_itself;

	if (!v)
		return;
	as_itself = chance(s, 50);
	claim = (struct hello_claim){
		/* It is a member of the others, too. */
		.mesh_id = str_from(s->mesh_ids[as_itself ? (u64)c->member->mesh : roll(s, MESHES_MAX)]),
		.member_id = str_from(v->member->id),
		.pubkey = str_from(as_itself ? me->pubkey : person_of(s, v->member)->pubkey),
		.timestamp_ms = wall_us(s) / MS - (chance(s, 30) ? 3600000 : 0),
	};
	on_new_connection(s, c, text(s, "{'type':'hello','meshId':'%.*s','memberId':'%s','pubkey':'%.*s',"
			  "'sessionPubkey':'%s','sessionId':'%s','hostname':'h','timestamp':%lld,'signature':'%.*s'}",
			  STRF(claim.mesh_id), v->member->id, STRF(claim.pubkey),
			  v->shadow == SHADOW_LIVE && v->model->session ? v->session_pubkey : c->session_pubkey,
			  v->session_id, (long long)claim.timestamp_ms,
			  STRF(hello_v1_sign(s->a, &claim, &me->pair))), "a false hello");
}

/* As if it were its own: a second message with the first one's body and ids. */
static struct msg *own_copy(struct sim *s, struct client *c, const struct msg *m)
{
	struct msg *copy;

	for (int i = 0; i < s->n_msgs; i++)
		if (s->msgs[i]->forced && s->msgs[i]->from->member == c->member &&
		    str_eq(s->msgs[i]->body, m->body))
			return s->msgs[i];
	copy = msg_new(s, c);
	*copy = (struct msg){ .no = copy->no, .from = c, .kind = m->kind, .target = m->target, .body = m->body,
			      .to = m->to, .to_client = m->to_client, .group = m->group, .rank = m->rank,
			      .forced = true };
	return copy;
}

static void replay(struct sim *s, struct client *c)
{
	size_t at;
	struct msg *m;

	if (!s->n_captured)
		return;
	at = roll(s, (u64)s->n_captured);
	m = s->captured_msg[at];
	if (!m) {
		on_new_connection(s, c, s->captured[at], "somebody's hello");
		return;
	}
	if (!c->greeted || m->from->member->mesh != c->member->mesh)
		return;
	if (m->from->member != c->member)
		m = own_copy(s, c, m);
	note(s, "%s replays a send to %.*s", c->name, STRF(m->target));
	conn_send(s, c->conn, s->captured[at], m);
}

/* Acks for messages that others got. */
static void false_acks(struct sim *s, struct client *c)
{
	note(s, "%s acks what others got", c->name);
	for (int i = MAX(0, s->n_msgs - 10); i < s->n_msgs; i++) {
		const struct msg *m = s->msgs[i];

		if (m->pushed_id.len)
			conn_send(s, c->conn, text(s, "{'type':'client_ack','brokerMessageId':'%.*s'}",
						   STRF(m->pushed_id)), NULL);
		conn_send(s, c->conn, text(s, "{'type':'client_ack','clientMessageId':'%s'}", m->cid), NULL);
	}
}

static void flood(struct sim *s, struct client *c)
{
	struct client *v = victim(s, c);

	if (!v)
		return;
	note(s, "%s floods %s", c->name, v->name);
	for (int i = 0; i < FLOOD && s->n_msgs < MSGS_MAX / 2; i++) {
		struct msg *m = msg_new(s, c);

		m->kind = TO_MEMBER;
		m->to = v->member;
		m->target = str_from(person_of(s, v->member)->pubkey);
		m->rank = (int)roll(s, 3);
		conn_send(s, c->conn, text(s, "{'type':'send','id':'%s','client_message_id':'%s','targetSpec':'%.*s',"
					   "'priority':'%s','nonce':'','ciphertext':'%.*s'}", m->id, m->cid, STRF(m->target),
					   m->rank == 0 ? "now" : m->rank == 1 ? "next" : "low", STRF(m->body)), m);
	}
}

static void speak_garbage(struct sim *s, struct client *c)
{
	note(s, "%s speaks garbage", c->name);
	for (int i = 0; i < 5; i++)
		conn_send(s, c->conn, text(s, "%s", garbage[roll(s, ARRAY_LEN(garbage))]), NULL);
	if (chance(s, 20)) {
		u8 noise[200];

		random_fill(&s->dice, noise, sizeof(noise));
		conn_send(s, c->conn, arena_dup(s->a, str_of(noise, sizeof(noise))), NULL);
	}
}

void liar_act(struct sim *s, struct client *c)
{
	u64 what = roll(s, 10);

	c->wants = true;
	if (what == 0)
		false_hello(s, c);
	else if (what < 3)
		replay(s, c);
	else if (!c->conn)
		c->next_us = s->now_us;
	else if (what < 5)
		speak_garbage(s, c);
	else if (what < 7)
		false_acks(s, c);
	else if (what == 7)
		flood(s, c);
	else if (what == 8)
		conn_send(s, c->conn, hello_of(s, c, c->conn->challenge), NULL);
	else
		conn_cut(s, c->conn);
}
