#include "client/link.h"

#include "client/test_scene.h"
#include "proto/peer.h"

static str hello_field(const struct scene *s, const char *name)
{
	return json_get_str(s->hello, str_from(name));
}

static struct hello_claim claimed(struct scene *s)
{
	return (struct hello_claim){
		.mesh_id = hello_field(s, "meshId"),
		.member_id = hello_field(s, "memberId"),
		.pubkey = hello_field(s, "pubkey"),
		.session_pubkey = hello_field(s, "sessionPubkey"),
		.session_id = hello_field(s, "sessionId"),
		.challenge = S(TEST_CHALLENGE),
		.timestamp_ms = json_get_int(s->hello, S("timestamp"), 0),
	};
}

TEST(a_broker_with_a_challenge_gets_hello_2)
{
	struct scene s = { 0 };
	struct hello_claim c;

	scene_start(&s);
	s.spec.no_delivery = true;
	scene_greeted(&s);
	c = claimed(&s);
	assert_int_equal(json_get_int(s.hello, S("helloVersion"), 0), 2);
	assert_true(hello_v2_check(s.arena, &c, hello_field(&s, "signature")));
	assert_true(str_empty(c.session_pubkey));
	assert_str(json_get(s.hello, S("capabilities"))->raw,
		   S("[\"client_ack\",\"no_delivery\"]"));
	assert_true(json_get(s.hello, S("cwd")) != NULL);
	assert_false(str_empty(c.session_id));
	assert_true(link_has_challenge(s.link));
	assert_true(link_has_feature(s.link, S("members")));
	assert_false(link_has_feature(s.link, S("other")));
	scene_end(&s);
}

TEST(a_reference_broker_gets_hello_1)
{
	struct scene s = { 0 };
	struct hello_claim c;

	scene_start(&s);
	s.challenge = NULL;
	scene_greeted(&s);
	c = claimed(&s);
	assert_null(json_get(s.hello, S("helloVersion")));
	assert_true(hello_v1_check(s.arena, &c, hello_field(&s, "signature")));
	assert_false(link_has_challenge(s.link));
	scene_end(&s);
}

TEST(a_session_is_vouched_for_by_the_member)
{
	struct scene s = { 0 };
	const struct json *vouch;
	struct hello_claim c;
	struct attestation t;
	struct session_claim old;

	for (int version = 1; version <= 2; version++) {
		s = (struct scene){ 0 };
		scene_start(&s);
		s.spec.is_session = true;
		s.challenge = version == 2 ? TEST_CHALLENGE : NULL;
		scene_greeted(&s);
		assert_str(hello_field(&s, "type"), S("session_hello"));
		assert_str(hello_field(&s, "sessionPubkey"), link_own_pubkey(s.link));
		vouch = json_get(s.hello, S("parentAttestation"));
		t = (struct attestation){ hello_field(&s, "parentMemberPubkey"),
					  hello_field(&s, "sessionPubkey"),
					  json_get_int(vouch, S("expiresAt"), 0) };
		assert_true(attestation_check(s.arena, &t, json_get_str(vouch, S("signature"))));
		assert_str(t.parent_pubkey, sign_pair_pubkey(s.arena, &s.member));
		assert_in_range(t.expires_ms - clock_ms(&clock_real), 11 * 3600000, 12 * 3600000);
		c = claimed(&s);
		c.member_id = hello_field(&s, "parentMemberId");
		c.pubkey = t.parent_pubkey;
		old = (struct session_claim){ c.mesh_id, c.pubkey, c.session_pubkey,
					      c.timestamp_ms };
		if (version == 2) {
			str text;

			assert_ok(hello_v2_text(s.arena, &c, &text));
			assert_true(sign_check_hex(text, hello_field(&s, "signature"),
						   c.session_pubkey));
		} else {
			assert_true(
				session_hello_check(s.arena, &old, hello_field(&s, "signature")));
		}
		scene_end(&s);
	}
}

TEST(a_broker_that_knew_hello_2_must_not_forget_it)
{
	for (int patient = 0; patient < 2; patient++) {
		struct scene s = { 0 };

		scene_start(&s);
		s.challenge = NULL;
		s.spec.hello2_known = s.spec.reconnect = true;
		s.spec.patient = patient;
		scene_link(&s);
		until(&s, s.downs);
		assert_int_equal(s.down_code, ERR_UNAUTHORIZED);
		assert_str(s.down_word, S("downgrade"));
		assert_int_equal(s.retry_ms >= 0, patient);
		assert_null(s.hello);
		assert_int_equal(s.ready, 0);
		scene_end(&s);
	}
}

