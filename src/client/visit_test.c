#include "client/visit.h"

#include "client/brokers.h"
#include "client/share.h"
#include "client/test_fake.h"
#include "crypto/chain.h"
#include "crypto/encode.h"

#define CHALLENGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

enum { WAITING_MAX = 300, WINDOW = 2 };

/* A broker with bob in its list, that keeps what is sent, and has messages waiting. */
struct broker {
	struct fake fake;
	bool reference;   /* no challenge, no members, no answer to settings */
	str hello, peers; /* JSON of the whole peers_list but its _reqId */
	str refuse_send;  /* an ack's error */
	const struct json *sent, *told;
	int waiting, pushed, acked; /* messages for who asks: WINDOW unacked ones at a time */
	int drop_after_acks;        /* ends the connection then; 0: never */
	bool closed_cleanly;
	int conns;
};

static void on_request(void *arg, struct server_request *rq)
{
	(void)arg, (void)rq;
}

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct broker *b = arg;
	struct http_header *h = NEW(rq->arena, struct http_header);

	if (b->reference)
		return;
	*h = (struct http_header){ S("Claudemesh-Challenge"), S(CHALLENGE) };
	answer->headers = h;
	answer->n_headers = 1;
}

static void say(struct broker *b, struct ws_conn *c, str frame)
{
	ws_conn_send(c, test_double_quotes(b->fake.arena, frame));
}

static void push_more(struct broker *b, struct ws_conn *c)
{
	while (b->pushed < b->waiting && b->pushed - b->acked < WINDOW) {
		b->pushed++;
		say(b, c,
		    arena_printf(
			    b->fake.arena,
			    "{'type':'push','messageId':'m%d','meshId':'x','senderPubkey':'aa',"
			    "'senderName':'bob','priority':'now','createdAt':'x','targetSpec':'*','nonce':'',"
			    "'ciphertext':'aGk='}",
			    b->pushed));
	}
}

static void on_frame(void *arg, struct ws_conn *c, str message, bool is_text)
{
	struct broker *b = arg;
	struct arena *a = b->fake.arena;
	const struct json *tree;
	str type, req_id;

	if (json_parse(a, arena_dup(a, message), &tree))
		return;
	type = json_get_str(tree, S("type"));
	req_id = json_get_str(tree, S("_reqId"));
	if (str_ends(type, S("hello"))) {
		b->hello = tree->raw;
		ws_conn_authenticated(c);
		say(b, c,
		    S("{'type':'hello_ack','presenceId':'p','memberDisplayName':'me','memberProfile':{'roleTag':null,"
		      "'groups':[],'messageMode':'push'}}"));
		push_more(b, c);
	} else if (str_eq(type, S("list_peers"))) {
		say(b, c, arena_printf(a, "{%.*s,'_reqId':'%.*s'}", STRF(b->peers), STRF(req_id)));
	} else if (str_eq(type, S("send"))) {
		str id = json_get_str(tree, S("id"));

		b->sent = tree;
		if (str_empty(b->refuse_send))
			say(b, c,
			    arena_printf(
				    a,
				    "{'type':'ack','id':'%.*s','messageId':'m9','queued':true,'delivery':'stored'}",
				    STRF(id)));
		else
			say(b, c,
			    arena_printf(
				    a,
				    "{'type':'ack','id':'%.*s','messageId':'','queued':false,'error':'%.*s'}",
				    STRF(id), STRF(b->refuse_send)));
	} else if (str_eq(type, S("client_ack"))) {
		b->acked++;
		if (b->acked == b->drop_after_acks)
			ws_conn_abort(c);
		else
			push_more(b, c);
	} else {
		b->told = tree;
		if (!b->reference)
			say(b, c,
			    arena_printf(
				    a,
				    "{'type':'ack','id':'','messageId':'','queued':false,'_reqId':'%.*s'}",
				    STRF(req_id)));
	}
}

static void on_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	struct broker *b = arg;

	(void)c, (void)rq;
	b->conns++;
	b->pushed = b->acked; /* what was not acked comes again */
}

static void on_gone(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	struct broker *b = arg;

	(void)c;
	b->closed_cleanly = end->by_peer && end->code == WS_NORMAL;
}

static const struct server_app app = {
	.on_request = on_request,
	.on_upgrade = on_upgrade,
	.on_ws_open = on_open,
	.on_ws_message = on_frame,
	.on_ws_close = on_gone,
	.ws_path = "/ws",
};

struct world {
	struct arena *arena;
	struct broker broker;
	struct paths paths;
	struct client client;
	struct config_mesh_args mesh;
	struct sign_pair bob, owner;
	struct visit_spec spec;
	struct visit *visit;
};

