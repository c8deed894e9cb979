#include "base/err.h"

#include <stdarg.h>

static const struct {
	str word;
	int http, exit_status;
	const char *doc;
} codes[ERR_COUNT] = {
#define ERR_ROW_(name, wire, http_, rpc, exit_, doc_) [ERR_##name] = { S(wire), http_, exit_, doc_ },
	ERR_CODES(ERR_ROW_)
#undef ERR_ROW_
};

struct err *err_make(struct arena *a, enum err_code code, const char *file, int line,
		     const char *fmt, ...)
{
	struct err *e = NEW(a, struct err);
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*e = (struct err){ .code = code, .file = file, .line = line };
	e->text = arena_dup(a, str_from(text));
	return e;
}

struct err *err_word(struct err *e, str word)
{
	e->word = word;
	return e;
}

static str copy_text(struct arena *a, str s)
{
	return s.ptr ? arena_dup(a, s) : STR_NONE;
}

struct err *err_explain(struct arena *a, struct err *e, const struct err_tiers *tiers)
{
	struct err_tiers *copy = NEW(a, struct err_tiers);
	str *matches = NEW_ARRAY(a, str, tiers->matches_n + 1);

	*copy = *tiers;
	copy->field = copy_text(a, tiers->field);
	copy->input = copy_text(a, tiers->input);
	copy->code = copy_text(a, tiers->code);
	copy->reason = copy_text(a, tiers->reason);
	copy->expected = copy_text(a, tiers->expected);
	copy->nearest = copy_text(a, tiers->nearest);
	for (size_t i = 0; i < tiers->matches_n; i++)
		matches[i] = copy_text(a, tiers->matches[i]);
	copy->matches = matches;
	e->tiers = copy;
	return e;
}

struct err *err_copy(struct arena *a, const struct err *e)
{
	struct err *copy;

	if (!e)
		return NULL;
	copy = NEW(a, struct err);
	*copy = *e;
	copy->text = arena_dup(a, e->text);
	copy->word = str_empty(e->word) ? STR_NONE : arena_dup(a, e->word);
	return e->tiers ? err_explain(a, copy, e->tiers) : copy;
}

str err_wire(const struct err *e)
{
	return str_empty(e->word) ? codes[e->code].word : e->word;
}

const char *err_doc(enum err_code code)
{
	return codes[code].doc;
}

int err_http(const struct err *e)
{
	return codes[e->code].http;
}

int err_exit(const struct err *e)
{
	return codes[e->code].exit_status;
}

enum err_code err_from_wire(str word)
{
	for (int code = 1; code < ERR_COUNT; code++)
		if (str_eq(codes[code].word, word))
			return (enum err_code)code;
	return ERR_NONE;
}

str err_public(const struct err *e)
{
	if (e->code == ERR_INTERNAL || e->code == ERR_IO)
		return S("the broker failed to do this; its log says why");
	return e->text;
}
