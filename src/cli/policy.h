/*
 * policy.h - may this command run, must it be asked about (client.md 3).
 *
 * What a command does is said in its row (cli.h); what is allowed is said by the mode
 * (--approval-mode, CLAUDEMESH_APPROVAL_MODE) and by policy.yaml, first match first. A deny is
 * final, whatever the mode and --yes say; --yes and mode yolo answer prompts only. A rule with
 * a mesh holds for the mesh that the command will use, named or not. A rule with peers is
 * about the recipient as it was typed, and a refusal also about '*' and groups, which may
 * reach them. A file that cannot be understood refuses every write. Every decision is a line
 * of audit.log.
 */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "cli/cli.h"

enum {
	POLICY_BYTES_MAX = 64 * 1024,
	POLICY_RULES_MAX = 256,
	POLICY_PEERS_MAX = 64,       /* of a rule */
	POLICY_TEXT_MAX = 512,       /* of a value */
	AUDIT_BYTES_MAX = 1 << 20,   /* then audit.log becomes audit.log.1 */
};

enum decision { DECISION_ABSENT, DECISION_ALLOW, DECISION_PROMPT, DECISION_DENY };
static const char *const decision_words[] UNUSED = { "", "allow", "prompt", "deny", NULL };

struct policy_rule {
	str resource, verb;          /* "*": any */
	str mesh;                    /* empty: any */
	const str *peers;
	size_t peers_n;              /* 0: any */
	enum decision decision;
	str reason;
	size_t line;                 /* in the file, from 1 */
};

struct policy {
	enum decision otherwise;     /* where no rule matches */
	const struct policy_rule *rules;
	size_t n;
};

/* One command as rules see it. */
struct policy_call {
	str resource, verb;
	bool is_write;
	str mesh;                    /* slug; empty: none */
	str who;                     /* recipient as typed; empty: none */
	enum approval mode;
};

struct policy_verdict {
	enum decision decision;
	str reason;
	size_t line;                 /* of the rule; 0: the mode or the default */
};

/* The text of policy.yaml as it is made where there is none. */
str policy_default_text(void);
/* YAML, or JSON of the same shape. BAD_REQUEST begins with "line L, column C: ". */
struct err *policy_parse(struct arena *a, str text, struct policy *ret_policy) MUST_CHECK;
struct policy_verdict policy_decide(const struct policy *p, const struct policy_call *call);
/* Does any rule that could decide this call name a mesh? */
bool policy_needs_mesh(const struct policy *p, const struct policy_call *call);
/* Is this a resource that rules may name? */
bool policy_has_resource(str resource);

/* The policy in force and where it lies, without making the file; for who wants to know. */
struct err *policy_load(struct cli *c, struct policy *ret_policy, str *ret_path) MUST_CHECK;
/* Asks the policy about c->command, and the user if it says so; FORBIDDEN if it may not run. */
struct err *policy_gate(struct cli *c) MUST_CHECK;

#endif
