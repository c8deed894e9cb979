/*
 * harness_expect_test.c - what a peer of a test gets, against patterns.
 */
#include "engine/harness_test.h"

#include "crypto/encode.h"

str text_quoted(struct arena *a, const char *fmt, va_list ap)
{
	char *raw;
	int n = vasprintf(&raw, fmt, ap);
	str s;

	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		if (raw[i] == '\'')
			raw[i] = '"';
	s = arena_dup(a, str_of(raw, (size_t)n));
	free(raw);
	return s;
}

static bool lists_match(const struct json *got, const struct json *pattern)
{
	const struct json *g = got->first;

	if (got->count != pattern->count)
		return false;
	for (const struct json *w = pattern->first; w; w = w->next, g = g->next)
		if (!matches(g, w))
			return false;
	return true;
}

bool matches(const struct json *got, const struct json *pattern)
{
	if (pattern->type == JSON_NULL)
		return !got || got->type == JSON_NULL;
	if (!got)
		return false;
	if (pattern->type == JSON_STR && str_eq(pattern->s, S("*")))
		return true;
	if (got->type != pattern->type)
		return false;
	switch (pattern->type) {
	case JSON_ARR: return lists_match(got, pattern);
	case JSON_OBJ:
		for (const struct json *w = pattern->first; w; w = w->next)
			if (!matches(json_get(got, w->key), w))
				return false;
		return true;
	case JSON_STR: return str_eq(got->s, pattern->s);
	default: return str_eq(got->raw, pattern->raw);
	}
}

static struct got *pop(struct peer *p)
{
	struct got *g = p->first;

	if (!g)
		return NULL;
	p->first = g->next;
	if (!p->first)
		p->last = &p->first;
	return g;
}

static void check_match(const char *who, str got_text, const struct json *got, str pattern_text,
			struct arena *a)
{
	const struct json *pattern;

	assert_ok(json_parse(a, pattern_text, &pattern));
	if (got && matches(got, pattern))
		return;
	print_error("%s got  %.*s\nexpected %.*s\n", who, STRF(got_text), STRF(pattern_text));
	fail();
}

const struct json *expect(struct peer *p, const char *fmt, ...)
{
	struct arena *a = p->place->house->a;
	const struct json *got = NULL;
	struct got *g = pop(p);
	va_list ap;
	str pattern;

	va_start(ap, fmt);
	pattern = text_quoted(a, fmt, ap);
	va_end(ap);
	if (g && g->text.ptr)
		assert_ok(json_parse(a, g->text, &got));
	check_match(p->name, g ? g->text.ptr ? g->text : g->reason : S("nothing"), got, pattern, a);
	return got;
}

const struct json *expect_message(struct peer *p, const char *id)
{
	struct arena *a = p->place->house->a;

	return expect(p, "{'type':'push','client_message_id':'%s','ciphertext':'%.*s'}", id,
		      STRF(base64_encode(a, str_from(id))));
}

void expect_answer(struct house *h, int status, const char *pattern)
{
	const struct json *got = answer(h);

	if (h->answers[h->n_answers - 1].status != status)
		print_error("status %d\n", h->answers[h->n_answers - 1].status);
	check_match("the caller", h->answers[h->n_answers - 1].body, got, text(h->a, "%s", pattern), h->a);
	assert_int_equal(h->answers[h->n_answers - 1].status, status);
}

void expect_close(struct peer *p, int code, const char *reason)
{
	struct got *g = pop(p);

	if (!g || g->text.ptr)
		print_error("%s got %.*s\n", p->name, STRF(g ? g->text : S("nothing")));
	assert_true(g && !g->text.ptr);
	assert_int_equal(g->code, code);
	assert_str(g->reason, str_from(reason));
}

void expect_nothing(struct peer *p)
{
	if (p->first)
		print_error("%s got %.*s%.*s\n", p->name, STRF(p->first->text), STRF(p->first->reason));
	assert_null(p->first);
}

void forget(struct peer *p)
{
	while (pop(p))
		;
}

void forget_all(struct house *h)
{
	for (struct peer *p = h->peers; p; p = p->next)
		forget(p);
}

size_t pending(const struct peer *p)
{
	size_t n = 0;

	for (const struct got *g = p->first; g; g = g->next)
		n++;
	return n;
}
