#include "net/url.h"

#include "base/test.h"

static const struct {
	const char *text;
	enum url_scheme scheme;
	const char *host;
	int port;
	const char *target, *path, *query, *fragment; /* NULL: absent */
	const char *authority;
} good[] = {
	{ "http://h", URL_HTTP, "h", 80, "/", "/", NULL, NULL, "h" },
	{ "https://h/", URL_HTTPS, "h", 443, "/", "/", NULL, NULL, "h" },
	{ "ws://h/ws", URL_WS, "h", 80, "/ws", "/ws", NULL, NULL, "h" },
	{ "wss://ic.example.com/ws", URL_WSS, "ic.example.com", 443, "/ws", "/ws", NULL, NULL,
	  "ic.example.com" },
	{ "WSS://IC.Example.COM/Ws", URL_WSS, "ic.example.com", 443, "/Ws", "/Ws", NULL, NULL,
	  "ic.example.com" },
	{ "ws://127.0.0.1:7900/ws", URL_WS, "127.0.0.1", 7900, "/ws", "/ws", NULL, NULL,
	  "127.0.0.1:7900" },
	{ "ws://[::1]:7900/ws", URL_WS, "::1", 7900, "/ws", "/ws", NULL, NULL, "[::1]:7900" },
	{ "https://[2001:DB8::1]", URL_HTTPS, "2001:db8::1", 443, "/", "/", NULL, NULL,
	  "[2001:db8::1]" },
	{ "http://h:80/", URL_HTTP, "h", 80, "/", "/", NULL, NULL, "h" },
	{ "http://h:443/", URL_HTTP, "h", 443, "/", "/", NULL, NULL, "h:443" },
	{ "https://h:65535", URL_HTTPS, "h", 65535, "/", "/", NULL, NULL, "h:65535" },
	{ "http://h?a=1", URL_HTTP, "h", 80, "/?a=1", "/", "a=1", NULL, "h" },
	{ "http://h/p?a=1?b&c", URL_HTTP, "h", 80, "/p?a=1?b&c", "/p", "a=1?b&c", NULL, "h" },
	{ "http://h/p?", URL_HTTP, "h", 80, "/p?", "/p", "", NULL, "h" },
	{ "https://h/i/CODE#c2VjcmV0", URL_HTTPS, "h", 443, "/i/CODE", "/i/CODE", NULL, "c2VjcmV0",
	  "h" },
	{ "https://h/p?q#f?#g", URL_HTTPS, "h", 443, "/p?q", "/p", "q", "f?#g", "h" },
	{ "https://h#", URL_HTTPS, "h", 443, "/", "/", NULL, "", "h" },
	{ "http://a_b-c.d/%41%2f", URL_HTTP, "a_b-c.d", 80, "/%41%2f", "/%41%2f", NULL, NULL,
	  "a_b-c.d" },
};

static void assert_opt(str got, const char *want)
{
	assert_int_equal(got.ptr == NULL, want == NULL);
	assert_str(got, str_from(want));
}

TEST(good_addresses)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct url u;

		assert_ok(url_parse(a, str_from(good[i].text), &u));
		assert_int_equal(u.scheme, good[i].scheme);
		assert_int_equal(url_is_ws(&u), good[i].scheme >= URL_WS);
		assert_int_equal(url_is_tls(&u),
				 good[i].scheme == URL_HTTPS || good[i].scheme == URL_WSS);
		assert_str(u.host, str_from(good[i].host));
		assert_int_equal(u.is_ipv6, strchr(good[i].text, '[') != NULL);
		assert_int_equal(u.port, good[i].port);
		assert_opt(u.target, good[i].target);
		assert_opt(u.path, good[i].path);
		assert_opt(u.query, good[i].query);
		assert_opt(u.fragment, good[i].fragment);
		assert_str(url_authority(a, &u), str_from(good[i].authority));
	}
}

