#include "db/shape.h"

#include "base/buf.h"

enum { TOKENS_MAX = 1024, TEXT_MAX = 64 << 10 };

enum kind { END, WORD, PARAM, STRING, MARK };

struct token {
	enum kind kind;
	str text;
};

struct scan {
	const struct db_query *query;
	struct token *tokens; /* the last one is END */
	size_t n;
};

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

static struct token next_token(str *rest)
{
	enum kind kind = MARK;
	size_t n = 1;

	*rest = str_trim(*rest);
	if (!rest->len)
		return (struct token){ END, *rest };
	if (rest->ptr[0] == '\'') {
		kind = STRING;
		while (n < rest->len && rest->ptr[n] != '\'')
			n++;
		n = MIN(n + 1, rest->len);
	} else if (rest->ptr[0] == '$' || is_word_byte(rest->ptr[0])) {
		kind = rest->ptr[0] == '$' ? PARAM : WORD;
		while (n < rest->len && is_word_byte(rest->ptr[n]))
			n++;
	}
	*rest = str_skip(*rest, n);
	return (struct token){ kind, str_of(rest->ptr - n, n) };
}

static bool is(const struct scan *s, size_t i, const char *word)
{
	return i < s->n && str_eq_nocase(s->tokens[i].text, str_from(word));
}

/* The number of "$3"; 0 if it is none. */
static size_t param_no(struct token t)
{
	i64 no;

	if (t.kind != PARAM || !str_to_i64(str_skip(t.text, 1), &no) || no < 1 ||
	    no > SHAPE_BINDS_MAX)
		return 0;
	return (size_t)no;
}

static struct err *check_params(struct arena *a, const struct scan *s)
{
	const struct db_query *q = s->query;
	size_t seen = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t no = param_no(s->tokens[i]);

		if (s->tokens[i].kind != PARAM)
			continue;
		if (!no || no > seen + 1)
			return FAIL(a, INTERNAL,
				    "query %s: number the parameters in order of first appearance",
				    q->name);
		seen = MAX(seen, no);
	}
	if (seen != strlen(q->binds))
		return FAIL(a, INTERNAL, "query %s has %zu parameters, its row says '%s'", q->name,
			    seen, q->binds);
	return NULL;
}

static u64 table_bit(struct shape_tables *tables, str name)
{
	size_t i = 0;

	while (i < tables->n && !str_eq_nocase(tables->names[i], name))
		i++;
	if (i == tables->n && i < SHAPE_TABLES_MAX)
		tables->names[tables->n++] = arena_dup(tables->arena, name);
	return (u64)1 << i;
}

/* Is a list of tables written with commas after token i? Only joins are understood. */
static bool has_comma(const struct scan *s, size_t i)
{
	for (size_t k = i + 1; k <= i + 3 && k < s->n; k++) {
		if (is(s, k, ","))
			return true;
		if (s->tokens[k].kind != WORD)
			return false;
	}
	return false;
}

static void find_tables(const struct scan *s, struct shape_tables *tables, struct shape *ret_shape)
{
	bool by_delete = is(s, 0, "DELETE"), by_update = is(s, 0, "UPDATE");

	if (!by_delete && !by_update && !is(s, 0, "INSERT") && !is(s, 0, "SELECT"))
		ret_shape->reads = ret_shape->writes = ~(u64)0;
	for (size_t i = 0; i + 1 < s->n; i++) {
		bool writes = is(s, i, "INTO") || (by_update && i == 0) || (by_delete && i == 1);
		bool names = writes || is(s, i, "FROM") || is(s, i, "JOIN");

		if (!names || s->tokens[i + 1].kind != WORD)
			continue;
		*(writes ? &ret_shape->writes
			 : &ret_shape->reads) |= table_bit(tables, s->tokens[i + 1].text);
		if (!writes && has_comma(s, i + 1))
			ret_shape->reads = ~(u64)0;
	}
}

/* The tokens from..to as text, with "v.p1" for "$1". */
static void add_text(struct buf *out, const struct scan *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct token *t = &s->tokens[i];

		if (i > from && t->text.ptr > t[-1].text.ptr + t[-1].text.len)
			buf_add_byte(out, ' ');
		if (t->kind == PARAM)
			buf_printf(out, "v.p%zu", param_no(*t));
		else
			buf_add(out, t->text);
	}
}

