#include "client/link.h"

#include "client/test_scene.h"
#include "crypto/box.h"
#include "json/json.h"

/* A multicast with that id and client id; the simplest message there is. */
static void push_plain(struct scene *s, const char *id, const char *client_id, const char *member)
{
	scene_say(
		s,
		arena_printf(
			s->arena,
			"{'type':'push','messageId':'%s','client_message_id':%s%s%s,'senderMemberId':'%s',"
			"'meshId':'mesh0001','senderPubkey':'aa','priority':'next','createdAt':'x',"
			"'targetSpec':'*','nonce':'','ciphertext':'aGk='}",
			id, *client_id ? "'" : "", *client_id ? client_id : "null",
			*client_id ? "'" : "", member)
			.ptr);
}

/* A direct message from `from`, sealed to the link's member key. */
static void push_sealed(struct scene *s, const struct sign_pair *from, const char *id, str to,
			str text)
{
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(2);
	struct sealed sealed;
	str sender = sign_pair_pubkey(s->arena, from);

	assert_ok(box_seal(s->arena, cache, from, to, text, &sealed));
	scene_say(
		s,
		arena_printf(
			s->arena,
			"{'type':'push','messageId':'%s','meshId':'mesh0001','senderPubkey':'%.*s',"
			"'senderName':'bob','priority':'now','createdAt':'x','nonce':'%.*s','ciphertext':'%.*s'}",
			id, STRF(sender), STRF(sealed.nonce), STRF(sealed.ciphertext))
			.ptr);
}

static void assert_acked(struct scene *s, size_t at, const char *message_id, const char *client_id)
{
	until(s, s->n_said > at);
	assert_str(json_get_str(s->said[at], S("type")), S("client_ack"));
	assert_str(json_get_str(s->said[at], S("brokerMessageId")), str_from(message_id));
	assert_str(json_get_str(s->said[at], S("clientMessageId")), str_from(client_id));
}

TEST(a_message_to_either_key_of_ours_is_opened)
{
	struct sign_pair bob;
	struct scene s = { 0 };

	scene_start(&s);
	bob = test_pair(2);
	s.spec.is_session = true;
	scene_greeted(&s);
	push_sealed(&s, &bob, "m1", sign_pair_pubkey(s.arena, &s.member), S("to the member"));
	push_sealed(&s, &bob, "m2", link_own_pubkey(s.link), S("to the session"));
	push_sealed(&s, &bob, "m3", sign_pair_pubkey(s.arena, &bob), S("to someone else"));
	until(&s, s.n_messages == 3);
	assert_str(s.bodies[0], S("to the member"));
	assert_str(s.bodies[1], S("to the session"));
	assert_true(s.messages[1].encrypted);
	assert_false(s.messages[2].readable);
	assert_true(str_empty(s.bodies[2]));
	scene_end(&s);
}

TEST(a_push_before_the_answer_to_the_hello_is_kept_for_after_it)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.ack_messages = true;
	s.greeting =
		"{'type':'push','messageId':'m1','meshId':'x','senderPubkey':'aa','priority':'now','createdAt':'',"
		"'targetSpec':'*','nonce':'','ciphertext':'aGk='}";
	scene_link(&s);
	until(&s, s.guest && s.hello);
	for (int i = 0; i < 5; i++)
		loop_turn(s.loop, 1);
	assert_int_equal(s.n_messages, 0);
	assert_int_equal(s.ready, 0);
	scene_say(&s, HELLO_ACK);
	until(&s, s.n_messages == 1);
	assert_int_equal(s.ready, 1);
	/* And nothing was said before the answer: the broker would refuse it. */
	assert_acked(&s, 0, "m1", "m1");
	scene_end(&s);
}

