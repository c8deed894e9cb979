/*
 * policy.c - deciding: no files, no terminal.
 */
#include "cli/policy.h"

#include "client/validate.h"

str policy_default_text(void)
{
	return S("# What claudemesh may do without being asked. The first rule that matches decides;\n"
		 "# allow, prompt (ask first; --yes answers) or deny (final, --yes does not help).\n"
		 "# A rule may have mesh: and peers: (names or public keys) too; anybody may take a name,\n"
		 "# so allow by key. claudemesh help tells the modes.\n"
		 "default: allow\n"
		 "rules:\n"
		 "  - { resource: peer, verb: kick, decision: prompt, reason: ends somebody's session }\n"
		 "  - { resource: peer, verb: ban, decision: prompt, reason: shuts somebody out }\n"
		 "  - { resource: peer, verb: disconnect, decision: prompt, reason: ends somebody's connection }\n"
		 "  - { resource: file, verb: delete, decision: prompt, reason: deletes a shared file }\n"
		 "  - { resource: vector, verb: delete, decision: prompt, reason: deletes shared data }\n"
		 "  - { resource: vault, verb: delete, decision: prompt, reason: deletes a secret }\n"
		 "  - { resource: memory, verb: forget, decision: prompt, reason: deletes a shared memory }\n"
		 "  - { resource: skill, verb: remove, decision: prompt, reason: takes a skill from everybody }\n"
		 "  - { resource: webhook, verb: delete, decision: prompt, reason: deletes a webhook }\n"
		 "  - { resource: watch, verb: remove, decision: prompt, reason: ends a watch }\n"
		 "  - { resource: sql, verb: execute, decision: prompt, reason: changes the shared database }\n"
		 "  - { resource: graph, verb: execute, decision: prompt, reason: changes the shared graph }\n"
		 "  - { resource: mesh, verb: delete, decision: prompt, reason: deletes a mesh }\n"
		 "  - { resource: apikey, verb: create, decision: prompt, reason: gives access to a program }\n"
		 "  - { resource: apikey, verb: revoke, decision: prompt, reason: takes access from a program }\n");
}

static bool word_matches(str rule, str word)
{
	return str_eq(rule, S("*")) || str_eq(rule, word);
}

static bool is_hex_of_a_key(str s)
{
	return s.len >= PREFIX_MIN && s.len <= 64 && str_is_hex(str_of(s.ptr, s.len & ~(size_t)1), s.len / 2, false);
}

/* A name, or keys of which one is the start of the other. */
static bool same_peer(str listed, str typed)
{
	size_t n = MIN(listed.len, typed.len);

	if (str_eq_nocase(listed, typed))
		return true;
	return is_hex_of_a_key(listed) && is_hex_of_a_key(typed) &&
	       str_eq_nocase(str_of(listed.ptr, n), str_of(typed.ptr, n));
}

static bool is_several(str who)
{
	return str_eq(who, S("*")) || str_starts(who, S("@")) || str_starts(who, S("#"));
}

static bool is_listed(const struct policy_rule *r, str who)
{
	for (size_t i = 0; i < r->peers_n; i++)
		if (!str_empty(who) && same_peer(r->peers[i], who))
			return true;
	return false;
}

static bool peers_match(const struct policy_rule *r, const struct policy_call *call)
{
	str who = str_trim(call->who);
	/* A session may call itself anything: that opens nothing. */
	size_t n = r->decision == DECISION_ALLOW ? call->sure_n : call->called_n;

	if (r->peers_n == 0 || is_listed(r, who))
		return true;
	for (size_t i = 0; i < n; i++)
		if (is_listed(r, call->called[i]))
			return true;
	/* What goes to several may reach them. */
	return r->decision != DECISION_ALLOW && is_several(who);
}

static bool rule_matches(const struct policy_rule *r, const struct policy_call *call)
{
	return word_matches(r->resource, call->resource) && word_matches(r->verb, call->verb) &&
	       peers_match(r, call);
}

static bool mode_denies(const struct policy_call *call)
{
	return call->is_write && (call->mode == APPROVAL_PLAN || call->mode == APPROVAL_READ_ONLY);
}