static void world_start(struct world *w)
{
	struct sign_pair me;

	fake_start(&w->broker.fake, &app, &w->broker);
	w->arena = arena_new();
	w->paths = test_paths(w->arena);
	w->client = (struct client){ &w->paths, &clock_real, &random_system, NULL };
	me = test_pair(1);
	w->bob = test_pair(2);
	w->owner = test_pair(3);
	w->mesh = (struct config_mesh_args){
		.meshId = S("mesh0001"),
		.memberId = S("m1"),
		.slug = S("team"),
		.brokerUrl = w->broker.fake.ws_url,
		.pubkey = sign_pair_pubkey(w->arena, &me),
		.secretKey = sign_pair_secret(w->arena, &me),
	};
	w->broker.peers = arena_printf(
		w->broker.fake.arena,
		"'type':'peers_list','peers':[],'members':[{'memberId':'m2','pubkey':'%.*s',"
		"'displayName':'Bob','role':'member','online':false,'verified':true}]",
		STRF(sign_pair_pubkey(w->arena, &w->bob)));
	w->spec.mesh = &w->mesh;
}

static void world_open(struct world *w)
{
	assert_ok(visit_open(w->arena, &w->client, &w->spec, &w->visit));
}

static void world_end(struct world *w)
{
	visit_close(w->visit);
	visit_close(w->visit);
	arena_free(w->arena);
	fake_done(&w->broker.fake);
}

TEST(a_message_to_a_name_is_sealed_and_answered)
{
	struct world w = { 0 };
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(2);
	struct draft d = { .text = S("hello bob") };
	struct box_own own;
	struct target t;
	struct ack_args ack;
	struct sealed sealed;
	str text;

	world_start(&w);
	world_open(&w);
	assert_ok(visit_send(w.arena, w.visit, S("bob"), &d, &t, &ack));
	assert_str(t.name, S("Bob"));
	assert_str(ack.messageId, S("m9"));
	assert_str(ack.delivery, S("stored"));
	sealed = (struct sealed){ json_get_str(w.broker.sent, S("nonce")),
				  json_get_str(w.broker.sent, S("ciphertext")) };
	own = (struct box_own){ NULL, &w.bob };
	assert_ok(box_open(w.arena, cache, &own, w.mesh.pubkey, sealed, &text));
	assert_str(text, S("hello bob"));
	assert_true(str_contains(w.broker.hello, S("no_delivery")));
	assert_false(str_contains(w.broker.hello, S("sessionPubkey")));
	visit_close(w.visit);
	fake_stop(&w.broker.fake);
	assert_true(w.broker.closed_cleanly);
	world_end(&w);
}

TEST(a_refusal_keeps_the_brokers_words)
{
	struct world w = { 0 };
	struct draft d = { .text = S("x") };
	struct target t;
	struct ack_args ack;
	struct err *e;

	world_start(&w);
	w.broker.refuse_send = S("rate_limit: max 60 msg/min (burst 10) \xe2\x80\x94 slow down");
	world_open(&w);
	e = visit_send(w.arena, w.visit, S("@dev"), &d, &t, &ack);
	assert_err(e, RATE_LIMIT);
	assert_str(e->text, w.broker.refuse_send);
	assert_err(visit_send(w.arena, w.visit, S("nobody"), &d, &t, &ack), NOT_FOUND);
	world_end(&w);
}

TEST(the_brokers_word_verifies_nobody)
{
	struct world w = { 0 };
	struct mesh_keys_args keys = { .mesh_id = S("mesh0001") };
	struct peers_list_args list;
	struct chain_claim claim;
	str signature;

	world_start(&w);
	keys.owner_pubkey = sign_pair_pubkey(w.arena, &w.owner);
	assert_ok(keys_save(w.arena, &w.paths, &keys));
	world_open(&w);
	assert_ok(visit_peers(w.arena, w.visit, true, &list));
	assert_int_equal(list.members.n, 1);
	assert_false(list.members.items[0].verified);
	claim = (struct chain_claim){ S("mesh0001"), S("owner"), sign_pair_pubkey(w.arena, &w.bob),
				      share_x25519(w.arena, &w.bob) };
	assert_ok(chain_claim_sign(w.arena, &claim, &w.owner, &signature));
	w.broker.peers = arena_printf(
		w.arena,
		"'type':'peers_list','peers':[],'members':[{'memberId':'m2','pubkey':'%.*s','displayName':"
		"'Bob','role':'admin','online':false,'verified':false,'chain':{'inviteId':'owner',"
		"'invitePubkey':'','role':'','expiresAt':0,'maxUses':0,'ownerSignature':'','x25519':'%.*s',"
		"'claimSignature':'%.*s'}}]",
		STRF(claim.ed25519), STRF(claim.x25519), STRF(signature));
	assert_ok(visit_peers(w.arena, w.visit, true, &list));
	assert_true(list.members.items[0].verified);
	world_end(&w);
}

TEST(a_setting_is_confirmed_by_a_broker_of_ours_only)
{
	struct world w = { 0 };
	struct set_summary_args args = { .summary = S("busy") };
	bool confirmed;

	world_start(&w);
	world_open(&w);
	assert_ok(
		visit_tell(w.arena, w.visit, "set_summary", set_summary_fields, &args, &confirmed));
	assert_true(confirmed);
	world_end(&w);
	w = (struct world){ .broker.reference = true };
	world_start(&w);
	world_open(&w);
	assert_ok(
		visit_tell(w.arena, w.visit, "set_summary", set_summary_fields, &args, &confirmed));
	assert_false(confirmed);
	visit_close(w.visit);
	fake_stop(&w.broker.fake);
	/* Written before the goodbye, so it was heard. */
	assert_str(json_get_str(w.broker.told, S("summary")), S("busy"));
	assert_true(w.broker.closed_cleanly);
	world_end(&w);
}

