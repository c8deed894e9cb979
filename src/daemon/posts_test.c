#include "daemon/test_yard.h"

#include "client/keys.h"
#include "client/topic_keys.h"
#include "crypto/encode.h"
#include "crypto/post.h"

static const u8 topic_key[TOPIC_KEY_BYTES] = { 0x11, 0x22 };
static const struct topic_slot slot_one = { S("mesh0001"), S("topic001"), 1 };

/* The answer to topic_key_get: one copy for us, sealed by bob; or none. */
static const char *key_data(struct yard *y, bool with_copy)
{
	struct sign_pair alice = test_pair(1), bob = test_pair(2);
	struct sealed sealed;

	assert_ok(topic_slot_seal(y->a, topic_key, &slot_one, &bob, sign_pair_pubkey(y->a, &alice), &sealed));
	return arena_printf(y->a,
			    "'type':'x','topic':'ops','topicId':'topic001','epoch':1,'stale':false,'plaintext':false,'keys':[%s%.*s%s"
			    "%.*s%s]",
			    with_copy ? "{'epoch':1,'encryptedKey':'" : "", STRF(with_copy ? sealed.ciphertext : STR_NONE),
			    with_copy ? "','nonce':'" : "", STRF(with_copy ? sealed.nonce : STR_NONE),
			    with_copy ? "','sealerMemberId':'bob','sealerPubkey':'" YARD_BOB
					"','makerMemberId':'bob','senderPubkey':null,'createdAt':''}"
				      : "")
		.ptr;
}

static void push_post(struct yard *y, struct guest *g, const char *id, const char *text)
{
	struct sealed sealed = topic_body_seal(y->a, str_from(text), topic_key, NULL);

	yard_say(g, arena_printf(y->a,
				 "{'type':'push','messageId':'%s','meshId':'mesh0001','senderPubkey':'" YARD_BOB
				 "','senderMemberPubkey':'" YARD_BOB "','senderMemberId':'member-bob','senderName':'bob',"
				 "'priority':'next','createdAt':'2026-01-02T03:04:05.678Z','topic':'ops',"
				 "'topicId':'topic001','topicSeq':1,'bodyVersion':2,'epoch':1,'replyToId':'parent01',"
				 "'nonce':'%.*s','ciphertext':'%.*s'}",
				 id, STRF(sealed.nonce), STRF(sealed.ciphertext))
			    .ptr);
}

/* One of bob's, as he signed it; told: whose, and in which topic, the broker says that it is. */
static void push_signed(struct yard *y, struct guest *g, const char *id, const char *author, const char *topic_id)
{
	struct sealed sealed = topic_body_seal(y->a, str_from(id), topic_key, NULL);
	struct post_claim claim = { S("mesh0001"), S("topic001"), 1, 2, str_from(id), STR_NONE, sealed.nonce,
				    sealed.ciphertext };
	struct sign_pair bob = test_pair(2);
	str signature;

	assert_ok(post_sign(y->a, &claim, &bob, &signature));
	yard_say(g, arena_printf(y->a,
				 "{'type':'push','messageId':'%s','meshId':'another','senderPubkey':'%s',"
				 "'senderMemberPubkey':'%s','senderMemberId':'m','senderName':'bob','priority':'next',"
				 "'createdAt':'2026-01-02T03:04:05.678Z','topic':'ops','topicId':'%s','topicSeq':1,"
				 "'bodyVersion':2,'epoch':1,'client_message_id':'%s','signature':'%.*s','nonce':'%.*s',"
				 "'ciphertext':'%.*s'}",
				 id, author, author, topic_id, id, STRF(signature), STRF(sealed.nonce),
				 STRF(sealed.ciphertext))
			    .ptr);
}

/* The rows of a session, newest first. */
static struct inbox_rows rows_of(struct yard *y, const struct session *s)
{
	struct inbox_filter f = { .view = daemon_view(s) };
	struct inbox_rows rows;

	assert_ok(inbox_list(y->d->inbox, y->a, &f, &rows));
	return rows;
}