TEST(hello_2_is_remembered_over_a_reconnect)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.reconnect = true;
	s.spec.random = &scene_random;
	scene_greeted(&s);
	s.challenge = NULL;
	ws_conn_abort(s.guest);
	until(&s, s.downs == 2);
	assert_str(s.down_word, S("downgrade"));
	scene_end(&s);
}

TEST(a_challenge_that_is_none_is_not_signed)
{
	static const char *const bad[] = { "x", "AAEC", TEST_CHALLENGE "AAAA",
					   "|||CAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct scene s = { 0 };

		scene_start(&s);
		s.challenge = bad[i];
		scene_link(&s);
		until(&s, s.downs);
		assert_str(s.down_word, S("bad_challenge"));
		assert_null(s.hello);
		scene_end(&s);
	}
}

TEST(no_answer_to_the_hello_ends_the_attempt)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.greeting = NULL;
	s.spec.hello_ms = 30;
	scene_link(&s);
	until(&s, s.downs);
	assert_int_equal(s.down_code, ERR_TIMEOUT);
	assert_int_equal(s.ready, 0);
	scene_end(&s);
}

/* How a broker may refuse a hello, and whether we come back. */
static const struct {
	const char *greeting;
	int close;
	const char *reason;
	bool final;
	enum err_code code;
	const char *word, *says;
} refusals[] = {
	{ "{'type':'error','code':'unauthorized','message':'pubkey not found in mesh'}", 1008,
	  "unauthorized", true, ERR_UNAUTHORIZED, "unauthorized",
	  "pubkey not found in mesh; you are not in this mesh" },
	{ "{'type':'error','code':'revoked','message':'You\u2019ve been removed from Team.'}", 4002,
	  "banned", true, ERR_UNAUTHORIZED, "revoked", "been removed from Team." },
	{ "{'type':'error','code':'malformed','message':'hello rejected: malformed'}", 1008,
	  "malformed", true, ERR_UNAUTHORIZED, "malformed", "rejected" },
	{ "{'type':'error','code':'unknown_message_type','message':'no sessions here'}", 0, "",
	  true, ERR_UNAUTHORIZED, "unknown_message_type", "no sessions" },
	{ "{'type':'error','code':'capacity','message':'mesh at connection capacity'}", 1008,
	  "capacity", false, ERR_TRY_AGAIN, "capacity", "try again later" },
	{ "{'type':'error','code':'timestamp_skew','message':'hello rejected: timestamp_skew'}",
	  1008, "timestamp_skew", false, ERR_UNAUTHORIZED, "timestamp_skew", "set the clock" },
	{ "{'type':'error','code':'ttl_too_long','message':'attestation rejected: ttl_too_long'}",
	  1008, "ttl_too_long", false, ERR_UNAUTHORIZED, "ttl_too_long", "set the clock" },
	{ "{'type':'error','code':'expired','message':'attestation rejected: expired'}",
	  1008, "expired", false, ERR_UNAUTHORIZED, "expired", "set the clock" },
	{ "", 1008, "unauthorized", true, ERR_UNAUTHORIZED, "unauthorized",
	  "you are not in this mesh" },
	{ "", 1008, "", false, ERR_UNAUTHORIZED, "unauthorized", "refused" },
	{ "", 4001, "kicked", true, ERR_REFUSED, "kicked", "Kicked from this mesh. Run claudemesh to rejoin." },
	{ "", 4001, "kicked_stale", true, ERR_REFUSED, "kicked", "Kicked from this mesh. Run claudemesh to rejoin." },
	{ "", 4002, "banned", true, ERR_REFUSED, "banned", "You've been removed from this mesh." },
	{ "", 4002, "see you in court", true, ERR_REFUSED, "banned", "see you in court" },
	{ "", 1001, "shutting down", false, ERR_NETWORK, "network", "shutting down (1001)" },
	{ "{'type':'error','code':'\\u001b[2J','message':'\\u001b]0;x\\u0007'}", 0, "", false,
	  ERR_UNAUTHORIZED, "?[2J", "?]0;x?" },
};

