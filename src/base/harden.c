#include "base/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* A leak checker stops the process to look into it. */
#if defined(__SANITIZE_ADDRESS__)
#define LOOKED_INTO 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOOKED_INTO 1
#endif
#endif

void harden_process(void)
{
	struct rlimit limit;

	/* Whom we start may want its own: the hard limit stays. */
	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
#ifndef LOOKED_INTO
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
