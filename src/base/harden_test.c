#include "base/harden.h"

#include <sys/resource.h>

#include "base/test.h"

TEST(no_core_file)
{
	struct rlimit limit;

	harden_process();
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
}

TEST_MAIN("base/harden")
