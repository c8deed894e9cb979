/*
 * policy.c - policy.yaml of somebody: never a crash, and what is accepted decides.
 */
#include "cli/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct policy_call call = { .resource = S("message"), .verb = S("send"), .is_write = true,
				    .mesh = S("work"), .who = S("bob"), .mode = APPROVAL_WRITE };
	struct policy p;

	if (policy_parse(a, str_of(data, size), &p))
		return 0;
	if (!p.otherwise || p.n > POLICY_RULES_MAX || !policy_decide(&p, &call).decision)
		abort();
	call.mode = APPROVAL_READ_ONLY;
	if (policy_decide(&p, &call).decision != DECISION_DENY)
		abort();
	return 0;
}
