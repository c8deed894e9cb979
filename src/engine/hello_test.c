#include "engine/harness_test.h"

TEST(a_member_says_hello_and_is_admitted)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice");

	greet(alice, GREETING(0));
	expect(alice, "{'type':'hello_ack','presenceId':'*','memberDisplayName':'alice','memberId':'%s',"
	       "'memberProfile':{'roleTag':null,'groups':[],'messageMode':'push'}}", alice->member_id);
	assert_true(alice->admitted);
	expect_nothing(alice);
}

TEST_MAIN("engine/hello")
