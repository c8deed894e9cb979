/*
 * postbox_test.c - posts through the outbox, to a broker with one topic that keeps what it is given
 * and may lie about it.
 */
#include "daemon/postbox.h"

#include "client/keys.h"
#include "client/topic_compose.h"
#include "crypto/encode.h"
#include "daemon/accept.h"
#include "daemon/test_yard.h"
#include "proto/moderation.h"

#define CAROL "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"

static const u8 key_one[TOPIC_KEY_BYTES] = { 0x11, 0x22 };

/* The topic #ops, in which are we (alice), bob and carol. */
struct room {
	struct yard y;
	i64 epoch;
	bool stale, plaintext, gone, observer, not_lead, went_back;
	bool has_copy;      /* bob sealed us a copy of the key of `epoch` */
	u8 key[TOPIC_KEY_BYTES];
	const struct json *copies; /* of the last key that we installed */
	int asked_keys, installs;
	i64 next_stale;     /* a send of ours at this count finds the epoch stale; 0: none */
};

static void name_slot(struct topic_slot *slot, i64 epoch)
{
	*slot = (struct topic_slot){ S("mesh0001"), S("topic001"), epoch };
}

static const char *tell_keys(struct room *r)
{
	struct sign_pair alice = test_pair(1), bob = test_pair(2);
	struct topic_slot slot;
	struct sealed sealed = { STR_NONE, STR_NONE };
	str copy = S("");

	r->asked_keys++;
	name_slot(&slot, r->epoch);
	if (r->has_copy && r->epoch) {
		assert_ok(topic_slot_seal(r->y.a, r->key, &slot, &bob, sign_pair_pubkey(r->y.a, &alice), &sealed));
		copy = arena_printf(r->y.a,
				    "{'epoch':%lld,'encryptedKey':'%.*s','nonce':'%.*s','sealerMemberId':'bob',"
				    "'sealerPubkey':'" YARD_BOB "','makerMemberId':'bob','senderPubkey':null,'createdAt':''}",
				    (long long)r->epoch, STRF(sealed.ciphertext), STRF(sealed.nonce));
	}
	return arena_printf(r->y.a,
			    "'type':'topic_key_data','topic':'ops','topicId':'topic001','epoch':%lld,'stale':%s,"
			    "'plaintext':%s,'keys':[%.*s]",
			    (long long)(r->went_back ? 0 : r->epoch), r->stale ? "true" : "false",
			    r->plaintext ? "true" : "false", STRF(copy))
		.ptr;
}

static const char *answer(struct yard *y, const struct json *m)
{
	struct room *r = y->user;
	str type = json_get_str(m, S("type"));

	if (r->gone)
		return "'type':'error','code':'topic_not_found','message':'no such topic'";
	if (str_eq(type, S("topic_key_get")))
		return tell_keys(r);
	if (str_eq(type, S("topic_members")))
		return arena_printf(y->a,
				    "'type':'x','topic':'ops','topicId':'topic001','members':["
				    "{'memberId':'member01','pubkey':'%.*s','displayName':'alice','role':'%s','joinedAt':'',"
				    "'lastReadAt':null,'keyed':true},"
				    "{'memberId':'bob','pubkey':'" YARD_BOB "','displayName':'bob','role':'lead',"
				    "'joinedAt':'','lastReadAt':null,'keyed':true},"
				    "{'memberId':'carol','pubkey':'" CAROL "','displayName':'carol','role':'member',"
				    "'joinedAt':'','lastReadAt':null,'keyed':true}]",
				    STRF(meshes_at(y->d->meshes, 0)->member_pubkey), r->observer ? "observer" : "member")
			.ptr;
	return NULL;
}

/* A refusal in the broker's words. */
#define NO(code, text) "'messageId':'','queued':false,'code':'" code "','error':'" text "'"

