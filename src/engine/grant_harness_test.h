/*
 * grant_harness_test.h - what the tests of grants have in common. Only they include this.
 */
#ifndef ENGINE_GRANT_HARNESS_TEST_H
#define ENGINE_GRANT_HARNESS_TEST_H

#include "engine/grant.h"
#include "engine/harness_test.h"

/* p says what a key may do to it: "['dm']", "[]", "null". */
static inline void grant(struct peer *p, const char *key, const char *caps)
{
	forget(p);
	say(p, "{'type':'grants_set','grants':{'%s':%s},'_reqId':'g'}", key, caps);
	expect(p, "{'type':'grants','_reqId':'g'}");
}

static inline void expect_dropped(struct peer *p, const struct peer *by, i64 dm, i64 broadcast)
{
	struct grant *g;

	HASH_FIND(hh, member_of(p)->grants, by->pubkey, 64, g);
	assert_non_null(g);
	assert_int_equal(g->dropped_dm, dm);
	assert_int_equal(g->dropped_broadcast, broadcast);
}

#endif
