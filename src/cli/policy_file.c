/*
 * policy_file.c - policy.yaml into rules, by libyaml's events.
 *
 * JSON is YAML too. The shape is fixed, so reading is as deep as the code. Aliases, anchors, tags and unknown
 * or repeated keys are refused: what is not understood must not be taken for permission.
 */
#include "cli/policy.h"

#include <yaml.h>

#include "client/validate.h"

struct reader {
	struct arena *arena;
	yaml_parser_t yaml;
	yaml_event_t event;          /* the last one */
	bool has_event;
};

/* As people count: libyaml starts at 0. */
static struct err *place(struct reader *r, yaml_mark_t mark, str what)
{
	return FAIL(r->arena, BAD_REQUEST, "line %zu, column %zu: %.*s", mark.line + 1, mark.column + 1,
		    STRF(what));
}

static struct err *next(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (!yaml_parser_parse(&r->yaml, &r->event))
		return place(r, r->yaml.problem_mark,
			     arena_printf(r->arena, "%s", r->yaml.problem ? r->yaml.problem : "not YAML"));
	r->has_event = true;
	if (r->event.type == YAML_ALIAS_EVENT)
		return place(r, r->event.start_mark, S("aliases are not taken"));
	return NULL;
}

static struct err *unexpected(struct reader *r, const char *wanted)
{
	return place(r, r->event.start_mark, arena_printf(r->arena, "%s is expected here", wanted));
}

/* The text of the scalar that is the present event. */
static struct err *scalar(struct reader *r, const char *wanted, str *ret_text)
{
	str text;

	if (r->event.type != YAML_SCALAR_EVENT)
		return unexpected(r, wanted);
	text = str_of(r->event.data.scalar.value, r->event.data.scalar.length);
	if (r->event.data.scalar.anchor || r->event.data.scalar.tag)
		return place(r, r->event.start_mark, S("anchors and tags are not taken"));
	if (text.len > POLICY_TEXT_MAX)
		return place(r, r->event.start_mark,
			     arena_printf(r->arena, "a value has at most %d bytes, this has %zu",
					  POLICY_TEXT_MAX, text.len));
	if (!str_is_utf8(text) || str_index(text, '\0') >= 0)
		return place(r, r->event.start_mark, S("a value is text without NUL"));
	*ret_text = arena_dup(r->arena, text);
	return NULL;
}

static struct err *unknown_word(struct reader *r, const char *what, str word, const char *const words[])
{
	str known[16], near;
	size_t n = 0;

	while (words[n] && n < ARRAY_LEN(known)) {
		known[n] = str_from(words[n]);
		n++;
	}
	near = nearest(word, known, n);
	return place(r, r->event.start_mark,
		     str_empty(near) ? arena_printf(r->arena, "there is no %s '%.*s'", what, STRF(word))
				     : arena_printf(r->arena, "there is no %s '%.*s'; did you mean '%.*s'?",
						    what, STRF(word), STRF(near)));
}

/* Which of the keys; a repeated one is refused. */
static struct err *take_key(struct reader *r, const char *const keys[], unsigned *seen, int *ret_key)
{
	str key;

	TRY(scalar(r, "a key", &key));
	for (int i = 0; keys[i]; i++) {
		if (!str_eq(str_from(keys[i]), key))
			continue;
		if (*seen & 1u << i)
			return place(r, r->event.start_mark,
				     arena_printf(r->arena, "'%s' stands here twice", keys[i]));
		*seen |= 1u << i;
		*ret_key = i;
		return NULL;
	}
	return unknown_word(r, "key", key, keys);
}

static struct err *take_decision(struct reader *r, enum decision *ret_decision)
{
	str word;

	TRY(scalar(r, "allow, prompt or deny", &word));
	for (int i = 1; decision_words[i]; i++) {
		if (str_eq(word, str_from(decision_words[i]))) {
			*ret_decision = (enum decision)i;
			return NULL;
		}
	}
	return unknown_word(r, "decision", word, decision_words + 1);
}

static struct err *take_peers(struct reader *r, struct policy_rule *rule)
{
	str *peers = NEW_ARRAY(r->arena, str, POLICY_PEERS_MAX);

	rule->peers = peers;
	if (r->event.type == YAML_SCALAR_EVENT) {
		rule->peers_n = 1;
		return scalar(r, "a peer", &peers[0]);
	}
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return unexpected(r, "a peer or a list of peers");
	for (;;) {
		TRY(next(r));
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (rule->peers_n == POLICY_PEERS_MAX)
			return place(r, r->event.start_mark,
				     arena_printf(r->arena, "a rule has at most %d peers", POLICY_PEERS_MAX));
		TRY(scalar(r, "a peer", &peers[rule->peers_n]));
		rule->peers_n++;
	}
	/* An empty list is not "any". */
	return rule->peers_n ? NULL : place(r, r->event.start_mark, S("the list of peers is empty"));
}