static const char *take_post(struct yard *y, const struct json *m)
{
	struct room *r = y->user;
	const struct json *key = json_get(m, S("newKey"));
	i64 epoch = json_get_int(m, S("epoch"), 0);

	if (r->gone || !str_eq(json_get_str(m, S("targetSpec")), S("#topic001")))
		return NO("topic_not_found", "no such topic");
	if (r->next_stale && (i64)y->n_sends == r->next_stale)
		r->stale = true;
	if (key) {
		if (r->epoch && !r->stale && r->not_lead)
			return NO("forbidden", "only a lead");
		if (json_get_int(key, S("epoch"), 0) != r->epoch + 1)
			return NO("stale_epoch", "another was first");
		r->copies = json_get(key, S("copies"));
		r->epoch++;
		r->stale = false;
		r->installs++;
	} else if (json_get_int(m, S("bodyVersion"), 1) == 1 && r->epoch) {
		return NO("encrypted", "there is a key");
	} else if (json_get_int(m, S("bodyVersion"), 1) == 2 && (r->stale || epoch != r->epoch)) {
		return NO("stale_epoch", "somebody left");
	}
	return arena_printf(y->a,
			    "'messageId':'bm-%zu','queued':true,'topicId':'topic001','epoch':%lld,'seq':%zu,"
			    "'recipients':2,'notifications':0",
			    y->n_sends, (long long)r->epoch, y->n_sends)
		.ptr;
}

static void open_room(struct room *r)
{
	*r = (struct room){ .epoch = 0 };
	yard_start(&r->y);
	r->y.user = r;
	r->y.answer = answer;
	r->y.ack = take_post;
	memcpy(r->key, key_one, sizeof(r->key));
	/* We know bob; nobody knows carol. */
	assert_ok(keys_confirm(r->y.a, &r->y.paths, S("mesh0001"), S(YARD_BOB)));
	yard_daemon(&r->y);
}

static void post(struct room *r, const char *client_id, const char *text)
{
	struct accept_request rq = { .to = S("#ops"), .message = str_from(text), .client_message_id = str_from(client_id) };

	assert_int_equal(yard_accept(&r->y, &rq).answer.http, 202);
}

static enum outbox_status status_of(struct room *r, const char *client_id)
{
	return yard_row(&r->y, client_id).status;
}

/* What the n-th frame says, to who has our keys; NULL: they do not open it. */
static str text_of(struct room *r, size_t n)
{
	const struct json *m = r->y.sends[n];
	struct sealed sealed = { json_get_str(m, S("nonce")), json_get_str(m, S("ciphertext")) };
	struct topic_keys_args keys;
	const struct topic_key_args *row;
	u8 key[TOPIC_KEY_BYTES];
	str text;

	if (json_get_int(m, S("bodyVersion"), 0) == 1) {
		assert_ok(plain_decode(r->y.a, sealed, &text));
		return text;
	}
	assert_ok(topic_keys_load(r->y.a, &r->y.paths, S("mesh0001"), &keys));
	row = topic_keys_get(&keys, S("topic001"), json_get_int(m, S("epoch"), 0));
	assert_true(row && topic_key_bytes(row, key));
	return topic_body_open(r->y.a, sealed, key, &text) ? STR_NONE : text;
}

TEST(the_first_post_makes_the_key_for_those_it_knows)
{
	const struct json *copy;
	struct sealed sealed;
	struct topic_slot slot;
	struct sign_pair bob = test_pair(2);
	u8 got[TOPIC_KEY_BYTES];
	struct room r;
	bool bound;

	open_room(&r);
	post(&r, "p1", "hello");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(r.installs, 1);
	assert_int_equal(r.copies->count, 2); /* ours and bob's; nobody knows carol */
	copy = r.copies->first->next;
	assert_str(json_get_str(copy, S("memberId")), S("bob"));
	name_slot(&slot, 1);
	sealed = (struct sealed){ json_get_str(copy, S("nonce")), json_get_str(copy, S("encryptedKey")) };
	assert_ok(topic_slot_open(r.y.a, sealed, &slot, &bob, meshes_at(r.y.d->meshes, 0)->member_pubkey, got, &bound));
	assert_true(bound);
	assert_str(json_get_str(r.y.sends[0], S("targetSpec")), S("#topic001"));
	assert_str(text_of(&r, 0), S("hello"));
	/* And is remembered: the next asks nobody. */
	r.asked_keys = 0;
	post(&r, "p2", "again");
	until(&r.y, status_of(&r, "p2") == OUTBOX_DONE);
	assert_int_equal(r.asked_keys, 0);
	assert_str(text_of(&r, 1), S("again"));
	yard_end(&r.y);
}

TEST(posts_keep_their_order_while_the_first_is_about_keys)
{
	static const char *const ids[] = { "p0", "p1", "p2", "p3", "p4" };
	struct room r;

	open_room(&r);
	r.y.closed = true;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		post(&r, ids[i], ids[i]);
	r.y.closed = false;
	until(&r.y, status_of(&r, "p4") == OUTBOX_DONE);
	assert_int_equal(r.installs, 1);
	assert_int_equal(r.y.n_sends, ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_str(json_get_str(r.y.sends[i], S("client_message_id")), str_from(ids[i]));
		assert_str(text_of(&r, i), str_from(ids[i]));
	}
	yard_end(&r.y);
}