static struct session *with_session(struct yard *y, struct guest **ret_guest)
{
	struct session *s;

	yard_start(y);
	yard_daemon(y);
	s = yard_session(y, TOKEN_A, "session-1");
	until(y, yard_state(y, s->pubkey) == ROUTE_OPEN);
	yard_open(y);
	*ret_guest = yard_guest(y, "mesh0001", s->pubkey);
	return s;
}

TEST(a_post_is_opened_with_a_key_that_is_asked_for_once)
{
	struct inbox_rows rows;
	struct session *s;
	struct guest *g;
	struct yard y;

	s = with_session(&y, &g);
	y.reply = key_data(&y, true);
	push_post(&y, g, "post-1", "hello");
	until(&y, y.n_acks == 1);
	assert_str(json_get_str(y.asked, S("type")), S("topic_key_get"));
	y.asked = NULL;
	push_post(&y, g, "post-2", "again");
	until(&y, y.n_acks == 2);
	assert_null(y.asked);
	rows = rows_of(&y, s);
	assert_int_equal(rows.n, 2);
	assert_str(rows.items[0].body, S("again"));
	assert_str(rows.items[1].body, S("hello"));
	assert_true(rows.items[0].encrypted);
	assert_str(rows.items[0].topic, S("ops"));
	assert_str(rows.items[0].reply_to_id, S("parent01"));
	assert_str(rows.items[0].sender_member_id, S("member-bob"));
	yard_end(&y);
}

TEST(a_post_is_kept_as_its_authors_word_or_not_at_all)
{
	struct sign_pair carol = test_pair(4);
	struct inbox_rows rows;
	struct session *s;
	struct guest *g;
	struct yard y;

	s = with_session(&y, &g);
	y.reply = key_data(&y, true);
	push_post(&y, g, "unsigned", "hello");
	until(&y, y.n_acks == 1);
	push_signed(&y, g, "signed", YARD_BOB, "topic001");
	push_signed(&y, g, "given to another", arena_cstr(y.a, sign_pair_pubkey(y.a, &carol)), "topic001");
	push_signed(&y, g, "moved", YARD_BOB, "topic002");
	until(&y, y.n_acks == 4);
	rows = rows_of(&y, s);
	assert_int_equal(rows.n, 4);
	assert_true(!rows.items[3].proven && rows.items[3].body.ptr);
	assert_true(rows.items[2].proven);
	assert_str(rows.items[2].body, S("signed"));
	for (size_t i = 0; i < 2; i++) {
		assert_true(!rows.items[i].proven && !rows.items[i].own);
		assert_null(rows.items[i].body.ptr);
		assert_str(rows.items[i].why, S(POST_FORGED_TEXT));
	}
	yard_end(&y);
}

TEST(posts_that_wait_for_a_key_keep_their_order)
{
	struct inbox_rows rows;
	struct session *s;
	struct guest *g;
	struct yard y;

	s = with_session(&y, &g);
	y.reply = key_data(&y, true);
	push_post(&y, g, "post-1", "one");
	push_post(&y, g, "post-2", "two");
	push_post(&y, g, "post-3", "three");
	until(&y, y.n_acks == 3);
	rows = rows_of(&y, s);
	assert_str(rows.items[0].body, S("three"));
	assert_str(rows.items[2].body, S("one"));
	yard_end(&y);
}

TEST(a_post_whose_key_does_not_come_says_why)
{
	struct inbox_rows rows;
	struct session *s;
	struct guest *g;
	struct yard y;

	s = with_session(&y, &g);
	y.reply = key_data(&y, false);
	push_post(&y, g, "post-1", "hello");
	until(&y, y.n_acks == 1);
	rows = rows_of(&y, s);
	assert_null(rows.items[0].body.ptr);
	assert_true(str_contains(rows.items[0].why, S("sealed it for you")));
	yard_end(&y);
}