static void add_unnest(struct buf *out, const struct db_query *q)
{
	buf_add(out, S(" unnest("));
	for (size_t i = 0; q->binds[i]; i++)
		buf_printf(out, "%s$%zu::%s[]", i ? ", " : "", i + 1,
			   q->binds[i] == 'i'   ? "bigint"
			   : q->binds[i] == 's' ? "text"
						: "bytea");
	buf_add(out, S(") AS v("));
	for (size_t i = 0; q->binds[i]; i++)
		buf_printf(out, "%sp%zu", i ? ", " : "", i + 1);
	buf_add(out, S(") "));
}

/* The token after the bracket that closes the one at `open`. */
static size_t skip_brackets(const struct scan *s, size_t open)
{
	size_t depth = 0, i = open;

	for (; i < s->n; i++) {
		if (is(s, i, "("))
			depth++;
		else if (is(s, i, ")") && --depth == 0)
			return i + 1;
	}
	return i;
}

static bool many_insert(struct buf *out, const struct scan *s)
{
	size_t values = 3, rest, end = s->n - 1;

	if (!is(s, 0, "INSERT") || !is(s, 3, "("))
		return false;
	values = skip_brackets(s, values);
	if (!is(s, values, "VALUES") || !is(s, values + 1, "("))
		return false;
	rest = skip_brackets(s, values + 1);
	if (rest < end && !(is(s, rest, "ON") && is(s, end - 2, "DO") && is(s, end - 1, "NOTHING")))
		return false;
	add_text(out, s, 0, values);
	buf_add(out, S(" SELECT "));
	add_text(out, s, values + 2, rest - 1);
	buf_add(out, S(" FROM"));
	add_unnest(out, s->query);
	add_text(out, s, rest, end);
	return true;
}

/* Passes over "WHERE a = $1 AND b = $2"; returns the token behind it, *ret_keys the parameters. */
static size_t skip_equals(const struct scan *s, size_t where, u64 *ret_keys)
{
	size_t i = where;

	*ret_keys = 0;
	while (is(s, i, i == where ? "WHERE" : "AND") && is(s, i + 2, "=") && param_no(s->tokens[i + 3])) {
		*ret_keys |= (u64)1 << (param_no(s->tokens[i + 3]) - 1);
		i += 4;
	}
	return i;
}

static bool many_delete(struct buf *out, const struct scan *s, const struct shape *shape)
{
	size_t end = s->n - 1, rest;
	u64 keys;

	if (!is(s, 0, "DELETE") || (shape->reads & shape->writes))
		return false;
	rest = skip_equals(s, 3, &keys);
	if (!keys || (rest < end && !(is(s, rest, "AND") && is(s, rest + 1, "NOT") &&
				      is(s, rest + 2, "EXISTS") && skip_brackets(s, rest + 3) == end)))
		return false;
	for (size_t i = rest; i < end; i++)
		if (s->tokens[i].kind == PARAM)
			return false;
	add_text(out, s, 0, 3);
	buf_add(out, S(" USING"));
	add_unnest(out, s->query);
	add_text(out, s, 3, end);
	return true;
}

static bool many_update(struct buf *out, const struct scan *s, struct shape *shape)
{
	size_t where = 0, end = s->n - 1;

	if (!is(s, 0, "UPDATE") || shape->reads)
		return false;
	for (size_t i = 0; i < end; i++)
		if (is(s, i, "WHERE"))
			where = i;
	if (!where || skip_equals(s, where, &shape->keys) != end || !shape->keys) {
		shape->keys = 0;
		return false;
	}
	add_text(out, s, 0, where);
	buf_add(out, S(" FROM"));
	add_unnest(out, s->query);
	add_text(out, s, where, end);
	return true;
}

static str many_text(struct arena *a, const struct scan *s, struct shape *shape)
{
	CLEANUP(buf_done) struct buf out = buf_make(TEXT_MAX);

	if (!s->query->binds[0] || s->query->columns[0])
		return S("");
	if (!many_insert(&out, s) && !many_delete(&out, s, shape) && !many_update(&out, s, shape))
		return S("");
	return out.full ? S("") : arena_dup(a, buf_str(&out));
}

struct err *shape_read(struct arena *a, struct shape_tables *tables, const struct db_query *q,
		       struct shape *ret_shape)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct scan s = { .query = q, .tokens = NEW_ARRAY(scratch, struct token, TOKENS_MAX) };
	struct shape shape = { 0 };
	str rest = str_from(q->sql);

	do {
		if (s.n == TOKENS_MAX)
			return FAIL(a, INTERNAL, "query %s has more than %d words", q->name,
				    TOKENS_MAX);
		s.tokens[s.n] = next_token(&rest);
	} while (s.tokens[s.n++].kind != END);
	TRY(check_params(a, &s));
	find_tables(&s, tables, &shape);
	shape.many = many_text(a, &s, &shape);
	*ret_shape = shape;
	return NULL;
}