TEST(refusals_are_final_or_not_and_say_why)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct scene s = { 0 };

		scene_start(&s);
		s.spec.reconnect = true;
		s.greeting = refusals[i].greeting;
		s.close_code = refusals[i].close;
		s.close_reason = refusals[i].reason;
		scene_link(&s);
		until(&s, s.downs);
		if ((s.retry_ms < 0) != refusals[i].final || s.down_code != refusals[i].code)
			print_error("case %zu: %.*s\n", i, STRF(s.down_text));
		assert_int_equal(s.retry_ms < 0, refusals[i].final);
		assert_int_equal(s.down_code, refusals[i].code);
		if (refusals[i].code != ERR_UNAUTHORIZED || *refusals[i].reason)
			assert_str(s.down_word, str_from(refusals[i].word));
		assert_true(str_contains(s.down_text, str_from(refusals[i].says)));
		assert_int_equal(s.ready, 0);
		scene_end(&s);
	}
}

TEST(a_ban_during_the_connection_shows_the_text_that_came_before)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.reconnect = true;
	scene_greeted(&s);
	scene_say(&s, "{'type':'error','code':'revoked','message':'removed by alice'}");
	ws_conn_close(s.guest, 4002, S("banned"));
	until(&s, s.downs);
	assert_int_equal(s.retry_ms, -1);
	assert_true(str_contains(s.down_text, S("removed by alice")));
	scene_end(&s);
}

TEST(a_lost_connection_comes_back_and_one_shots_do_not)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.reconnect = true;
	s.spec.random = &scene_random;
	scene_greeted(&s);
	ws_conn_abort(s.guest);
	until(&s, s.ready == 2);
	assert_int_equal(s.downs, 1);
	assert_int_equal(s.conns, 2);
	scene_end(&s);

	s = (struct scene){ 0 };
	scene_start(&s);
	scene_greeted(&s);
	ws_conn_abort(s.guest);
	until(&s, s.downs);
	assert_int_equal(s.retry_ms, -1);
	assert_int_equal(s.down_code, ERR_NETWORK);
	scene_end(&s);
}

TEST(a_broker_that_is_away_is_named_and_tried_again)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.url = S("ws://127.0.0.1:1/ws");
	s.spec.reconnect = true;
	scene_link(&s);
	until(&s, s.downs);
	assert_int_equal(s.down_code, ERR_NETWORK);
	assert_true(str_contains(s.down_text, S("cannot reach the broker at ws://127.0.0.1:1/ws")));
	assert_in_range(s.retry_ms, 0, 999);
	scene_end(&s);
}

TEST(an_address_that_is_no_broker_is_named)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.url = arena_printf(s.arena, "ws://127.0.0.1:%d/other", server_port(s.sv));
	scene_link(&s);
	until(&s, s.downs);
	assert_true(str_contains(s.down_text, S("is it a claudemesh broker?")));
	scene_end(&s);
}

TEST(closing_says_goodbye)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	assert_true(link_tell(s.link, "set_summary", NULL, NULL));
	link_close(s.link);
	until(&s, s.downs);
	assert_int_equal(s.down_code, ERR_CANCELLED);
	until(&s, !s.guest);
	assert_int_equal(s.n_said, 1);
	assert_false(link_tell(s.link, "set_summary", NULL, NULL));
	scene_end(&s);
}

TEST(the_owner_may_free_the_link_anywhere)
{
	for (int i = 0; i < 4; i++) {
		struct scene s = { 0 };

		scene_start(&s);
		s.free_when_ready = i == 0;
		s.free_when_down = i == 1;
		s.free_in_message = i == 2;
		s.free_in_reply = i == 3;
		scene_greeted(&s);
		if (i == 1)
			ws_conn_abort(s.guest);
		if (i == 2)
			scene_say(
				&s,
				"{'type':'push','messageId':'m1','meshId':'x','senderPubkey':'a','priority':'now',"
				"'nonce':'','ciphertext':'','createdAt':'','targetSpec':'*'}");
		if (i == 3) {
			link_request(s.link, "list_peers", list_peers_fields,
				     &(struct list_peers_args){ 0 }, 1, scene_on_reply, &s);
			link_request(s.link, "list_peers", list_peers_fields,
				     &(struct list_peers_args){ 0 }, 1, scene_on_reply, &s);
		}
		until(&s, !s.link);
		until(&s, !s.guest);
		assert_true(s.replies <= 1);
		scene_end(&s);
	}
}