struct policy_verdict policy_decide(const struct policy *p, const struct policy_call *call)
{
	if (mode_denies(call))
		return (struct policy_verdict){ DECISION_DENY,
						call->mode == APPROVAL_PLAN
							? S("approval mode plan writes nothing")
							: S("approval mode read-only writes nothing"),
						0 };
	for (size_t i = 0; i < p->n; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (rule_matches(r, call) && (str_empty(r->mesh) || str_eq(r->mesh, call->mesh)))
			return (struct policy_verdict){ r->decision, r->reason, r->line };
	}
	return (struct policy_verdict){ p->otherwise, S("the default"), 0 };
}

bool policy_needs_mesh(const struct policy *p, const struct policy_call *call)
{
	for (size_t i = 0; i < p->n; i++)
		if (!str_empty(p->rules[i].mesh) && rule_matches(&p->rules[i], call))
			return true;
	return false;
}

bool policy_needs_peers(const struct policy *p, const struct policy_call *call)
{
	str who = str_trim(call->who);

	if (str_empty(who) || is_several(who))
		return false;
	if (mode_denies(call))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (!word_matches(r->resource, call->resource) || !word_matches(r->verb, call->verb))
			continue;
		if (r->peers_n && !is_listed(r, who))
			return true;
		/* Whoever it is, this rule is the first that matches. */
		if (str_empty(r->mesh))
			return false;
	}
	return false;
}

/* Does the recipient, as typed, mean who has this key or name? */
static bool is_meant(str who, str key, str name)
{
	return str_eq_nocase(who, name) ||
	       (is_hex_of_a_key(who) && key.len >= who.len && str_eq_nocase(str_of(key.ptr, who.len), who));
}

/* The member's key of whom `who` is one: itself, or a session of it. */
static bool member_is_meant(const struct peers_list_args *list, str who, str member, str name)
{
	if (is_meant(who, member, name))
		return true;
	for (size_t i = 0; i < list->peers.n; i++) {
		const struct peer_args *p = &list->peers.items[i];

		if (str_eq_nocase(p->memberPubkey, member) && is_meant(who, p->pubkey, p->displayName))
			return true;
	}
	return false;
}

void policy_call_peer(struct arena *a, struct policy_call *call, const struct peers_list_args *list)
{
	str who = str_trim(call->who);
	str *called = NEW_ARRAY(a, str, 2 * (list->members.n + 2 * list->peers.n));
	size_t n = 0, sure;

	for (size_t i = 0; i < list->members.n; i++) {
		const struct member_args *m = &list->members.items[i];

		if (!member_is_meant(list, who, m->pubkey, m->displayName))
			continue;
		called[n++] = m->pubkey;
		called[n++] = m->displayName;
	}
	/* The reference's broker lists no members. */
	for (size_t i = 0; i < list->peers.n; i++)
		if (!list->members.n && member_is_meant(list, who, list->peers.items[i].memberPubkey, S("")))
			called[n++] = list->peers.items[i].memberPubkey;
	sure = n;
	for (size_t i = 0; i < list->peers.n; i++) {
		const struct peer_args *p = &list->peers.items[i];
		bool is_its = false;

		for (size_t k = 0; k < sure; k++)
			is_its = is_its || str_eq_nocase(called[k], p->memberPubkey);
		if (!is_its)
			continue;
		called[n++] = p->pubkey;
		called[n++] = p->displayName;
	}
	call->called = called;
	call->called_n = n;
	call->sure_n = sure;
}

bool policy_has_resource(str resource)
{
	static const char *const known[] = {
		"apikey", "audit", "bridge", "clock", "context", "daemon", "device", "file", "grant", "graph", "group",
		"launch", "me", "member", "memory", "mesh", "mesh-mcp", "message", "notification",
		"peer", "profile", "schedule", "session", "skill", "sql", "state", "stream", "task", "topic",
		"vault", "vector", "watch", "webhook", "workspace",
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(resource, str_from(known[i])))
			return true;
	return str_eq(resource, S("*"));
}