static const char *const bad[] = {
	"",
	"h",
	"/ws",
	"//h/ws",
	"http:",
	"http:/h",
	"http:h",
	"ftp://h",
	"file:///etc/passwd",
	"ic://join/x",
	"javascript:alert(1)",
	" http://h",
	"http://h ",
	"http://h/a b",
	"http://h/\t",
	"http://h\n/",
	"http://h/\xc3\xa9",
	"http://h\xc3\xa9/",
	"http://h/\x7f",
	/* authority */
	"http://",
	"http:///p",
	"http://?q",
	"http://#f",
	"http://:80",
	"http://h:",
	"http://h:/",
	"http://h:0",
	"http://h:65536",
	"http://h:99999",
	"http://h:000080",
	"http://h:+1",
	"http://h:-1",
	"http://h:8o",
	"http://h:80:80",
	"http://user@h/",
	"http://user:password@h/",
	"http://@h",
	"http://h@",
	"http://a..b",
	"http://.a",
	"http://a.",
	"http://a,b",
	"http://a%41",
	"http://h\\x",
	"http://h*",
	"http://h;x",
	"http://h&x",
	"http://h=x",
	"http://h(",
	"http://'h'",
	/* IPv6 */
	"http://[",
	"http://[]",
	"http://[::1",
	"http://::1",
	"http://[::1]x",
	"http://[::1]:",
	"http://[::1]80",
	"http://[::1%25eth0]",
	"http://[::g]",
	"http://[1.2.3.4]",
	"http://[h]",
	"http://x[::1]",
	"http://[[::1]]",
	"http://[:::1]",
	"http://[1:2:3:4:5:6:7:8:9]",
	"http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
	/* path and query */
	"http://h/%",
	"http://h/%4",
	"http://h/%zz",
	"http://h/?%",
	"http://h/?a=%f",
	"http://h/\"",
	"http://h/<",
	"http://h/>",
	"http://h/\\",
};

TEST(bad_addresses)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct url u = { .port = 4711 };
		struct err *e = url_parse(a, str_from(bad[i]), &u);

		if (!e)
			print_error("accepted '%s'\n", bad[i]);
		assert_err(e, BAD_REQUEST);
		assert_int_equal(u.port, 4711);
	}
}

TEST(nul_is_refused_everywhere)
{
	static const str texts[] = { S("http://h\0"), S("http://[::1\0]/"), S("http://h/\0"),
				     S("http://h#\0"), S("\0http://h") };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct url u;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_err(url_parse(a, texts[i], &u), BAD_REQUEST);
}

TEST(lengths_are_bounded)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *text = arena_alloc(a, URL_MAX + 2);
	struct url u;

	memset(text, 'a', URL_MAX + 2);
	memcpy(text, "http://h/", 9);
	assert_ok(url_parse(a, str_of(text, URL_MAX), &u));
	assert_err(url_parse(a, str_of(text, URL_MAX + 1), &u), BAD_REQUEST);
	text[8] = 'a';
	assert_ok(url_parse(a, str_of(text, 7 + URL_HOST_MAX), &u));
	assert_err(url_parse(a, str_of(text, 7 + URL_HOST_MAX + 1), &u), BAD_REQUEST);
}

/* The part behind '#' of an invite link is its secret; a password is one anyway. */
TEST(errors_quote_no_secret)
{
	static const char *const texts[] = { "http://h:0/i/x#SECRET", "http://u:SECRET@h/",
					     "http://h/%zz#SECRET",   "ftp://h#SECRET",
					     "http://h/ #SECRET",     "http://h/SECRET%" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct url u;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err *e = url_parse(a, str_from(texts[i]), &u);

		assert_err(e, BAD_REQUEST);
		assert_false(str_contains(e->text, S("SECRET")));
	}
}

static const struct {
	const char *text, *base, *ws; /* NULL: refused */
} brokers[] = {
	{ "wss://h/ws", "https://h", "wss://h/ws" },
	{ "ws://h/ws", "http://h", "ws://h/ws" },
	{ "wss://h", "https://h", "wss://h/ws" },
	{ "wss://h/", "https://h", "wss://h/ws" },
	{ "ws://127.0.0.1:7900/ws", "http://127.0.0.1:7900", "ws://127.0.0.1:7900/ws" },
	{ "ws://[::1]:7900/ws", "http://[::1]:7900", "ws://[::1]:7900/ws" },
	{ "wss://h:443/ws", "https://h", "wss://h/ws" },
	{ "wss://h/mesh/ws", "https://h/mesh", "wss://h/mesh/ws" },
	{ "wss://h/other", "https://h/other", "wss://h/other" },
	{ "wss://h/aws", "https://h/aws", "wss://h/aws" },
	{ "https://h", "https://h", "wss://h/ws" },
	{ "https://h/", "https://h", "wss://h/ws" },
	{ "http://h:7900", "http://h:7900", "ws://h:7900/ws" },
	{ "https://h/mesh/", "https://h/mesh", "wss://h/mesh/ws" },
	{ "https://h/ws", "https://h/ws", "wss://h/ws" },
	{ "HTTPS://H", "https://h", "wss://h/ws" },
	{ "https://h/?q", NULL, NULL },
	{ "https://h/#f", NULL, NULL },
	{ "wss://h/ws?x=1", NULL, NULL },
	{ "h:7900", NULL, NULL },
};