/* Somebody left while they were on their way: all come again, in order, under one new key. */
TEST(a_stale_epoch_has_posts_sealed_anew_under_their_ids)
{
	static const char *const ids[] = { "p1", "p2", "p3" };
	size_t first = 0;
	struct room r;

	open_room(&r);
	post(&r, "p0", "before");
	until(&r.y, status_of(&r, "p0") == OUTBOX_DONE);
	r.y.closed = true;
	ws_conn_abort(yard_guest(&r.y, "mesh0001", STR_NONE)->conn);
	until(&r.y, yard_state(&r.y, STR_NONE) != ROUTE_OPEN);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		post(&r, ids[i], ids[i]);
	r.stale = true;
	r.y.closed = false;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		until(&r.y, status_of(&r, ids[i]) == OUTBOX_DONE);
	assert_int_equal(r.installs, 2);
	assert_int_equal(r.epoch, 2);
	/* The last three are those that were taken. */
	first = r.y.n_sends - ARRAY_LEN(ids);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_str(json_get_str(r.y.sends[first + i], S("client_message_id")), str_from(ids[i]));
		assert_int_equal(json_get_int(r.y.sends[first + i], S("epoch"), 0), 2);
		assert_str(json_get_str(r.y.sends[first + i], S("request_fingerprint")),
			   yard_row(&r.y, ids[i]).fingerprint);
		assert_str(text_of(&r, first + i), str_from(ids[i]));
		assert_int_equal(yard_row(&r.y, ids[i]).refusals, 0);
	}
	yard_end(&r.y);
}

TEST(a_crash_loses_no_post_and_repeats_it_under_its_id)
{
	struct room r;

	open_room(&r);
	r.y.mode = YARD_SILENT;
	post(&r, "p1", "hello");
	until(&r.y, r.y.n_sends == 1);
	assert_int_equal(status_of(&r, "p1"), OUTBOX_INFLIGHT);
	daemon_free(r.y.d); /* says no goodbye */
	r.y.mode = YARD_ACKS;
	yard_daemon(&r.y);
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(r.y.n_sends, 2);
	assert_str(json_get_str(r.y.sends[1], S("client_message_id")), S("p1"));
	assert_str(text_of(&r, 1), S("hello"));
	yard_end(&r.y);
}

TEST(a_connection_lost_in_the_middle_of_a_key_is_no_refusal)
{
	struct room r;

	open_room(&r);
	r.y.silent_asks = true;
	post(&r, "p1", "hello");
	until(&r.y, r.y.asked != NULL);
	r.y.silent_asks = false;
	ws_conn_abort(yard_guest(&r.y, "mesh0001", STR_NONE)->conn);
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(yard_row(&r.y, "p1").refusals, 0);
	assert_str(text_of(&r, r.y.n_sends - 1), S("hello"));
	yard_end(&r.y);
}

/* A key that nobody has sealed for us yet is waited for; what comes behind waits, too. */
TEST(a_post_without_a_key_waits_until_somebody_seals_it)
{
	struct room r;

	open_room(&r);
	r.epoch = 1;
	r.not_lead = true;
	post(&r, "p1", "one");
	post(&r, "p2", "two");
	until(&r.y, yard_row(&r.y, "p1").last_error.len && yard_row(&r.y, "p2").last_error.len);
	assert_true(str_starts(yard_row(&r.y, "p1").last_error, S("no_key: ")));
	assert_true(str_starts(yard_row(&r.y, "p2").last_error, S("no_key: ")));
	assert_int_equal(status_of(&r, "p1"), OUTBOX_PENDING);
	assert_int_equal(yard_row(&r.y, "p1").refusals, 0);
	r.has_copy = true;
	yard_say(yard_guest(&r.y, "mesh0001", STR_NONE),
		 "{'type':'push','subtype':'system','messageId':'e1','meshId':'mesh0001','senderPubkey':'system',"
		 "'event':'topic_key_sealed','eventData':{'topicId':'topic001','topic':'ops','epoch':1},"
		 "'priority':'low','nonce':'','ciphertext':'','createdAt':''}");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE && status_of(&r, "p2") == OUTBOX_DONE);
	assert_int_equal(r.installs, 0);
	assert_str(text_of(&r, r.y.n_sends - 2), S("one"));
	assert_str(text_of(&r, r.y.n_sends - 1), S("two"));
	yard_end(&r.y);
}