TEST(a_session_link_carries_the_key_groups_role_and_channel_it_was_given)
{
	struct group_args groups[] = { { S("reviewers"), S("lead") }, { S("ops"), STR_NONE } };
	struct sign_pair session = test_pair(9);
	const struct json *sent;
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.is_session = true;
	s.spec.session = &session;
	s.spec.channel = S("claudemesh-session");
	s.spec.peer_type = S("ai");
	s.spec.role = S("tester");
	s.spec.pid = 4711;
	s.spec.groups = (struct group_list){ groups, 2, true };
	scene_link(&s);
	memset(groups, 0, sizeof(groups));
	until(&s, s.ready == 1);
	assert_str(json_get_str(s.hello, S("sessionPubkey")), sign_pair_pubkey(s.arena, &session));
	assert_str(json_get_str(s.hello, S("channel")), S("claudemesh-session"));
	assert_str(json_get_str(s.hello, S("peerType")), S("ai"));
	assert_str(json_get_str(s.hello, S("role")), S("tester"));
	assert_int_equal(json_get_int(s.hello, S("pid"), 0), 4711);
	sent = json_get(s.hello, S("groups"));
	assert_int_equal(sent->count, 2);
	assert_str(json_get_str(sent->first, S("name")), S("reviewers"));
	assert_str(json_get_str(sent->first, S("role")), S("lead"));
	assert_str(json_get_str(sent->first->next, S("name")), S("ops"));
	scene_end(&s);
}

static str last_reach(const struct scene *s)
{
	const struct json *m = s->n_said ? s->said[s->n_said - 1] : NULL;

	return m && str_eq(json_get_str(m, S("type")), S("set_reach")) ? json_get_str(m, S("reach")) : S("");
}

TEST(a_broker_that_shows_it_is_told_how_soon_one_hears)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.greeting = "{'type':'hello_ack','presenceId':'p','memberDisplayName':'Me','memberProfile':"
		     "{'roleTag':null,'groups':[],'messageMode':'push'},'features':['reach']}";
	s.spec.reach = REACH_POLL;
	s.spec.reconnect = true;
	s.spec.random = &scene_random;
	scene_link(&s);
	/* Changed while the hello is under way. */
	until(&s, s.hello);
	assert_str(json_get_str(s.hello, S("reach")), S("poll"));
	link_set_reach(s.link, REACH_NEXT_TURN);
	until(&s, str_eq(last_reach(&s), S("next_turn")));
	link_set_reach(s.link, REACH_NOW);
	until(&s, str_eq(last_reach(&s), S("now")));
	ws_conn_abort(s.guest);
	until(&s, s.ready == 2);
	assert_str(json_get_str(s.hello, S("reach")), S("now"));
	assert_int_equal(s.n_said, 2);
	scene_end(&s);
}

TEST(a_broker_that_does_not_is_not)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	link_set_reach(s.link, REACH_NOW);
	for (int i = 0; i < 5; i++)
		loop_turn(s.loop, 10);
	assert_int_equal(s.n_said, 0);
	scene_end(&s);
}

TEST(a_restart_connects_anew_at_once)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.reconnect = true;
	scene_greeted(&s);
	link_restart(s.link);
	until(&s, s.ready == 2);
	assert_int_equal(s.downs, 1);
	assert_int_equal(s.conns, 2);
	scene_end(&s);
}

TEST(a_restart_does_not_wait_for_the_next_attempt)
{
	struct scene s = { 0 };

	scene_start(&s);
	s.spec.reconnect = true;
	s.challenge = "nonsense";
	scene_link(&s);
	until(&s, s.downs == 1);
	s.challenge = TEST_CHALLENGE;
	link_restart(s.link);
	until(&s, s.ready == 1);
	link_close(s.link);
	until(&s, s.downs >= 2 && s.retry_ms == -1);
	link_restart(s.link);
	loop_turn(s.loop, 0);
	loop_turn(s.loop, 0);
	assert_false(link_is_ready(s.link));
	scene_end(&s);
}

TEST_MAIN("client/link")
