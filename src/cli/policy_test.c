#include "cli/policy.h"
#include "base/test.h"
#include "cli/audit.h"
#include "cli/commands.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

static const char rules[] =
	"# top\n"
	"default: allow\n"
	"rules:\n"
	"  - resource: message   # a remark\n"
	"    verb: send\n"
	"    mesh: \"work\"\n"
	"    decision: deny\n"
	"    reason: 'no # is a remark in quotes'\n"
	"  - { resource: message, verb: send, peers: [bob, 8a88e3dd], decision: prompt, reason: ask }\n"
	"  - resource: mesh\n"
	"    verb: '*'\n"
	"    decision: deny\n"
	"  - {resource: message, verb: listen, peers: eve, decision: allow}\n";

static struct policy parsed(struct arena *a, const char *text)
{
	struct policy p = { 0 };

	assert_ok(policy_parse(a, str_from(text), &p));
	return p;
}

TEST(rules_are_read)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct policy p = parsed(a, rules);

	assert_int_equal(p.otherwise, DECISION_ALLOW);
	assert_int_equal(p.n, 4);
	assert_str(p.rules[0].mesh, S("work"));
	assert_str(p.rules[0].reason, S("no # is a remark in quotes"));
	assert_int_equal(p.rules[0].line, 4);
	assert_int_equal(p.rules[1].peers_n, 2);
	assert_int_equal(p.rules[1].line, 9);
	assert_int_equal(p.rules[3].peers_n, 1);
}

TEST(json_of_the_same_shape)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct policy p = parsed(a, "{\n\t\"default\":\"deny\",\n\t\"rules\":[{\"resource\":\"peer\",\"verb\":\"list\","
				    "\"decision\":\"allow\",\"reason\":\"a\\/b \\u00e9\"}]\n}\n");

	assert_int_equal(p.otherwise, DECISION_DENY);
	assert_str(p.rules[0].reason, S("a/b \xc3\xa9"));
	assert_int_equal(p.rules[0].line, 3);
}

TEST(the_default_file_is_what_the_reference_asks_about)
{
	static const char *const asked[][2] = {
		{ "peer", "kick" },	{ "peer", "ban" },     { "peer", "disconnect" }, { "file", "delete" },
		{ "vector", "delete" }, { "vault", "delete" }, { "memory", "forget" },	 { "skill", "remove" },
		{ "webhook", "delete" },{ "watch", "remove" }, { "sql", "execute" },	 { "graph", "execute" },
		{ "mesh", "delete" },	{ "apikey", "create" },{ "apikey", "revoke" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct policy p;

	assert_ok(policy_parse(a, policy_default_text(), &p));
	assert_int_equal(p.n, ARRAY_LEN(asked));
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct policy_call call = { .resource = str_from(asked[i][0]), .verb = str_from(asked[i][1]),
					    .is_write = true, .mode = APPROVAL_WRITE };

		assert_int_equal(policy_decide(&p, &call).decision, DECISION_PROMPT);
	}
	assert_int_equal(policy_decide(&p, &(struct policy_call){ .resource = S("message"), .verb = S("send"),
								  .is_write = true, .mode = APPROVAL_WRITE })
				 .decision,
			 DECISION_ALLOW);
}

/* What is wrong, and where. */
static const struct {
	const char *text, *says;
} broken[] = {
	{ "", "line 1, column 1: 'default:' or 'rules:' is expected" },
	{ "# only a remark\n", "is expected" },
	{ "allow\n", "line 1, column 1: 'default:'" },
	{ "- a\n", "line 1, column 1: 'default:'" },
	{ "rules: []\n", "'default:' is missing" },
	{ "default: alow\n", "line 1, column 10: there is no decision 'alow'; did you mean 'allow'?" },
	{ "defualt: allow\n", "line 1, column 1: there is no key 'defualt'; did you mean 'default'?" },
	{ "default: allow\ndefault: deny\n", "line 2, column 1: 'default' stands here twice" },
	{ "default: allow\nrules: deny\n", "line 2, column 8: a list of rules is expected" },
	{ "default: allow\nrules:\n  - deny\n", "line 3, column 5: a rule" },
	{ "default: allow\nrules:\n  - resource: peer\n    verb: list\n", "line 3, column 5: a rule needs" },
	{ "default: allow\nrules:\n  - {resource: per, verb: list, decision: deny}\n",
	  "line 3, column 16: there is no resource 'per'" },
	{ "default: allow\nrules:\n  - {resource: peer, verb: list, decison: deny}\n",
	  "line 3, column 34: there is no key 'decison'; did you mean 'decision'?" },
	{ "default: allow\nrules:\n  - {resource: peer, verb: list, decision: deny, peers: []}\n",
	  "the list of peers is empty" },
	{ "default: allow\nrules:\n  - {resource: peer, verb: list, decision: deny, mesh: ''}\n", "slug" },
	{ "default: allow\nrules:\n  - {resource: peer, verb: [list], decision: deny}\n", "a verb is expected" },
	{ "default: &x allow\n", "anchors and tags" },
	{ "default: !!str allow\n", "anchors and tags" },
	{ "default: allow\nrules: *x\n", "aliases are not taken" },
	{ "default: allow\n---\ndefault: deny\n", "the end of the file is expected" },
	{ "default: allow\nrules:\n - a: b\n  c: d\n", "line 3" },
	{ "default: \"allow\n", "line 2, column 1" },
	{ "{\"default\":\"allow\",}x", "line 1, column 21" },
	{ "default: allow\nrules:\n\t- {}\n", "line 3, column 1" },
	{ "default: \x01\n", "control characters" },
	{ "default: \xff\n", "UTF-8" },
};

TEST(a_broken_file_says_where)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct policy p;
		struct err *e = policy_parse(a, str_from(broken[i].text), &p);

		assert_err(e, BAD_REQUEST);
		if (!str_contains(e->text, str_from(broken[i].says)))
			print_error("%s: %.*s\n", broken[i].text, STRF(e->text));
		assert_true(str_starts(e->text, S("line ")));
		assert_true(str_contains(e->text, str_from(broken[i].says)));
	}
}

