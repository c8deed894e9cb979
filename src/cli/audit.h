/*
 * audit.h - audit.log: what was asked of the policy and what it said, a JSON line each.
 */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli/policy.h"

struct audit_line {
	const struct policy_call *call;
	bool yes;
	str decision, reason;
	str command;          /* its name; never its arguments, which may be secret */
	i64 now_ms;
};

/* Appends to dir/audit.log, made with mode 0600. Over AUDIT_BYTES_MAX it becomes audit.log.1
 * first, in the place of an older one. Several processes may do this at once. */
struct err *audit_add(struct arena *a, str dir, const struct audit_line *line) MUST_CHECK;

#endif
