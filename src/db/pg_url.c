#include "db/pg_url.h"

#include "base/buf.h"

enum { TEXT_MAX = 4096 };

bool pg_url_is(str where)
{
	return str_starts(where, S("postgresql://")) || str_starts(where, S("postgres://"));
}

/* A password with a bare '@', '/', '?' or '#' would be taken for something else and shown. */
static struct err *check_at(struct arena *a, str where)
{
	str rest = str_skip(where, (size_t)str_index(where, '/') + 2);
	size_t end = 0;
	ptrdiff_t at;

	while (end < rest.len && !memchr("/?#", rest.ptr[end], 3))
		end++;
	at = str_index(rest, '@');
	if (at >= 0 && ((size_t)at > end || str_index(str_skip(rest, (size_t)at + 1), '@') >= 0))
		return FAIL(
			a, BAD_REQUEST,
			"the address of the database has an '@' that does not end its "
			"user and password: write %%40 for it (and %%2F for '/', %%3F for '?', %%23 for '#')");
	return NULL;
}

static struct err *take_schema(struct arena *a, str value, struct pg_url *url)
{
	bool ok = value.len > 0 && value.len <= PG_SCHEMA_MAX && !str_starts(value, S("pg_"));

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		ok = ok && ((c >= 'a' && c <= 'z') || c == '_' || (i && c >= '0' && c <= '9'));
	}
	if (!ok)
		return FAIL(a, BAD_REQUEST,
			    "schema '%.*s' of the database is not a name of a-z, 0-9 and _ "
			    "(at most %d, not starting with a digit or pg_)",
			    STRF(value), PG_SCHEMA_MAX);
	url->schema = arena_dup(a, value);
	return NULL;
}

static struct err *take_timeout(struct arena *a, str value, struct pg_url *url)
{
	i64 seconds;

	if (!str_to_i64(value, &seconds) || seconds < 1 || seconds > PG_TIMEOUT_S_MAX)
		return FAIL(
			a, BAD_REQUEST,
			"timeout '%.*s' of the database is not a number of seconds from 1 to %d",
			STRF(value), PG_TIMEOUT_S_MAX);
	url->timeout_ms = (int)seconds * 1000;
	return NULL;
}

/* Takes ours out of the query; the others stay as they are. */
static struct err *take_params(struct arena *a, str query, struct pg_url *url, struct buf *out)
{
	char before = '?';
	str part;

	while (str_cut(&query, '&', &part)) {
		if (str_starts(part, S("schema="))) {
			TRY(take_schema(a, str_skip(part, 7), url));
		} else if (str_starts(part, S("timeout="))) {
			TRY(take_timeout(a, str_skip(part, 8), url));
		} else {
			buf_add_byte(out, before);
			buf_add(out, part);
			before = '&';
		}
	}
	return NULL;
}

struct err *pg_url_read(struct arena *a, str where, struct pg_url *ret_url)
{
	struct pg_url url = { .schema = S("claudemesh"), .timeout_ms = PG_TIMEOUT_S * 1000 };
	CLEANUP(buf_done) struct buf out = buf_make(TEXT_MAX);
	ptrdiff_t mark = str_index(where, '?');

	if (!pg_url_is(where))
		return FAIL(a, BAD_REQUEST,
			    "the address of the database does not start with postgresql://");
	TRY(check_at(a, where));
	if (memchr(where.ptr, '\0', where.len))
		return FAIL(a, BAD_REQUEST, "the address of the database holds a NUL byte");
	buf_add(&out, mark < 0 ? where : str_of(where.ptr, (size_t)mark));
	if (mark >= 0)
		TRY(take_params(a, str_skip(where, (size_t)mark + 1), &url, &out));
	if (out.full)
		return FAIL(a, BAD_REQUEST, "the address of the database is longer than %d bytes",
			    TEXT_MAX);
	url.url = arena_dup(a, buf_str(&out));
	*ret_url = url;
	return NULL;
}

str pg_url_hide(struct arena *a, str text, str secret)
{
	CLEANUP(buf_done) struct buf out = buf_make(TEXT_MAX);

	text = str_trim(text);
	while (text.len && !out.full) {
		bool here = secret.len && str_starts(text, secret);
		char c = text.ptr[0] == '\n' || text.ptr[0] == '\t' ? ' ' : text.ptr[0];

		if (here)
			buf_add(&out, S("***"));
		else
			buf_add_byte(&out, c);
		text = str_skip(text, here ? secret.len : 1);
	}
	return arena_dup(a, buf_str(&out));
}