/* Of a key that a stranger sealed is known only that it can be read with. */
TEST(under_a_key_of_a_stranger_nothing_is_posted)
{
	struct room r;

	open_room(&r);
	daemon_free(r.y.d);
	assert_ok(keys_remove(r.y.a, &r.y.paths, S("mesh0001")));
	yard_daemon(&r.y);
	r.epoch = 1;
	r.has_copy = r.not_lead = true;
	post(&r, "p1", "one");
	until(&r.y, yard_row(&r.y, "p1").last_error.len);
	assert_true(str_starts(yard_row(&r.y, "p1").last_error, S("untrusted_key: ")));
	/* A lead makes a new one. */
	r.not_lead = false;
	drain_on_topic(r.y.d->drain, S("mesh0001"));
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(r.epoch, 2);
	yard_end(&r.y);
}

TEST(a_topic_that_is_not_there_ends_the_post_with_the_reason)
{
	struct room r;

	open_room(&r);
	r.gone = true;
	post(&r, "p1", "one");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DEAD);
	assert_true(str_starts(yard_row(&r.y, "p1").last_error, S("topic_not_found")));
	assert_int_equal(r.y.n_sends, 0);
	yard_end(&r.y);
}

/* What we knew as #ops is gone, and another topic has its name. */
TEST(a_name_that_is_another_topic_s_now_is_asked_for_anew)
{
	struct topic_slot old = { S("mesh0001"), S("topic000"), 1 };
	struct room r;

	open_room(&r);
	assert_ok(topic_keys_add(r.y.a, &r.y.paths, S("mesh0001"), &old, key_one, true));
	assert_ok(topic_keys_see(r.y.a, &r.y.paths, S("mesh0001"), S("topic000"), S("ops"), 1));
	post(&r, "p1", "hello");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(r.y.n_sends, 2);
	assert_str(json_get_str(r.y.sends[0], S("targetSpec")), S("#topic000"));
	assert_str(json_get_str(r.y.sends[1], S("targetSpec")), S("#topic001"));
	assert_str(text_of(&r, 1), S("hello"));
	yard_end(&r.y);
}

TEST(an_observer_makes_no_key)
{
	struct room r;

	open_room(&r);
	r.observer = true;
	post(&r, "p1", "one");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DEAD);
	assert_true(str_starts(yard_row(&r.y, "p1").last_error, S("observer")));
	yard_end(&r.y);
}

TEST(a_plain_topic_is_posted_to_as_plain_text)
{
	struct room r;

	open_room(&r);
	r.plaintext = true;
	post(&r, "p1", "hello");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(r.installs, 0);
	assert_int_equal(json_get_int(r.y.sends[0], S("bodyVersion"), 0), 1);
	assert_str(text_of(&r, 0), S("hello"));
	yard_end(&r.y);
}

TEST(plain_text_is_posted_where_it_is_asked_for_and_there_is_no_key)
{
	struct accept_request rq = { .to = S("#ops"), .message = S("open"), .client_message_id = S("p1"), .plaintext = true };
	struct room r;

	open_room(&r);
	assert_int_equal(yard_accept(&r.y, &rq).answer.http, 202);
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_int_equal(json_get_int(r.y.sends[0], S("bodyVersion"), 0), 1);
	assert_int_equal(r.installs, 0);
	post(&r, "p2", "secret");
	until(&r.y, status_of(&r, "p2") == OUTBOX_DONE);
	rq.client_message_id = S("p3");
	assert_int_equal(yard_accept(&r.y, &rq).answer.http, 202);
	until(&r.y, status_of(&r, "p3") == OUTBOX_DEAD);
	assert_true(str_starts(yard_row(&r.y, "p3").last_error, S("encrypted")));
	yard_end(&r.y);
}

