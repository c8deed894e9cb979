#include "conv/vars.h"

#include "base/clock.h"
#include "json/json.h"

/* The walk of one text: `open` remembers '{' and '[' for the meaning of *. */
struct expansion {
	const struct vars *vars;
	enum expand how;
	str rest;
	struct buf out;
	char open[EXPAND_DEPTH_MAX];
	size_t depth;
};

static struct var *find(const struct vars *v, str name)
{
	for (struct var *at = v->first; at; at = at->next)
		if (str_eq(at->name, name))
			return at;
	return NULL;
}

void vars_set(struct vars *v, str name, str json)
{
	struct var *var = find(v, name);

	if (!var) {
		var = NEW(v->arena, struct var);
		var->name = arena_dup(v->arena, name);
		var->next = v->first;
		v->first = var;
	}
	var->json = arena_dup(v->arena, json);
}

void vars_set_text(struct vars *v, str name, str text)
{
	struct buf b = buf_make(EXPAND_MAX);
	struct json_out o = json_out(&b);

	json_str(&o, text);
	vars_set(v, name, buf_str(&b));
	buf_done(&b);
}

void vars_forget(struct vars *v, str name)
{
	for (struct var **at = &v->first; *at; at = &(*at)->next) {
		if (str_eq((*at)->name, name)) {
			*at = (*at)->next;
			return;
		}
	}
}

str vars_get(const struct vars *v, str name)
{
	const struct var *var = find(v, name);

	return var ? var->json : STR_NONE;
}