TEST(a_file_has_bounds)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf b = buf_make(1 << 20);
	struct policy p;

	buf_add(&b, S("default: allow\nrules:\n"));
	for (int i = 0; i <= POLICY_RULES_MAX; i++)
		buf_add(&b, S("- {resource: peer, verb: list, decision: deny}\n"));
	assert_err(policy_parse(a, buf_str(&b), &p), BAD_REQUEST);
	buf_clear(&b);
	while (b.len <= POLICY_BYTES_MAX)
		buf_add(&b, S("# nothing\n"));
	assert_err(policy_parse(a, buf_str(&b), &p), BAD_REQUEST);
	/* Deep nesting is left at the first step. */
	buf_clear(&b);
	while (b.len < POLICY_BYTES_MAX - 1)
		buf_add(&b, S("["));
	assert_err(policy_parse(a, buf_str(&b), &p), BAD_REQUEST);
}

static const struct {
	const char *resource, *verb, *mesh, *who;
	bool is_write;
	enum approval mode;
	enum decision decision;
	size_t line;
} calls[] = {
	{ "message", "send", "home", "alice", true, APPROVAL_WRITE, DECISION_ALLOW, 0 },
	{ "message", "send", "work", "alice", true, APPROVAL_WRITE, DECISION_DENY, 4 },
	/* A deny is final, whatever the mode (client.md 15.1, 8). */
	{ "message", "send", "work", "alice", true, APPROVAL_YOLO, DECISION_DENY, 4 },
	/* A rule of another mesh does not hold where none is named. */
	{ "message", "send", "", "alice", true, APPROVAL_WRITE, DECISION_ALLOW, 0 },
	{ "message", "send", "home", "BOB", true, APPROVAL_WRITE, DECISION_PROMPT, 9 },
	{ "message", "send", "home", " bob ", true, APPROVAL_WRITE, DECISION_PROMPT, 9 },
	{ "message", "send", "home", KEY, true, APPROVAL_WRITE, DECISION_PROMPT, 9 },
	{ "message", "send", "home", "8A88E3DD7409", true, APPROVAL_WRITE, DECISION_PROMPT, 9 },
	{ "message", "send", "home", "8a88", true, APPROVAL_WRITE, DECISION_ALLOW, 0 },
	{ "message", "send", "home", "*", true, APPROVAL_WRITE, DECISION_PROMPT, 9 },
	{ "message", "send", "home", "@dev", true, APPROVAL_WRITE, DECISION_PROMPT, 9 },
	{ "mesh", "leave", "home", "", true, APPROVAL_WRITE, DECISION_DENY, 10 },
	{ "message", "listen", "home", "*", false, APPROVAL_WRITE, DECISION_ALLOW, 0 },
	{ "message", "send", "home", "alice", true, APPROVAL_READ_ONLY, DECISION_DENY, 0 },
	{ "message", "send", "home", "alice", true, APPROVAL_PLAN, DECISION_DENY, 0 },
	{ "peer", "list", "home", "", false, APPROVAL_READ_ONLY, DECISION_ALLOW, 0 },
	{ "peer", "list", "home", "", false, APPROVAL_PLAN, DECISION_ALLOW, 0 },
};