TEST(sessions_get_the_posts_and_not_their_member_too)
{
	struct guest *g, *member;
	struct inbox_rows rows;
	struct session *s;
	struct yard y;

	s = with_session(&y, &g);
	y.reply = key_data(&y, true);
	member = yard_guest(&y, "mesh0001", STR_NONE);
	push_post(&y, member, "post-1", "hello");
	push_post(&y, g, "post-1", "hello");
	until(&y, y.n_acks == 2);
	rows = rows_of(&y, NULL);
	assert_int_equal(rows.n, 1);
	assert_str(rows.items[0].recipient_pubkey, s->pubkey);
	yard_end(&y);
}

/* Where the member stopped is where its next session begins: what none has is not acknowledged. */
TEST(a_post_is_the_member_s_only_once_a_session_has_it)
{
	struct guest *g, *member;
	struct session *s;
	struct yard y;

	s = with_session(&y, &g);
	y.reply = key_data(&y, true);
	member = yard_guest(&y, "mesh0001", STR_NONE);
	push_post(&y, member, "post-1", "hello");
	yard_turns(&y, 5);
	assert_int_equal(member->n_acks, 0);
	push_post(&y, g, "post-1", "hello");
	until(&y, member->n_acks == 1 && g->n_acks == 1);
	/* The other way round. */
	push_post(&y, g, "post-2", "more");
	until(&y, g->n_acks == 2);
	push_post(&y, member, "post-2", "more");
	until(&y, member->n_acks == 2);
	assert_int_equal(rows_of(&y, NULL).n, 2);
	assert_int_equal(rows_of(&y, s).n, 2);
	yard_end(&y);
}

TEST(a_post_that_no_session_got_before_its_end_is_the_member_s)
{
	struct inbox_rows rows;
	struct guest *g, *member;
	struct yard y;

	with_session(&y, &g);
	y.reply = key_data(&y, true);
	member = yard_guest(&y, "mesh0001", STR_NONE);
	push_post(&y, member, "post-1", "hello");
	push_post(&y, member, "post-1", "hello");
	yard_turns(&y, 5);
	assert_int_equal(member->n_acks, 0);
	assert_ok(sessions_end(y.a, y.d->sessions, S(TOKEN_A)));
	until(&y, member->n_acks == 1);
	rows = rows_of(&y, NULL);
	assert_int_equal(rows.n, 1);
	assert_str(rows.items[0].body, S("hello"));
	assert_int_equal(rows.items[0].recipient_kind, RECIPIENT_MEMBER);
	yard_end(&y);
}

/* An agent with hooks posts as the member: it must not hear itself. */
TEST(what_the_member_posts_does_not_come_back_to_its_sessions)
{
	struct sign_pair alice = test_pair(1);
	struct inbox_rows rows;
	struct session *s;
	struct guest *g;
	struct yard y;

	s = with_session(&y, &g);
	yard_say(g, arena_printf(y.a,
				 "{'type':'push','messageId':'p1','meshId':'mesh0001','senderPubkey':'%.*s',"
				 "'senderName':'alice','priority':'next','createdAt':'x','topic':'ops',"
				 "'topicId':'topic001','bodyVersion':1,'targetSpec':'#ops','nonce':'','ciphertext':'aGk='}",
				 STRF(sign_pair_pubkey(y.a, &alice)))
			    .ptr);
	until(&y, y.n_acks == 1);
	rows = rows_of(&y, s);
	assert_int_equal(rows.n, 0);
	yard_end(&y);
}

/* Without a session the member has them. */
TEST(the_member_gets_posts_when_no_session_does)
{
	struct inbox_rows rows;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	y.reply = key_data(&y, true);
	push_post(&y, yard_guest(&y, "mesh0001", STR_NONE), "post-1", "hello");
	until(&y, y.n_acks == 1);
	rows = rows_of(&y, NULL);
	assert_int_equal(rows.n, 1);
	assert_str(rows.items[0].body, S("hello"));
	yard_end(&y);
}

#define CAROL "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"

