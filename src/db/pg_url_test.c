#include "db/pg_url.h"

#include "base/test.h"

static const struct { const char *where, *url, *schema; int timeout_ms; } good[] = {
	{ "postgresql://h/d", "postgresql://h/d", "claudemesh", 15000 },
	{ "postgres://u:p%40ss@h:5433/d?sslmode=require", "postgres://u:p%40ss@h:5433/d?sslmode=require",
	  "claudemesh", 15000 },
	{ "postgresql:///d?host=/run/pg&schema=mesh_2&port=6", "postgresql:///d?host=/run/pg&port=6",
	  "mesh_2", 15000 },
	{ "postgresql://h/d?schema=x", "postgresql://h/d", "x", 15000 },
	{ "postgresql://h/d?timeout=2&sslmode=disable&schema=_a9", "postgresql://h/d?sslmode=disable",
	  "_a9", 2000 },
	{ "postgresql://a,b,c:7/d", "postgresql://a,b,c:7/d", "claudemesh", 15000 },
};

TEST(our_parameters_are_taken_out)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct pg_url url;

		assert_ok(pg_url_read(a, str_from(good[i].where), &url));
		assert_str(url.url, str_from(good[i].url));
		assert_int_equal(strlen(url.url.ptr), url.url.len);
		assert_str(url.schema, str_from(good[i].schema));
		assert_int_equal(url.timeout_ms, good[i].timeout_ms);
	}
}

static const struct { const char *where, *says; } bad[] = {
	{ "mysql://h/d", "postgresql://" },
	{ "postgresql:h", "postgresql://" },
	{ "postgresql://u:hush@me@h/d", "%40" },
	{ "postgresql://u:hush/me@h/d", "%2F" },
	{ "postgresql://u:hush?me@h/d", "%3F" },
	{ "postgresql://u:hush#me@h/d", "%23" },
	{ "postgresql://h/d?password=hush@me", "%40" },
	{ "postgresql://u:hush@h/d?schema=", "schema ''" },
	{ "postgresql://u:hush@h/d?schema=A", "schema 'A'" },
	{ "postgresql://u:hush@h/d?schema=9a", "schema '9a'" },
	{ "postgresql://u:hush@h/d?schema=a\"b", "schema 'a\"b'" },
	{ "postgresql://u:hush@h/d?schema=pg_catalog", "schema 'pg_catalog'" },
	{ "postgresql://h/d?schema=a123456789012345678901234567890123456789012345678901234567890123", "63" },
	{ "postgresql://u:hush@h/d?timeout=0", "timeout '0'" },
	{ "postgresql://u:hush@h/d?timeout=601", "timeout '601'" },
	{ "postgresql://u:hush@h/d?timeout=1s", "timeout '1s'" },
};

TEST(faulty_addresses_are_refused_without_their_secret)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct pg_url url;
		struct err *e = pg_url_read(a, str_from(bad[i].where), &url);

		assert_err(e, BAD_REQUEST);
		if (!str_contains(e->text, str_from(bad[i].says)) || str_contains(e->text, S("hush")))
			fail_msg("%s: %.*s", bad[i].where, STRF(e->text));
	}
}

TEST(a_nul_and_a_long_address)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct pg_url url;
	char *longer = arena_alloc(a, 5000);

	assert_err(pg_url_read(a, S("postgresql://h/d\0e"), &url), BAD_REQUEST);
	memset(longer, 'x', 5000);
	memcpy(longer, "postgresql://", 13);
	assert_err(pg_url_read(a, str_of(longer, 5000), &url), BAD_REQUEST);
}

TEST(secrets_are_hidden)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(pg_url_hide(a, S("no 'hush' here, hushhush\nnor there\n"), S("hush")),
		   S("no '***' here, ****** nor there"));
	assert_str(pg_url_hide(a, S("nothing to hide"), S("")), S("nothing to hide"));
}

TEST_MAIN("db/pg_url")