str vars_get_text(const struct vars *v, str name)
{
	str json = vars_get(v, name);

	return str_starts(json, S("\"")) ? str_of(json.ptr + 1, json.len - 2) : json;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

str vars_take_name(str *text)
{
	size_t n = 0;
	str name;

	while (n < text->len && (is_name_char(text->ptr[n]) ||
				 (text->ptr[n] == '.' && n > 0 && n + 1 < text->len &&
				  is_name_char(text->ptr[n + 1]))))
		n++;
	name = str_of(text->ptr, n);
	*text = str_skip(*text, n);
	return name;
}

/* At a '$'. text: the value goes into a string. */
static struct err *expand_var(struct expansion *x, bool text)
{
	struct arena *a = x->vars->arena;
	str name, value;

	x->rest = str_skip(x->rest, 1);
	if (str_starts(x->rest, S("$"))) {
		x->rest = str_skip(x->rest, 1);
		buf_add_byte(&x->out, '$');
		return NULL;
	}
	name = vars_take_name(&x->rest);
	value = text ? vars_get_text(x->vars, name) : vars_get(x->vars, name);
	if (value.ptr)
		buf_add(&x->out, value);
	else if (x->how == EXPAND_PATTERN)
		buf_printf(&x->out, text ? "$%.*s" : "\"$%.*s\"", STRF(name));
	else
		return FAIL(a, NOT_FOUND, "no variable '$%.*s'", STRF(name));
	return NULL;
}

/* At a single quote: a string up to the next one. */
static struct err *expand_string(struct expansion *x)
{
	struct arena *a = x->vars->arena;

	buf_add_byte(&x->out, '"');
	x->rest = str_skip(x->rest, 1);
	while (x->rest.len && x->rest.ptr[0] != '\'') {
		char c = x->rest.ptr[0];

		if (c == '$') {
			TRY(expand_var(x, true));
			continue;
		}
		if (c == '\\' && x->rest.len > 1) {
			if (x->rest.ptr[1] != '\'')
				buf_add_byte(&x->out, c);
			x->rest = str_skip(x->rest, 1);
			c = x->rest.ptr[0];
		} else if (c == '"') {
			buf_add_byte(&x->out, '\\');
		}
		buf_add_byte(&x->out, c);
		x->rest = str_skip(x->rest, 1);
	}
	if (!x->rest.len)
		return FAIL(a, BAD_REQUEST, "a string has no end");
	x->rest = str_skip(x->rest, 1);
	buf_add_byte(&x->out, '"');
	return NULL;
}

/* The word behind a '%': letters, digits and :+- */
static str take_word(str *rest)
{
	size_t n = 0;
	str word;

	while (n < rest->len && (is_name_char(rest->ptr[n]) || memchr(":+-", rest->ptr[n], 3)))
		n++;
	word = str_of(rest->ptr, n);
	*rest = str_skip(*rest, n);
	return word;
}

static struct err *expand_word(struct expansion *x)
{
	struct arena *a = x->vars->arena;
	str word;
	i64 n = 0;

	x->rest = str_skip(x->rest, 1);
	word = take_word(&x->rest);
	if (str_starts(word, S("now"))) {
		str offset = str_skip(word, 3);

		if (offset.len && (!str_to_i64(str_skip(offset, 1), &n) || !memchr("+-", offset.ptr[0], 2)))
			return FAIL(a, BAD_REQUEST, "'%%%.*s' is no time", STRF(word));
		buf_printf(&x->out, "%lld", (long long)(clock_ms(&clock_real) +
							(offset.len && offset.ptr[0] == '-' ? -n : n)));
	} else if (str_starts(word, S("fill:"))) {
		if (!str_to_i64(str_skip(word, 5), &n) || n < 0 || n > EXPAND_MAX)
			return FAIL(a, BAD_REQUEST, "'%%%.*s' is no length", STRF(word));
		buf_add_byte(&x->out, '"');
		for (i64 i = 0; i < n; i++)
			buf_add_byte(&x->out, 'A');
		buf_add_byte(&x->out, '"');
	} else if (str_starts(word, S("deep:"))) {
		if (!str_to_i64(str_skip(word, 5), &n) || n < 0 || n > EXPAND_MAX / 2)
			return FAIL(a, BAD_REQUEST, "'%%%.*s' is no depth", STRF(word));
		for (i64 i = 0; i < 2 * n; i++)
			buf_add_byte(&x->out, i < n ? '[' : ']');
	} else if (x->how == EXPAND_PATTERN) {
		buf_printf(&x->out, "\"%%%.*s\"", STRF(word));
	} else {
		return FAIL(a, BAD_REQUEST, "'%%%.*s' has a meaning in patterns only", STRF(word));
	}
	return NULL;
}

static struct err *expand_bracket(struct expansion *x, char c)
{
	if (c == '{' || c == '[') {
		if (x->depth == EXPAND_DEPTH_MAX)
			return FAIL(x->vars->arena, TOO_LARGE, "more than %d brackets", EXPAND_DEPTH_MAX);
		x->open[x->depth++] = c;
	} else if (x->depth) {
		x->depth--;
	}
	buf_add_byte(&x->out, c);
	x->rest = str_skip(x->rest, 1);
	return NULL;
}

static struct err *expand_next(struct expansion *x)
{
	char c = x->rest.ptr[0];

	if (c == '\'')
		return expand_string(x);
	if (c == '$')
		return expand_var(x, false);
	if (c == '%')
		return expand_word(x);
	if (memchr("{}[]", c, 4))
		return expand_bracket(x, c);
	if (c == '*' && x->how == EXPAND_PATTERN)
		buf_add(&x->out, x->depth && x->open[x->depth - 1] == '{' ? S("\"%*\":0") : S("\"%*\""));
	else
		buf_add_byte(&x->out, c);
	x->rest = str_skip(x->rest, 1);
	return NULL;
}

static struct err *expand_finish(struct expansion *x, struct err *e, str *ret)
{
	struct arena *a = x->vars->arena;

	if (!e && x->out.full)
		e = FAIL(a, TOO_LARGE, "over %d bytes", EXPAND_MAX);
	if (!e)
		*ret = arena_dup(a, buf_str(&x->out));
	buf_done(&x->out);
	return e;
}

struct err *vars_expand(const struct vars *v, enum expand how, str text, str *ret_json)
{
	struct expansion x = { .vars = v, .how = how, .rest = text, .out = buf_make(EXPAND_MAX) };
	struct err *e = NULL;

	while (!e && x.rest.len)
		e = expand_next(&x);
	return expand_finish(&x, e, ret_json);
}

struct err *vars_expand_text(const struct vars *v, str text, str *ret_text)
{
	struct expansion x = { .vars = v, .rest = text, .out = buf_make(EXPAND_MAX) };
	struct err *e = NULL;

	while (!e && x.rest.len) {
		if (x.rest.ptr[0] == '$') {
			e = expand_var(&x, true);
			continue;
		}
		buf_add_byte(&x.out, x.rest.ptr[0]);
		x.rest = str_skip(x.rest, 1);
	}
	return expand_finish(&x, e, ret_text);
}
