#include "base/harden.h"

#include <sys/resource.h>

#include "base/test.h"

TEST(no_core_file)
{
	struct rlimit before, after;

	assert_int_equal(getrlimit(RLIMIT_CORE, &before), 0);
	harden_process();
	assert_int_equal(getrlimit(RLIMIT_CORE, &after), 0);
	assert_int_equal(after.rlim_cur, 0);
	assert_int_equal(after.rlim_max, before.rlim_max);
}

TEST_MAIN("base/harden")