static struct err *take_resource(struct reader *r, str *ret_resource)
{
	TRY(scalar(r, "a resource", ret_resource));
	if (!policy_has_resource(*ret_resource))
		return place(r, r->event.start_mark,
			     arena_printf(r->arena, "there is no resource '%.*s'", STRF(*ret_resource)));
	return NULL;
}

static struct err *take_word(struct reader *r, const char *wanted, str *ret_word)
{
	TRY(scalar(r, wanted, ret_word));
	return str_empty(*ret_word) ? unexpected(r, wanted) : NULL;
}

/* From the start of its mapping to the end. */
static struct err *take_rule(struct reader *r, struct policy_rule *rule)
{
	enum { RESOURCE, VERB, MESH, PEERS, DECISION, REASON };
	static const char *const keys[] = { "resource", "verb", "mesh", "peers", "decision", "reason", NULL };
	yaml_mark_t start = r->event.start_mark;
	unsigned seen = 0;

	if (r->event.type != YAML_MAPPING_START_EVENT)
		return unexpected(r, "a rule: resource, verb and decision");
	rule->line = start.line + 1;
	for (;;) {
		int key;

		TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		TRY(take_key(r, keys, &seen, &key));
		TRY(next(r));
		switch (key) {
		case RESOURCE: TRY(take_resource(r, &rule->resource)); break;
		case VERB: TRY(take_word(r, "a verb", &rule->verb)); break;
		case MESH: TRY(take_word(r, "the slug of a mesh", &rule->mesh)); break;
		case PEERS: TRY(take_peers(r, rule)); break;
		case DECISION: TRY(take_decision(r, &rule->decision)); break;
		case REASON: TRY(scalar(r, "a reason", &rule->reason)); break;
		default: break;
		}
	}
	if (!rule->resource.len || !rule->verb.len || !rule->decision)
		return place(r, start, S("a rule needs resource, verb and decision"));
	return NULL;
}

static struct err *take_rules(struct reader *r, struct policy *p)
{
	struct policy_rule *rules = NEW_ARRAY(r->arena, struct policy_rule, POLICY_RULES_MAX);

	p->rules = rules;
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return unexpected(r, "a list of rules");
	for (;;) {
		TRY(next(r));
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return NULL;
		if (p->n == POLICY_RULES_MAX)
			return place(r, r->event.start_mark,
				     arena_printf(r->arena, "there are more than %d rules", POLICY_RULES_MAX));
		TRY(take_rule(r, &rules[p->n]));
		p->n++;
	}
}

static struct err *take_policy(struct reader *r, struct policy *p)
{
	enum { DEFAULT, RULES };
	static const char *const keys[] = { "default", "rules", NULL };
	unsigned seen = 0;

	if (r->event.type != YAML_MAPPING_START_EVENT)
		return unexpected(r, "'default:' or 'rules:'");
	for (;;) {
		int key;

		TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		TRY(take_key(r, keys, &seen, &key));
		TRY(next(r));
		if (key == DEFAULT)
			TRY(take_decision(r, &p->otherwise));
		else
			TRY(take_rules(r, p));
	}
	if (!p->otherwise)
		return place(r, r->event.end_mark, S("'default:' is missing: allow, prompt or deny"));
	return NULL;
}

/* Stream, one document, nothing after it. */
static struct err *take_stream(struct reader *r, struct policy *p)
{
	TRY(next(r));
	TRY(next(r));
	if (r->event.type != YAML_DOCUMENT_START_EVENT)
		return unexpected(r, "'default:' or 'rules:'");
	TRY(next(r));
	TRY(take_policy(r, p));
	TRY(next(r));
	TRY(next(r));
	return r->event.type == YAML_STREAM_END_EVENT ? NULL : unexpected(r, "the end of the file");
}

struct err *policy_parse(struct arena *a, str text, struct policy *ret_policy)
{
	struct reader r = { .arena = a };
	struct policy p = { 0 };
	struct err *e;

	if (text.len > POLICY_BYTES_MAX)
		return FAIL(a, BAD_REQUEST, "line 1, column 1: the file has more than %d bytes",
			    POLICY_BYTES_MAX);
	if (!yaml_parser_initialize(&r.yaml))
		return FAIL(a, INTERNAL, "no memory for the policy");
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	e = take_stream(&r, &p);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.yaml);
	TRY(e);
	*ret_policy = p;
	return NULL;
}
