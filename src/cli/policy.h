/*
 * policy.h - may this command run, must it be asked about (client.md 3).
 *
 * What a command does is said in its row (cli.h); what is allowed is said by the mode
 * (--approval-mode, CLAUDEMESH_APPROVAL_MODE) and by policy.yaml, first match first. A deny is
 * final, whatever the mode and --yes say; --yes and mode yolo answer prompts only. A rule with
 * a mesh holds for the mesh that the command will use, named or not. A rule with peers names
 * them by name or public key, however the recipient was typed; a refusal is also about '*' and
 * groups and topics, which may reach them, and about any session of a member. A file that
 * cannot be understood refuses every write. Every decision is a line of audit.log.
 */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "cli/cli.h"
#include "proto/peer.h"

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
	const str *called;           /* who's member: its key and name, then those of its sessions */
	size_t called_n;
	size_t sure_n;               /* the first so many are the member's own: others do not allow */
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
/* Is a rule that could decide this call about peers, and does one have to know who it is? */
bool policy_needs_peers(const struct policy *p, const struct policy_call *call);
/* Fills `called` from who is there. A name or key that nobody has leaves it empty. */
void policy_call_peer(struct arena *a, struct policy_call *call, const struct peers_list_args *list);
/* Is this a resource that rules may name? */
bool policy_has_resource(str resource);

/* The policy in force and where it lies, without making the file; for who wants to know. */
struct err *policy_load(struct cli *c, struct policy *ret_policy, str *ret_path) MUST_CHECK;
/* Asks the policy about c->command, and the user if it says so; FORBIDDEN if it may not run. */
struct err *policy_gate(struct cli *c) MUST_CHECK;

/* Something that is done, where it is not simply c->command. */
struct policy_request {
	str resource, verb;
	bool is_write;
	str mesh;                    /* slug; empty: --mesh, or the one that is meant */
	str who;                     /* recipient as typed; empty: none */
	str command;                 /* for audit.log */
	bool unasked;                /* nobody can be asked, whatever the terminal */
	/* Who is there, for rules about peers; NULL: they are asked for. With ret_needs_peers
	 * they are not: it is set, and the same is to be asked again with a list. */
	const struct peers_list_args *peers;
	bool *ret_needs_peers;
};
struct err *policy_ask(struct cli *c, const struct policy_request *rq) MUST_CHECK;
/* policy_peers.c: who is there in the mesh with that slug, in all if empty. */
struct err *policy_peers(struct cli *c, str mesh, struct peers_list_args *ret_list) MUST_CHECK;

#endif