static int take_all(struct world *w)
{
	struct inbound m;
	bool got = true;
	int n = 0;

	for (;;) {
		assert_ok(visit_next_waiting(w->arena, w->visit, &m, &got));
		if (!got)
			return n;
		n++;
		assert_str(m.body, S("hi"));
		assert_str(m.message_id, arena_printf(w->arena, "m%d", n));
		visit_ack(w->visit, &m);
	}
}

TEST(everything_that_waits_is_taken_though_it_comes_in_windows)
{
	for (int reference = 0; reference < 2; reference++) {
		struct world w = { .broker.reference = reference, .broker.waiting = 9 };

		world_start(&w);
		w.spec.wants_messages = true;
		world_open(&w);
		assert_int_equal(take_all(&w), 9);
		visit_close(w.visit);
		fake_stop(&w.broker.fake);
		assert_int_equal(w.broker.acked, 9);
		world_end(&w);
	}
}

TEST(an_empty_inbox_is_empty)
{
	struct world w = { 0 };

	world_start(&w);
	w.spec.wants_messages = true;
	world_open(&w);
	assert_int_equal(take_all(&w), 0);
	world_end(&w);
}

TEST(waiting_ends_in_time_with_a_message_or_on_request)
{
	struct world w = { .broker.waiting = 1 };
	struct inbound m;
	bool got;

	world_start(&w);
	w.spec.wants_messages = w.spec.is_session = true;
	world_open(&w);
	assert_true(str_contains(w.broker.hello, S("session_hello")));
	assert_ok(visit_next(w.arena, w.visit, -1, &m, &got));
	assert_true(got);
	assert_ok(visit_next(w.arena, w.visit, 10, &m, &got));
	assert_false(got);
	visit_stop(w.visit);
	assert_err(visit_next(w.arena, w.visit, -1, &m, &got), CANCELLED);
	world_end(&w);
}

TEST(a_lost_connection_is_an_error_unless_it_comes_back)
{
	struct world w = { .broker.waiting = 2, .broker.drop_after_acks = 1 };
	struct inbound m;
	unsigned lost;
	bool got;

	world_start(&w);
	w.spec.wants_messages = true;
	world_open(&w);
	assert_ok(visit_next(w.arena, w.visit, -1, &m, &got));
	visit_ack(w.visit, &m);
	assert_ok(visit_next(w.arena, w.visit, -1, &m, &got)); /* it was here already */
	assert_err(visit_next(w.arena, w.visit, 5000, &m, &got), NETWORK);
	world_end(&w);

	w = (struct world){ .broker.waiting = 3, .broker.drop_after_acks = 1 };
	world_start(&w);
	w.spec.wants_messages = w.spec.reconnect = true;
	world_open(&w);
	for (int i = 0; i < 3; i++) {
		assert_ok(visit_next(w.arena, w.visit, 5000, &m, &got));
		assert_true(got);
		assert_str(m.message_id, arena_printf(w.arena, "m%d", i + 1));
		visit_ack(w.visit, &m);
	}
	assert_false(str_empty(visit_lost(w.visit, &lost)));
	assert_int_equal(lost, 1);
	world_end(&w);
}

TEST(what_a_broker_offered_once_is_written_down_and_insisted_on)
{
	struct world w = { 0 };
	struct err *e;
	bool known;

	world_start(&w);
	world_open(&w);
	visit_close(w.visit);
	assert_ok(brokers_get_hello2(w.arena, &w.paths, w.mesh.brokerUrl, &known));
	assert_true(known);
	w.broker.reference = true;
	e = visit_open(w.arena, &w.client, &w.spec, &w.visit);
	assert_err(e, UNAUTHORIZED);
	assert_str(err_wire(e), S("downgrade"));
	world_end(&w);
}

TEST(a_reference_broker_is_not_written_down)
{
	struct world w = { .broker.reference = true };
	bool known;

	world_start(&w);
	world_open(&w);
	assert_ok(brokers_get_hello2(w.arena, &w.paths, w.mesh.brokerUrl, &known));
	assert_false(known);
	world_end(&w);
}

TEST(an_answer_that_makes_no_sense_is_an_error)
{
	struct world w = { 0 };
	struct peers_list_args list;

	world_start(&w);
	w.broker.peers = S("'type':'peers_list','peers':'none'");
	world_open(&w);
	assert_says(visit_peers(w.arena, w.visit, false, &list), "makes no sense");
	world_end(&w);
}

TEST(nobody_there)
{
	struct world w = { 0 };

	world_start(&w);
	w.mesh.brokerUrl = S("ws://127.0.0.1:1/ws");
	assert_err(visit_open(w.arena, &w.client, &w.spec, &w.visit), NETWORK);
	visit_close(NULL);
	world_end(&w);
}

TEST_MAIN("client/visit")