/* Somebody has no copy yet: we have the key, and know who it is. */
TEST(a_key_is_sealed_for_who_waits_for_it_and_is_vouched_for)
{
	struct sign_pair alice = test_pair(1), carol = test_pair(3);
	u8 got[TOPIC_KEY_BYTES];
	struct sealed sealed;
	struct yard y;
	bool bound;

	yard_start(&y);
	assert_ok(topic_keys_add(y.a, &y.paths, S("mesh0001"), &slot_one, topic_key, true));
	assert_ok(keys_confirm(y.a, &y.paths, S("mesh0001"), S(CAROL)));
	y.reply = "'type':'x','topic':'ops','topicId':'topic001','epoch':1,'stale':false,'senderPubkey':null,'pending':["
		  "{'memberId':'member-x','pubkey':'" YARD_BOB "','displayName':'x'},"
		  "{'memberId':'member-carol','pubkey':'" CAROL "','displayName':'carol'}]";
	yard_daemon(&y);
	yard_open(&y);
	yard_say(yard_guest(&y, "mesh0001", STR_NONE),
		 "{'type':'push','subtype':'system','messageId':'e1','meshId':'mesh0001','senderPubkey':'system',"
		 "'event':'topic_key_wanted','eventData':{'topicId':'topic001','topic':'ops','epoch':1,"
		 "'memberId':'member-carol'},'priority':'low','nonce':'','ciphertext':'','createdAt':''}");
	until(&y, y.asked && str_eq(json_get_str(y.asked, S("type")), S("topic_seal")));
	assert_str(json_get_str(y.asked, S("memberId")), S("member-carol"));
	sealed = (struct sealed){ json_get_str(y.asked, S("nonce")), json_get_str(y.asked, S("encryptedKey")) };
	assert_ok(topic_slot_open(y.a, sealed, &slot_one, &carol, sign_pair_pubkey(y.a, &alice), got, &bound));
	assert_true(bound);
	assert_memory_equal(got, topic_key, sizeof(got));
	yard_end(&y);
}

/* The same when nobody told us: a connection that comes back looks. */
TEST(who_waited_while_we_were_away_is_sealed_for_too)
{
	struct yard y;

	yard_start(&y);
	assert_ok(topic_keys_add(y.a, &y.paths, S("mesh0001"), &slot_one, topic_key, true));
	assert_ok(topic_keys_see(y.a, &y.paths, S("mesh0001"), S("topic001"), S("ops"), 1));
	assert_ok(keys_confirm(y.a, &y.paths, S("mesh0001"), S(CAROL)));
	y.reply = "'type':'x','topic':'ops','topicId':'topic001','epoch':1,'stale':false,'senderPubkey':null,'pending':["
		  "{'memberId':'member-carol','pubkey':'" CAROL "','displayName':'carol'}]";
	yard_daemon(&y);
	until(&y, y.asked && str_eq(json_get_str(y.asked, S("type")), S("topic_seal")));
	yard_end(&y);
}

/* Topics whose keys somebody else has: each has the file of keys read anew. */
TEST(topics_without_a_key_of_ours_are_passed_over)
{
	struct yard y;

	yard_start(&y);
	for (int i = 0; i < 8; i++)
		assert_ok(topic_keys_see(y.a, &y.paths, S("mesh0001"), arena_printf(y.a, "topic-%d", i),
					 arena_printf(y.a, "name-%d", i), 1));
	yard_daemon(&y);
	yard_open(&y);
	assert_null(y.asked);
	yard_end(&y);
}

/* The daemon ends while a post waits for its key. */
TEST(a_post_that_waits_at_the_end_comes_again)
{
	struct inbox_rows rows;
	struct session *s;
	struct guest *g;
	struct yard y;

	s = with_session(&y, &g);
	y.silent_asks = true;
	push_post(&y, g, "post-1", "hello");
	until(&y, y.asked != NULL);
	rows = rows_of(&y, s);
	assert_int_equal(rows.n, 0);
	assert_int_equal(y.n_acks, 0);
	yard_end(&y);
}

TEST_MAIN("daemon/posts")
