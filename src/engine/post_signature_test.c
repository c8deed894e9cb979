/*
 * post_signature_test.c - what the broker does with the signature of a post: keeps it as it is,
 * gives it to everybody who reads, and never makes one up.
 */
#include "crypto/post.h"
#include "db/db.h"
#include "engine/rest_harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

static str topic_id_of(struct peer *p)
{
	const struct json *list;

	say(p, "{'type':'topic_list','_reqId':'l'}");
	list = expect(p, "{'type':'topic_list_response'}");
	return arena_dup(p->place->house->a, json_get_str(json_get(list, S("topics"))->first, S("id")));
}

static str sign(struct peer *p, str topic_id, const char *id, str reply_to)
{
	struct arena *a = p->place->house->a;
	struct post_claim claim = { str_from(p->place->id), topic_id, 0, 1, str_from(id), reply_to, S(NONCE), S("aGk=") };
	str signature;

	assert_ok(post_sign(a, &claim, &p->member, &signature));
	return signature;
}

/* more: further members, with a comma in front. */
static void send_signed(struct peer *p, const char *id, str signature, const char *more)
{
	say(p, "{'type':'send','id':'%s','targetSpec':'#general','nonce':'" NONCE "','ciphertext':'aGk=',"
	       "'client_message_id':'%s','signature':'%.*s'%s}", id, id, STRF(signature), more);
}

static str message_id_of(struct peer *p, const char *id)
{
	const struct json *ack = expect(p, "{'type':'ack','id':'%s','queued':true}", id);

	return arena_dup(p->place->house->a, json_get_str(ack, S("messageId")));
}

static void remove_now(void *engine, void *member)
{
	assert_ok(member_remove(member, ((struct engine *)engine)->batch));
}

/* As remove_test.c does. */
static void remove_member(struct peer *p)
{
	struct house *h = p->place->house;
	struct timer now = { .fn = remove_now, .owner = mesh_member(h->engine->meshes, str_from(p->pubkey)) };

	timer_set(&h->engine->timers, &now, h->engine->mono_ms);
	advance(h, 0);
}

TEST(a_signature_comes_to_everybody_who_reads_as_it_was_sent)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str topic, first, second, parent, key;

	forget_all(h);
	topic = topic_id_of(alice);
	key = api_key(bob, "'read'", "");
	first = sign(alice, topic, "c1", STR_NONE);
	send_signed(alice, "c1", first, ",'mentions':['bob']");
	parent = message_id_of(alice, "c1");
	second = sign(alice, topic, "c2", parent);
	send_signed(alice, "c2", second, arena_printf(a, ",'replyToId':'%.*s'", STRF(parent)).ptr);
	(void)message_id_of(alice, "c2");
	say(alice, "{'type':'send','id':'c3','targetSpec':'#general','nonce':'" NONCE "','ciphertext':'aGk='}");
	(void)message_id_of(alice, "c3");
	expect(bob, "{'type':'push','signature':'%.*s','signedReplyTo':null,'client_message_id':'c1',"
		    "'senderMemberPubkey':'%s'}", STRF(first), alice->pubkey);
	expect(bob, "{'type':'push','signature':'%.*s','signedReplyTo':null,'replyToId':'%.*s'}", STRF(second), STRF(parent));
	expect(bob, "{'type':'push','signature':null,'topicSeq':3}");
	say(bob, "{'type':'topic_history','topic':'general','_reqId':'h'}");
	expect(bob, "{'type':'topic_history_response','authors':null,'messages':[{'signature':null},{'signature':'%.*s',"
		    "'replyToId':'%.*s'},{'signature':'%.*s','senderMemberId':'%s'}]}", STRF(second), STRF(parent), STRF(first),
	       alice->member_id);
	say(bob, "{'type':'notification_list','_reqId':'n'}");
	expect(bob, "{'type':'notification_list_response','notifications':[{'signature':'%.*s','client_message_id':'c1'}]}",
	       STRF(first));
	ask(h, "topic_messages", key, "{'topic':'general'}", "");
	expect_answer(h, 200, arena_printf(a, "{'messages':[{'signature':null},{'signature':'%.*s'},{'signature':'%.*s',"
					   "'senderPubkey':'%s'}]}", STRF(second), STRF(first), alice->pubkey).ptr);
	/* After a restart, from the store. */
	restart(h);
	enter(bob, GREETING(0));
	forget(bob);
	say(bob, "{'type':'topic_history','topic':'general','_reqId':'h'}");
	expect(bob, "{'type':'topic_history_response','messages':[{'signature':null},{'signature':'%.*s'},{'signature':'%.*s'}]}",
	       STRF(second), STRF(first));
}