TEST(acking_is_the_owners_and_repeats_are_acked_again)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	push_plain(&s, "m1", "c1", "bob");
	until(&s, s.n_messages == 1);
	push_plain(&s, "m1", "c1", "bob"); /* not acked yet: the owner has it, nothing to say */
	scene_settle(&s);
	assert_int_equal(s.n_said, 0);
	assert_int_equal(s.n_messages, 1);
	link_ack(s.link, &s.messages[0]);
	assert_acked(&s, 0, "m1", "c1");
	push_plain(&s, "m1", "c1", "bob"); /* the ack was lost */
	assert_acked(&s, 1, "m1", "c1");
	push_plain(&s, "m2", "c1", "bob"); /* the sender sent it again: a second row (D-14) */
	assert_acked(&s, 2, "m2", "c1");
	assert_int_equal(s.n_messages, 1);
	scene_end(&s);
}

TEST(what_is_a_repeat_and_what_is_not)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	push_plain(&s, "m1", "c1", "bob");
	push_plain(&s, "m2", "c1", "carol"); /* another sender may use the same id */
	push_plain(&s, "m3", "", "bob");
	push_plain(&s, "m4", "", "bob");
	push_plain(&s, "m3", "", "bob");
	push_plain(&s, "m5", "m3", "bob"); /* a client id is no message id */
	scene_settle(&s);
	assert_int_equal(s.n_messages, 5);
	scene_end(&s);
}

TEST(a_repeat_is_known_after_a_reconnect)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.reconnect = true;
	s.spec.random = &scene_random;
	scene_greeted(&s);
	push_plain(&s, "m1", "c1", "bob");
	until(&s, s.n_messages == 1);
	ws_conn_abort(s.guest);
	until(&s, s.downs == 1);
	link_ack(s.link, &s.messages[0]); /* nobody to tell it to */
	until(&s, s.ready == 2);
	assert_int_equal(s.n_said, 0);
	push_plain(&s, "m1", "c1", "bob");
	assert_acked(&s, 0, "m1", "c1");
	assert_int_equal(s.n_messages, 1);
	scene_end(&s);
}

TEST(a_message_that_was_not_taken_is_offered_again)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	s.refuse_messages = true;
	push_plain(&s, "m1", "c1", "bob");
	scene_settle(&s);
	assert_int_equal(s.n_messages, 0);
	s.refuse_messages = false;
	push_plain(&s, "m1", "c1", "bob");
	until(&s, s.n_messages == 1);
	scene_end(&s);
}

TEST(events_are_not_messages_and_are_not_acked)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.ack_messages = true;
	scene_greeted(&s);
	scene_say(
		&s,
		"{'type':'push','subtype':'system','event':'peer_joined','eventData':{'name':'Bob','pubkey':'ab'},"
		"'messageId':'u','meshId':'x','senderPubkey':'system','priority':'low','nonce':'','ciphertext':'',"
		"'createdAt':''}");
	scene_say(
		&s,
		"{'type':'push','subtype':'system','event':'peer_left','eventData':[7],"
		"'messageId':'v','meshId':'x','senderPubkey':'system','priority':'low','nonce':'','ciphertext':'',"
		"'createdAt':''}");
	until(&s, s.events == 2);
	scene_settle(&s);
	assert_int_equal(s.n_messages, 0);
	assert_int_equal(s.n_said, 0);
	scene_end(&s);
}

/* A hostile broker: each is dropped and counted, and the link goes on. */
static const struct {
	const char *frame;
	bool bad;
} hostile[] = {
	{ "", true },
	{ "not json", true },
	{ "{", true },
	{ "[]", true },
	{ "null", true },
	{ "7", true },
	{ "'text'", true },
	{ "{}", true },
	{ "{'type':7}", true },
	{ "{'type':null}", true },
	{ "{'type':'push','type':'push'}", true },
	{ "{'type':'push'}", true },
	{ "{'type':'push','messageId':7}", true },
	{ "{'type':'push','messageId':'','meshId':'x','senderPubkey':'a','priority':'now','nonce':'','ciphertext':'',"
	  "'createdAt':''}",
	  true },
	{ "{'type':'push','messageId':'m','meshId':{},'senderPubkey':'a','priority':'now','nonce':'','ciphertext':'',"
	  "'createdAt':''}",
	  true },
	{ "{'type':'push','messageId':'m','meshId':'x','senderPubkey':['a'],'priority':'now','nonce':'','ciphertext':'',"
	  "'createdAt':''}",
	  true },
	{ "{'type':'hello_ack'}", true },
	{ "{'type':'error'}", false },
	{ "{'type':'error','code':{},'message':[]}", false },
	{ "{'type':'ack'}", false },
	{ "{'type':'peers_list','peers':'x'}", false },
	{ "{'type':'vault_ack','x':1e999}", false },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", true },
};