TEST(the_two_addresses_of_a_broker)
{
	for (size_t i = 0; i < ARRAY_LEN(brokers); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		str text = str_from(brokers[i].text), got, again;

		if (!brokers[i].base) {
			assert_err(url_http_base(a, text, &got), BAD_REQUEST);
			assert_err(url_ws_address(a, text, &got), BAD_REQUEST);
			continue;
		}
		assert_ok(url_http_base(a, text, &got));
		assert_str(got, str_from(brokers[i].base));
		assert_ok(url_ws_address(a, text, &got));
		assert_str(got, str_from(brokers[i].ws));
		assert_ok(url_ws_address(a, got, &again));
		assert_str(again, got);
	}
}

static const struct {
	str text;
	const char *plain, *form; /* NULL: refused */
} escapes[] = {
	{ S(""), "", "" },
	{ S("abc"), "abc", "abc" },
	{ S("a%20b"), "a b", "a b" },
	{ S("a+b"), "a+b", "a b" },
	{ S("a%2Bb"), "a+b", "a+b" },
	{ S("%41%6a%6A"), "Ajj", "Ajj" },
	{ S("%25"), "%", "%" },
	{ S("%2525"), "%25", "%25" },
	{ S("%c3%A9"), "\xc3\xa9", "\xc3\xa9" },
	{ S("%F0%9F%98%80"), "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ S("%0a"), "\n", "\n" },
	{ S("%00"), NULL, NULL },
	{ S("a\0"), NULL, NULL },
	{ S("%"), NULL, NULL },
	{ S("%4"), NULL, NULL },
	{ S("a%g0"), NULL, NULL },
	{ S("%0x"), NULL, NULL },
	{ S("% 1"), NULL, NULL },
	{ S("%ff"), NULL, NULL },
	{ S("%c3"), NULL, NULL },
	{ S("%c0%80"), NULL, NULL },
	{ S("%ed%a0%80"), NULL, NULL },
};

TEST(escapes_are_undone)
{
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		str got;

		if (!escapes[i].plain) {
			assert_err(url_decode(a, escapes[i].text, &got), BAD_REQUEST);
			assert_err(url_decode_form(a, escapes[i].text, &got), BAD_REQUEST);
			continue;
		}
		assert_ok(url_decode(a, escapes[i].text, &got));
		assert_str(got, str_from(escapes[i].plain));
		assert_ok(url_decode_form(a, escapes[i].text, &got));
		assert_str(got, str_from(escapes[i].form));
	}
}

TEST(encode_is_the_inverse_of_decode)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char all[127];
	str got;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	assert_ok(url_decode(a, url_encode(a, str_of(all, sizeof(all))), &got));
	assert_str(got, str_of(all, sizeof(all)));
	assert_ok(url_decode_form(a, url_encode(a, str_of(all, sizeof(all))), &got));
	assert_str(got, str_of(all, sizeof(all)));
	assert_str(url_encode(a, S("a b/c?d=\xc3\xa9&+-._~\0")),
		   S("a%20b%2Fc%3Fd%3D%C3%A9%26%2B-._~%00"));
	assert_str(url_encode(a, STR_NONE), S(""));
}

TEST(queries)
{
	static const struct {
		const char *query, *name, *value;
	} cases[] = {
		{ "a=1&b=2", "a", "1" },       { "a=1&b=2", "b", "2" }, { "a=1&b=2", "c", NULL },
		{ "a=1&a=2", "a", "1" },       { "a", "a", "" },        { "a=", "a", "" },
		{ "a==b", "a", "=b" },         { "&&a=1&&", "a", "1" }, { "=x", "", "x" },
		{ "%61=x+y%2B", "a", "x y+" }, { "", "a", NULL },       { "A=1", "a", NULL },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str got;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ok(
			url_query_get(a, str_from(cases[i].query), str_from(cases[i].name), &got));
		assert_opt(got, cases[i].value);
	}
	assert_ok(url_query_get(a, STR_NONE, S("a"), &got));
	assert_null(got.ptr);
	assert_err(url_query_get(a, S("a=%ff"), S("a"), &got), BAD_REQUEST);
	assert_err(url_query_get(a, S("%=1"), S("a"), &got), BAD_REQUEST);
}

TEST_MAIN("net/url")