/* A broker that says that what had a key has none, or an older one. */
TEST(a_liar_gets_no_plain_text)
{
	struct room r;

	open_room(&r);
	post(&r, "p1", "one");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	r.plaintext = r.stale = true;
	post(&r, "p2", "two");
	until(&r.y, status_of(&r, "p2") == OUTBOX_DEAD);
	assert_true(str_starts(yard_row(&r.y, "p2").last_error, S("went_plain")));
	r.plaintext = false;
	r.went_back = true;
	post(&r, "p3", "three");
	until(&r.y, status_of(&r, "p3") == OUTBOX_DEAD);
	for (size_t i = 0; i < r.y.n_sends; i++)
		assert_int_equal(json_get_int(r.y.sends[i], S("bodyVersion"), 0), 2);
	yard_end(&r.y);
}

TEST(a_race_that_is_lost_for_ever_is_put_off)
{
	struct room r;

	open_room(&r);
	post(&r, "p1", "one");
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	r.y.mode = YARD_REFUSES;
	r.y.refusals = TOPIC_POST_TRIES;
	r.y.refusal = "'code':'stale_epoch','error':'another was first'";
	post(&r, "p2", "two");
	until(&r.y, yard_row(&r.y, "p2").refusals == 1 || status_of(&r, "p2") == OUTBOX_DONE);
	r.y.mode = YARD_ACKS;
	until(&r.y, status_of(&r, "p2") == OUTBOX_DONE);
	assert_int_equal(yard_row(&r.y, "p2").refusals, 1);
	yard_end(&r.y);
}

TEST(a_session_posts_over_its_own_connection)
{
	struct session *s;
	struct room r;

	open_room(&r);
	s = yard_session(&r.y, TOKEN_A, "session-1");
	until(&r.y, yard_state(&r.y, s->pubkey) == ROUTE_OPEN);
	yard_accept(&r.y, &(struct accept_request){ .to = S("#ops"), .message = S("hi"), .client_message_id = S("p1"),
						     .session = s });
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE);
	assert_str(json_get_str(r.y.guests[r.y.sent_by[0]].hello, S("sessionPubkey")), s->pubkey);
	yard_end(&r.y);
}

/* The first is about keys, the second behind it: neither is the sender's burden afterwards. */
TEST(posts_of_who_is_kicked_in_the_middle_wait_until_it_comes_back)
{
	struct session *s;
	struct room r;

	open_room(&r);
	s = yard_session(&r.y, TOKEN_A, "session-1");
	until(&r.y, yard_state(&r.y, s->pubkey) == ROUTE_OPEN);
	r.y.silent_asks = true;
	for (size_t i = 0; i < 2; i++)
		yard_accept(&r.y, &(struct accept_request){ .to = S("#ops"), .message = S("hi"),
							    .client_message_id = i ? S("p2") : S("p1"), .session = s });
	until(&r.y, r.y.asked && drain_under_way(r.y.d->drain) == 2);
	ws_conn_close(yard_guest(&r.y, "mesh0001", s->pubkey)->conn, CLOSE_KICKED, S("kicked"));
	until(&r.y, yard_state(&r.y, s->pubkey) == ROUTE_CLOSED);
	assert_int_equal(drain_under_way(r.y.d->drain), 0);
	r.y.silent_asks = false;
	meshes_rejoin(r.y.d->meshes, meshes_at(r.y.d->meshes, 0), false);
	until(&r.y, status_of(&r, "p1") == OUTBOX_DONE && status_of(&r, "p2") == OUTBOX_DONE);
	yard_end(&r.y);
}

static const struct {
	const char *to, *text, *id;
	bool plaintext;
} refused[] = {
	{ "#", "x", "p1", false },
	{ "#a b", "x", "p1", false },
	{ "#ops", "\xff", "p1", false },
	{ "#ops", "x", "p|1", false }, /* it cannot be signed */
	{ YARD_BOB, "x", "p1", true },
};

TEST(what_cannot_be_a_post_uses_up_no_id)
{
	struct room r;

	open_room(&r);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct accept_request rq = { .to = str_from(refused[i].to), .message = str_from(refused[i].text),
					     .client_message_id = str_from(refused[i].id),
					     .plaintext = refused[i].plaintext };

		assert_str(yard_accept(&r.y, &rq).word, S("bad_request"));
	}
	post(&r, "p1", "fine");
	yard_end(&r.y);
}

/* The daemon ends while posts are in every stage. */
TEST(an_end_in_the_middle_frees_everything)
{
	struct room r;

	open_room(&r);
	r.y.silent_asks = true;
	post(&r, "p1", "one");
	post(&r, "p2", "two");
	until(&r.y, r.y.asked != NULL);
	yard_end(&r.y);
}

TEST_MAIN("daemon/postbox")
