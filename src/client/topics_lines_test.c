/*
 * topics_lines_test.c - whose word a line is, told by a broker that lies: it moves posts, gives them
 * to others, tells them again, drops signatures and makes posts up.
 */
#include "client/topics.h"

#include "client/test_room.h"
#include "crypto/chain.h"
#include "crypto/post.h"

enum { ALICE, BOB, CAROL, DAVE };

/* Two posts of alice, one of bob which answers the first, one of dave, whom nobody knows. */
static void open_talk(struct room *r)
{
	struct topic_post answer_of_bob = { .topic = S("ops"), .text = S("answer") };
	struct topic_posted out;

	open_room(r);
	r->people[DAVE].is_in = false;
	post(r, ALICE, "question");
	post(r, ALICE, "and another");
	answer_of_bob.reply_to = r->posts[0].id;
	assert_ok(topics_post(&r->people[BOB].topics, &answer_of_bob, &out));
	for (size_t i = 0; i < r->n_posts; i++)
		assert_int_equal(r->posts[i].signature.len, SIGNATURE_HEX_LEN);
	reads(r, CAROL, 2, "answer");
}

static void assert_word(struct room *r, size_t n, const char *text, bool verified)
{
	struct topic_line got = line(r, CAROL, n);

	assert_int_equal(got.proof, POST_SIGNED);
	assert_str(got.text, str_from(text));
	assert_int_equal(got.verified, verified);
	assert_false(got.former);
}

static void assert_forged(struct room *r, size_t n)
{
	struct topic_line got = line(r, CAROL, n);

	assert_int_equal(got.proof, POST_FORGED);
	assert_false(got.readable || got.verified || got.no_key);
	assert_true(str_empty(got.text));
	assert_str(got.why, S(POST_FORGED_TEXT));
}

TEST(what_a_known_member_signed_is_its_word)
{
	struct room r;

	open_talk(&r);
	assert_word(&r, 0, "question", true);
	assert_word(&r, 1, "and another", true);
	assert_word(&r, 2, "answer", true);
	/* One's own too, without any list. */
	assert_true(line(&r, ALICE, 0).verified);
	close_room(&r);
}

TEST(what_a_stranger_signed_is_unverified)
{
	struct room r;

	open_talk(&r);
	r.plaintext = true;
	r.epoch = 0;
	post(&r, DAVE, "hi");
	assert_word(&r, 3, "hi", false);
	close_room(&r);
}

TEST(without_a_signature_it_is_nobodys_in_particular)
{
	struct topic_line got;
	struct room r;

	open_talk(&r);
	r.posts[0].signature = STR_NONE;
	got = line(&r, CAROL, 0);
	assert_int_equal(got.proof, POST_UNSIGNED);
	assert_false(got.verified);
	assert_str(got.text, S("question"));
	/* Text that the broker made up, in alice's name. */
	r.posts[1] = (struct topic_message_args){ .id = r.posts[1].id, .senderPubkey = r.people[ALICE].mesh.pubkey,
						  .nonce = S(""), .ciphertext = S("cGF5IG1l"), .bodyVersion = 1, .seq = 2 };
	got = line(&r, CAROL, 1);
	assert_int_equal(got.proof, POST_UNSIGNED);
	assert_false(got.verified || got.encrypted);
	assert_str(got.text, S("pay me"));
	close_room(&r);
}

/* All that a broker can tell otherwise of one post. */
TEST(a_lie_about_a_signed_post_is_found_out)
{
	struct topic_message_args was;
	struct room r;

	open_talk(&r);
	was = r.posts[2];
	r.posts[2].senderPubkey = r.people[ALICE].mesh.pubkey; /* another author */
	assert_forged(&r, 2);
	r.posts[2] = was;
	r.posts[2].senderMemberPubkey = r.people[CAROL].mesh.pubkey;
	assert_forged(&r, 2);
	r.posts[2] = was;
	r.posts[2].replyToId = r.posts[1].id; /* another thread */
	assert_forged(&r, 2);
	r.posts[2].replyToId = STR_NONE;
	assert_forged(&r, 2);
	r.posts[2].signedReplyTo = r.posts[0].id; /* its parent is gone: no lie */
	assert_word(&r, 2, "answer", true);
	r.posts[2] = was;
	r.posts[2].client_message_id = S("again"); /* told twice, as two */
	assert_forged(&r, 2);
	r.posts[2].client_message_id = STR_NONE;
	assert_forged(&r, 2);
	r.posts[2] = was;
	r.posts[2].epoch = 2;
	assert_forged(&r, 2);
	r.posts[2] = was;
	r.posts[2].ciphertext = r.posts[1].ciphertext; /* another text under the same key */
	r.posts[2].nonce = r.posts[1].nonce;
	assert_forged(&r, 2);
	r.posts[2] = was;
	r.posts[2].bodyVersion = 1;
	r.posts[2].ciphertext = S("cGF5IG1l");
	assert_forged(&r, 2);
	r.posts[2] = was;
	r.posts[2].signature = r.posts[1].signature;
	assert_forged(&r, 2);
	r.posts[2].signature = S("00");
	assert_forged(&r, 2);
	r.posts[2] = was;
	assert_word(&r, 2, "answer", true);
	close_room(&r);
}

TEST(a_post_of_another_topic_or_mesh_is_not_of_this_one)
{
	struct topic_line *lines;
	struct room r;

	open_talk(&r);
	assert_ok(topics_lines(&r.people[CAROL].topics, S("topic002"), &r.posts[0], 1, &lines));
	assert_int_equal(lines[0].proof, POST_FORGED);
	r.people[CAROL].mesh.meshId = S("mesh0002");
	assert_ok(topics_lines(&r.people[CAROL].topics, S("topic001"), &r.posts[0], 1, &lines));
	assert_int_equal(lines[0].proof, POST_FORGED);
	close_room(&r);
}