TEST(frames_that_make_no_sense_are_counted_and_dropped)
{
	struct scene s = { 0 };
	u64 bad = 0;

	scene_start(&s);
	scene_greeted(&s);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		scene_say(&s, hostile[i].frame);
		scene_settle(&s);
		bad += hostile[i].bad;
		if (link_bad_frames(s.link) != bad)
			print_error("case %zu '%s'\n", i, hostile[i].frame);
		assert_int_equal(link_bad_frames(s.link), bad);
	}
	assert_int_equal(s.n_messages, 0);
	assert_int_equal(s.downs, 0);
	push_plain(&s, "m1", "c1", "bob");
	until(&s, s.n_messages == 1);
	scene_end(&s);
}

TEST(nonsense_before_the_answer_to_the_hello_is_no_answer)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.greeting = "{'type':'hello_ack','presenceId':7}";
	scene_link(&s);
	until(&s, s.hello);
	scene_say(&s, "{'type':'peers_list','peers':[]}");
	scene_say(&s, "rubbish");
	scene_say(&s, "{'type':'hello_ack','presenceId':''}");
	/* A session that comes back to a reference broker gets no profile. */
	scene_say(&s, "{'type':'hello_ack','presenceId':'p1','memberDisplayName':'Me'}");
	until(&s, s.ready);
	assert_int_equal(link_bad_frames(s.link), 3);
	scene_end(&s);
}

TEST(more_than_a_frame_may_hold_ends_the_connection)
{
	struct scene s = { 0 };
	char *huge;

	scene_start(&s);
	scene_greeted(&s);
	huge = arena_alloc(s.arena, LINK_FRAME_MAX + 2);
	memset(huge, ' ', LINK_FRAME_MAX + 1);
	ws_conn_send(s.guest, str_of(huge, LINK_FRAME_MAX + 1));
	until(&s, s.downs);
	assert_int_equal(s.down_code, ERR_NETWORK);
	scene_end(&s);
}

TEST(early_pushes_are_bounded)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.greeting = "";
	scene_link(&s);
	until(&s, s.hello);
	for (int i = 0; i < LINK_EARLY_MAX + 10; i++)
		push_plain(&s, arena_printf(s.arena, "m%d", i).ptr, "", "bob");
	scene_say(&s, "{'type':'push','messageId':'','x':1}");
	s.refuse_messages = true;
	scene_say(&s, HELLO_ACK);
	until(&s, s.ready);
	s.refuse_messages = false;
	push_plain(&s, "later", "", "bob");
	until(&s, s.n_messages == 1);
	scene_end(&s);
}

TEST(a_message_that_could_not_be_kept_is_offered_again)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	push_plain(&s, "m1", "", "bob");
	until(&s, s.n_messages == 1);
	push_plain(&s, "m1", "", "bob");
	scene_settle(&s);
	assert_int_equal(s.n_messages, 1);
	link_forget(s.link, &s.messages[0]);
	push_plain(&s, "m1", "", "bob");
	until(&s, s.n_messages == 2);
	scene_end(&s);
}

TEST(a_small_memory_forgets_the_oldest)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.seen_max = 2;
	s.spec.cache_keys = 1;
	scene_greeted(&s);
	push_plain(&s, "m1", "", "bob");
	push_plain(&s, "m2", "", "bob");
	push_plain(&s, "m2", "", "bob");
	push_plain(&s, "m3", "", "bob");
	push_plain(&s, "m1", "", "bob");
	until(&s, s.n_messages == 4);
	assert_str(s.messages[3].message_id, S("m1"));
	scene_end(&s);
}

TEST_MAIN("client/link_push")