/* Its parent gone, a reply is still what was signed. */
TEST(what_a_reply_answered_outlives_its_parent)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str topic, parent, signature;

	forget_all(h);
	topic = topic_id_of(alice);
	send_signed(alice, "c1", sign(alice, topic, "c1", STR_NONE), "");
	parent = message_id_of(alice, "c1");
	signature = sign(alice, topic, "c2", parent);
	send_signed(alice, "c2", signature, arena_printf(a, ",'replyToId':'%.*s'", STRF(parent)).ptr);
	(void)message_id_of(alice, "c2");
	assert_ok(db_exec(h->f->db, a, S("DELETE FROM topic_post WHERE seq = 1")));
	say(alice, "{'type':'topic_history','topic':'general','_reqId':'h'}");
	expect(alice, "{'type':'topic_history_response','messages':[{'replyToId':null,'signedReplyTo':'%.*s','signature':'%.*s'}]}",
	       STRF(parent), STRF(signature));
}

TEST(a_signature_that_is_none_is_refused)
{
	static const struct { const char *id, *signature; } rows[] = { { "c1", "" }, { "c1", "ab" }, { "c|1", NULL } };
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str good, key;

	forget_all(h);
	key = api_key(alice, "'send'", "");
	good = sign(alice, topic_id_of(alice), "c1", STR_NONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		send_signed(alice, rows[i].id, rows[i].signature ? str_from(rows[i].signature) : good, "");
		expect(alice, "{'type':'ack','queued':false,'code':'invalid'}");
	}
	for (size_t i = 0; i < 2; i++) {
		str odd = arena_printf(a, "%.*s%s", i ? 128 : 127, good.ptr, i ? "0" : "G");

		send_signed(alice, "c1", odd, "");
		expect(alice, "{'type':'ack','queued':false,'code':'invalid'}");
	}
	/* By whom it is given no id it could be told twice. */
	say(alice, "{'type':'send','id':'x','targetSpec':'#general','nonce':'" NONCE "','ciphertext':'aGk=','signature':'%.*s'}",
	    STRF(good));
	expect(alice, "{'type':'ack','id':'x','queued':false,'code':'invalid'}");
	ask(h, "topic_post", key, "{'topic':'general'}", arena_printf(a, "{'text':'hi','signature':'%.*s'}", STRF(good)).ptr);
	expect_answer(h, 422, "{'detail':'*'}");
	say(alice, "{'type':'topic_history','topic':'general','_reqId':'h'}");
	expect(alice, "{'type':'topic_history_response','messages':[]}");
}

TEST(a_post_by_rest_is_signed_as_any)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str signature, key;

	forget_all(h);
	key = api_key(alice, "'send'", "");
	signature = sign(alice, topic_id_of(alice), "c1", STR_NONE);
	for (int i = 0; i < 2; i++) {
		ask(h, "messages", key, "{}", arena_printf(a, "{'topic':'general','ciphertext':'aGk=','nonce':'" NONCE "',"
					    "'idempotencyKey':'c1','signature':'%.*s'}", STRF(signature)).ptr);
		expect_answer(h, 200, i ? "{'duplicate':true}" : "{'seq':1}");
	}
	expect(bob, "{'type':'push','signature':'%.*s','client_message_id':'c1'}", STRF(signature));
	expect_nothing(bob);
}

/* Who left signed what it wrote: its chain comes with the page, and only if it is needed. */
TEST(the_chain_of_who_left_comes_with_its_posts)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = stranger(m, "bob"), *carol = arrive(m, "carol");
	str topic;

	invite(m, 5, 30);
	call(h, "claim", m->code, claim_body(m, bob));
	expect_answer(h, 200, "{'already_member':null}");
	enter(bob, GREETING(0));
	forget_all(h);
	topic = topic_id_of(bob);
	send_signed(bob, "c1", sign(bob, topic, "c1", STR_NONE), "");
	(void)message_id_of(bob, "c1");
	forget(carol);
	say(carol, "{'type':'send','id':'c2','targetSpec':'#general','nonce':'" NONCE "','ciphertext':'aGk='}");
	(void)message_id_of(carol, "c2");
	remove_member(bob);
	forget_all(h);
	say(carol, "{'type':'list_peers','members':true,'_reqId':'p'}");
	(void)expect(carol, "{'type':'peers_list'}");
	say(alice, "{'type':'topic_history','topic':'general','_reqId':'h'}");
	expect(alice, "{'type':'topic_history_response','authors':[{'pubkey':'%s','displayName':'bob','chain':{'role':'member',"
		      "'ownerSignature':'*','claimSignature':'*'}}]}", bob->pubkey);
}

TEST_MAIN("engine/post_signature")
