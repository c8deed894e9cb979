#include "client/peer_reach.h"

#include "base/test.h"

static const struct {
	struct peer_args peer;
	enum reach want;
} cases[] = {
	/* The broker's word. */
	{ { .reach = S("now"), .status = S("dnd") }, REACH_NOW },
	{ { .reach = S("next_turn"), .status = S("idle") }, REACH_NEXT_TURN },
	{ { .reach = S("poll"), .peerRole = S("session"), .status = S("idle") }, REACH_POLL },
	{ { .reach = S("not"), .status = S("idle") }, REACH_NOT },
	/* A broker of the reference has none, and a later one perhaps another. */
	{ { .peerRole = S("session"), .channel = S("claudemesh-session"), .status = S("idle") }, REACH_NOW },
	{ { .peerRole = S("session"), .status = S("working") }, REACH_NEXT_TURN },
	{ { .peerRole = S("session"), .status = S("dnd") }, REACH_NOT },
	{ { .peerRole = S("control-plane"), .channel = S("claudemesh-daemon"), .status = S("idle") }, REACH_POLL },
	{ { .peerRole = S("control-plane"), .sessionId = S("daemon-4711"), .status = S("idle") }, REACH_POLL },
	{ { .peerRole = S("session"), .sessionId = S("daemon-4711"), .status = S("idle") }, REACH_NOW },
	{ { .channel = S("sdk"), .status = S("idle") }, REACH_NOW },
	{ { .reach = S("by pigeon"), .status = S("dnd") }, REACH_NOT },
	{ { .status = S("asleep") }, REACH_NOW },
	{ { .pubkey = S("k") }, REACH_NOW },
};

TEST(a_row_says_it_or_its_kind_and_status_do)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %zu\n", i);
		assert_int_equal(peer_reach(&cases[i].peer), cases[i].want);
	}
}

TEST(people_read_two_words)
{
	assert_str(reach_text(S("next_turn")), S("next turn"));
	assert_str(reach_text(S("now")), S("now"));
}

TEST_MAIN("client/peer-reach")