TEST(the_first_rule_that_matches_decides)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct policy p = parsed(a, rules);

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct policy_call call = { str_from(calls[i].resource), str_from(calls[i].verb), calls[i].is_write,
					    str_from(calls[i].mesh),	 str_from(calls[i].who),  calls[i].mode };
		struct policy_verdict v = policy_decide(&p, &call);

		if (v.decision != calls[i].decision)
			print_error("case %zu\n", i);
		assert_int_equal(v.decision, calls[i].decision);
		assert_int_equal(v.line, calls[i].line);
	}
	assert_true(policy_needs_mesh(&p, &(struct policy_call){ .resource = S("message"), .verb = S("send") }));
	assert_false(policy_needs_mesh(&p, &(struct policy_call){ .resource = S("peer"), .verb = S("list") }));
}

/* Bob and his session; Mallory, whose session calls itself bob, too. */
#define BOB KEY
#define BOBS "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
#define MALLORY "1111111111111111111111111111111111111111111111111111111111111111"
#define MALLORYS "2222222222222222222222222222222222222222222222222222222222222222"

static struct peers_list_args who_is_there(struct arena *a)
{
	struct member_args *members = NEW_ARRAY(a, struct member_args, 2);
	struct peer_args *peers = NEW_ARRAY(a, struct peer_args, 2);

	members[0] = (struct member_args){ .pubkey = S(BOB), .displayName = S("bob") };
	members[1] = (struct member_args){ .pubkey = S(MALLORY), .displayName = S("mallory") };
	peers[0] = (struct peer_args){ .pubkey = S(BOBS), .memberPubkey = S(BOB), .displayName = S("bob at work") };
	peers[1] = (struct peer_args){ .pubkey = S(MALLORYS), .memberPubkey = S(MALLORY), .displayName = S("bob") };
	return (struct peers_list_args){ .peers = { peers, 2, true }, .members = { members, 2, true } };
}

/* Rules name a peer one way, people type it another. */
static const struct {
	const char *peers, *rule, *who;
	enum decision decision; /* of a policy that else says the opposite */
} peer_cases[] = {
	{ BOB, "deny", "bob", DECISION_DENY },
	{ BOB, "deny", "Bob at Work", DECISION_DENY },
	{ BOB, "deny", BOBS, DECISION_DENY },
	{ BOB, "deny", "b0b0b0b0", DECISION_DENY },
	{ "8a88e3dd", "deny", "bob", DECISION_DENY },
	{ "bob", "deny", BOB, DECISION_DENY },
	{ "bob", "deny", "8A88E3DD", DECISION_DENY },
	{ "bob at work", "deny", "bob", DECISION_DENY },
	{ BOBS, "deny", "bob", DECISION_DENY },
	{ BOB, "deny", "mallory", DECISION_ALLOW },
	/* Who is called bob is refused with him: it is not known who is meant. */
	{ "bob", "deny", "mallory", DECISION_DENY },
	{ BOB, "deny", "nobody", DECISION_ALLOW },
	{ BOB, "deny", "*", DECISION_DENY },
	{ BOB, "deny", "#general", DECISION_DENY },
	{ BOB, "allow", "#general", DECISION_DENY },
	{ BOB, "allow", "bob at work", DECISION_ALLOW },
	{ BOB, "allow", BOBS, DECISION_ALLOW },
	{ "bob", "allow", BOB, DECISION_ALLOW },
	{ BOB, "allow", "mallory", DECISION_DENY },
	/* A session's name opens nothing. */
	{ "bob", "allow", "mallory", DECISION_DENY },
	{ "bob", "allow", MALLORY, DECISION_DENY },
	{ "bob", "allow", MALLORYS, DECISION_DENY },
	{ BOBS, "allow", "mallory", DECISION_DENY },
	{ BOB, "allow", "*", DECISION_DENY },
};