/* The same post under another id of the broker's: what was signed once is shown once. */
TEST(a_post_that_is_told_twice_is_shown_once)
{
	struct topic_line *lines;
	struct room r;

	open_talk(&r);
	r.posts[3] = r.posts[0];
	r.posts[3].id = S("Post0000000000000000000000000004");
	r.posts[3].seq = 4;
	for (int newest_first = 0; newest_first < 2; newest_first++) {
		struct topic_message_args page[2] = { r.posts[newest_first ? 3 : 0], r.posts[newest_first ? 0 : 3] };

		assert_ok(topics_lines(&r.people[CAROL].topics, S("topic001"), page, 2, &lines));
		assert_str(lines[newest_first].text, S("question"));
		assert_false(lines[!newest_first].readable);
		assert_str(lines[!newest_first].why, S(POST_REPEAT_TEXT));
	}
	/* Twice in an answer under one id it is one post. */
	assert_false(post_repeats(&r.posts[0], &r.posts[0]));
	assert_false(post_repeats(&r.posts[0], &r.posts[1]));
	close_room(&r);
}

/* ---- who left ---- */

/* A member whose chain holds from alice's key, which is the owner's for once. */
static struct member_args member_with_chain(struct room *r, const struct sign_pair *member, const char *role)
{
	struct sign_pair owner = test_pair(1), invite_pair = test_pair(9);
	struct member_args m = { .memberId = S("gone"), .pubkey = sign_pair_pubkey(r->arena, member),
				 .role = str_from(role), .displayName = S("erin") };
	struct chain_invite invite = { S("mesh0001"), S("invite1"), sign_pair_pubkey(r->arena, &invite_pair),
				       S("member"), 5, 1 };
	struct chain_claim claim = { S("mesh0001"), S("invite1"), m.pubkey, S("x") };

	m.chain = (struct chain_args){ .present = true, .inviteId = S("invite1"), .role = S("member"), .expiresAt = 5,
				       .maxUses = 1, .x25519 = S("x"), .invitePubkey = invite.invite_pubkey };
	assert_ok(chain_invite_sign(r->arena, &invite, &owner, &m.chain.ownerSignature));
	assert_ok(chain_claim_sign(r->arena, &claim, &invite_pair, &m.chain.claimSignature));
	return m;
}

TEST(who_left_signed_what_it_wrote)
{
	struct topic_history_args in = { .topic = S("ops") };
	struct topic_history_response_args page;
	struct sign_pair erin = test_pair(7);
	struct post_claim claim = { S("mesh0001"), S("topic001"), 0, 1, S("e1"), STR_NONE, S(""), S("aGk=") };
	struct topics *carol;
	struct topic_line *lines;
	struct member_args gone;
	struct room r;
	str signature;

	open_talk(&r);
	carol = &r.people[CAROL].topics;
	gone = member_with_chain(&r, &erin, "member");
	assert_ok(post_sign(r.arena, &claim, &erin, &signature));
	r.posts[r.n_posts++] = (struct topic_message_args){
		.id = S("Post0000000000000000000000000009"), .senderMemberId = gone.memberId, .senderPubkey = gone.pubkey,
		.nonce = S(""), .ciphertext = S("aGk="), .bodyVersion = 1, .client_message_id = S("e1"),
		.signature = signature, .seq = 9 };
	carol->keys.owner_pubkey = r.people[ALICE].mesh.pubkey;
	assert_ok(topics_history(carol, &in, &page, &lines));
	assert_true(lines[3].proof == POST_SIGNED && !lines[3].verified);
	r.authors = (struct member_list){ &gone, 1, true };
	assert_ok(topics_history(carol, &in, &page, &lines));
	assert_true(lines[3].verified && lines[3].former);
	assert_true(lines[0].verified && !lines[0].former);
	/* A chain for another role, or another owner's, is none. What it was made later is the broker's word. */
	gone.chain.role = S("admin");
	assert_ok(topics_history(carol, &in, &page, &lines));
	assert_false(lines[3].verified || lines[3].former);
	gone.chain.role = S("member");
	gone.role = S("admin");
	assert_ok(topics_history(carol, &in, &page, &lines));
	assert_true(lines[3].verified && lines[3].former);
	gone.role = S("member");
	carol->keys.owner_pubkey = r.people[BOB].mesh.pubkey;
	assert_ok(topics_history(carol, &in, &page, &lines));
	assert_false(lines[3].verified);
	close_room(&r);
}

/* ---- what is asked for it ---- */

TEST(the_list_of_members_is_asked_for_once_and_not_for_what_is_unsigned)
{
	struct room r;
	int before;

	open_talk(&r);
	r.posts[0].signature = STR_NONE;
	(void)line(&r, BOB, 0);
	before = r.asked_peers;
	r.people[BOB].topics.listed = false;
	(void)line(&r, BOB, 0);
	assert_int_equal(r.asked_peers, before);
	for (int i = 0; i < 3; i++) {
		r.people[BOB].topics.listed = false;
		assert_true(line(&r, BOB, 1).verified);
		assert_true(line(&r, BOB, 2).verified);
	}
	assert_int_equal(r.asked_peers, before + 1);
	close_room(&r);
}

TEST(an_id_that_cannot_be_signed_is_refused)
{
	struct topic_post in = { .topic = S("ops"), .text = S("x"), .client_message_id = S("a|b") };
	struct topic_posted out;
	struct room r;

	open_talk(&r);
	assert_err(topics_post(&r.people[ALICE].topics, &in, &out), BAD_REQUEST);
	assert_int_equal(r.n_posts, 3);
	close_room(&r);
}

TEST_MAIN("client/topics_lines")