TEST(peers_are_named_by_name_or_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args list = who_is_there(a);

	for (size_t i = 0; i < ARRAY_LEN(peer_cases); i++) {
		bool allows = strcmp(peer_cases[i].rule, "allow") == 0;
		struct policy p = parsed(a, arena_printf(a, "default: %s\nrules:\n  - {resource: message, verb: send, "
							     "peers: ['%s'], decision: %s}\n",
							 allows ? "deny" : "allow", peer_cases[i].peers,
							 peer_cases[i].rule).ptr);
		struct policy_call call = { .resource = S("message"), .verb = S("send"), .is_write = true,
					    .mode = APPROVAL_WRITE, .who = str_from(peer_cases[i].who) };

		if (policy_needs_peers(&p, &call))
			policy_call_peer(a, &call, &list);
		if (policy_decide(&p, &call).decision != peer_cases[i].decision)
			print_error("case %zu\n", i);
		assert_int_equal(policy_decide(&p, &call).decision, peer_cases[i].decision);
	}
}

/* A connection is made only where it matters. */
static const struct {
	const char *rules, *who;
	enum approval mode;
	bool needs;
} needs[] = {
	{ "", "bob", APPROVAL_WRITE, false },
	{ "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "alice", APPROVAL_WRITE, true },
	{ "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "BOB", APPROVAL_WRITE, false },
	{ "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "*", APPROVAL_WRITE, false },
	{ "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "@dev", APPROVAL_WRITE, false },
	{ "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "alice", APPROVAL_PLAN, false },
	{ "  - {resource: peer, verb: '*', peers: [bob], decision: deny}\n", "alice", APPROVAL_WRITE, false },
	{ "  - {resource: message, verb: send, decision: allow}\n"
	  "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "alice", APPROVAL_WRITE, false },
	{ "  - {resource: message, verb: send, mesh: home, decision: allow}\n"
	  "  - {resource: message, verb: send, peers: [bob], decision: deny}\n", "alice", APPROVAL_WRITE, true },
};

TEST(peers_are_asked_for_where_a_rule_is_about_them)
{
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct policy p = parsed(a, arena_printf(a, "default: allow\n%s%s", *needs[i].rules ? "rules:\n" : "",
							 needs[i].rules).ptr);
		struct policy_call call = { .resource = S("message"), .verb = S("send"), .is_write = true,
					    .mode = needs[i].mode, .who = str_from(needs[i].who) };

		if (policy_needs_peers(&p, &call) != needs[i].needs)
			print_error("case %zu\n", i);
		assert_int_equal(policy_needs_peers(&p, &call), needs[i].needs);
	}
}

/* One table: a row that no rule could name would be outside the policy (client.md 15.1, 8). */
TEST(c_08_every_row_can_be_named_by_a_rule)
{
	for (size_t i = 0; commands[i]; i++)
		assert_true(!commands[i]->resource || policy_has_resource(str_from(commands[i]->resource)));
}

static size_t size_of(const char *path, mode_t *ret_mode)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	*ret_mode = st.st_mode & 0777;
	return (size_t)st.st_size;
}

TEST(c_14_the_audit_log_is_private_and_turned)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct policy_call call = { .resource = S("message"), .verb = S("send"), .mode = APPROVAL_WRITE };
	struct audit_line line = { .call = &call, .decision = S("allow"), .reason = S("\"\n"), .command = S("send") };
	char dir[] = "/tmp/claudemesh-audit-XXXXXX", log[64], old[64];
	size_t written = 0;
	mode_t mode = 0;

	assert_non_null(mkdtemp(dir));
	snprintf(log, sizeof(log), "%s/audit.log", dir);
	snprintf(old, sizeof(old), "%s/audit.log.1", dir);
	assert_ok(audit_add(a, str_from(dir), &line));
	written = size_of(log, &mode);
	assert_int_equal(mode, 0600);
	assert_true(written > 100);
	assert_int_equal(truncate(log, AUDIT_BYTES_MAX - (off_t)written), 0);
	assert_ok(audit_add(a, str_from(dir), &line));
	assert_int_equal(size_of(log, &mode), AUDIT_BYTES_MAX);
	assert_ok(audit_add(a, str_from(dir), &line));
	assert_int_equal(size_of(log, &mode), written);
	assert_int_equal(size_of(old, &mode), AUDIT_BYTES_MAX);
	assert_int_equal(mode, 0600);
	unlink(log);
	assert_int_equal(symlink(old, log), 0);
	assert_err(audit_add(a, str_from(dir), &line), IO);
	unlink(log);
	unlink(old);
	rmdir(dir);
	assert_err(audit_add(a, str_from(dir), &line), IO);
}

TEST_MAIN("cli/policy")
