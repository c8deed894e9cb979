#include "broker/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/test.h"

#define HEAD "POST /cli/mesh/create HTTP/1.1\r\n"
#define LOCAL HEAD "Host: 127.0.0.1:7900\r\n"
#define JSON "Content-Type: application/json\r\n"

/* A request with that head, from that address to 127.0.0.1:7900. */
static struct server_request *request(struct arena *a, const char *head, const char *peer)
{
	struct server_request *rq = NEW(a, struct server_request);
	struct http_head *parsed = NEW(a, struct http_head);
	struct addr *from = NEW(a, struct addr), *to = NEW(a, struct addr);
	str text = arena_printf(a, "%s\r\n", head);

	assert_int_equal(http_parse_request(parsed, text), HTTP_COMPLETE);
	snprintf(from->text, sizeof(from->text), "%s", peer);
	from->is_loopback = strcmp(peer, "127.0.0.1") == 0;
	*to = (struct addr){ .text = "127.0.0.1", .port = 7900, .is_loopback = true };
	rq->arena = a;
	rq->head = parsed;
	rq->peer = from;
	rq->local = to;
	return rq;
}

static const struct {
	const char *head;
	bool may;
} local[] = {
	{ LOCAL JSON, true },
	{ HEAD "Host: localhost:7900\r\n" JSON, true },
	{ HEAD "Host: LOCALHOST:7900\r\n" JSON, true },
	{ HEAD "Host: [::1]:7900\r\n" JSON, true },
	{ LOCAL "Content-Type: application/json; charset=utf-8\r\n", true },
	{ LOCAL "content-type: Application/JSON\r\n", true },
	{ LOCAL JSON "Sec-Fetch-Mode: cors\r\n", true },
	{ LOCAL JSON "X-Forward: x\r\n", true },
	{ LOCAL JSON "X-Forwarded-For: 127.0.0.1\r\n", false },
	{ LOCAL JSON "X-Forwarded-Proto: https\r\n", false },
	{ LOCAL JSON "x-forwarded-host: localhost\r\n", false },
	{ LOCAL JSON "Forwarded: for=127.0.0.1\r\n", false },
	{ LOCAL JSON "Via: 1.1 proxy\r\n", false },
	{ LOCAL JSON "X-Real-IP: 127.0.0.1\r\n", false },
	{ LOCAL JSON "X-Forwarded: for=127.0.0.1\r\n", false },
	{ LOCAL JSON "CF-Connecting-IP: 127.0.0.1\r\n", false },
	{ LOCAL JSON "True-Client-IP: 127.0.0.1\r\n", false },
	{ "POST /cli/mesh/create HTTP/1.0\r\nHost: 127.0.0.1:7900\r\nConnection: close\r\n" JSON,
	  false },
	{ LOCAL JSON "Origin: http://127.0.0.1:7900\r\n", false },
	{ LOCAL JSON "Origin: null\r\n", false },
	{ LOCAL JSON "Origin:\r\n", false },
	{ HEAD "Host: evil.example:7900\r\n" JSON, false },
	{ HEAD "Host: 127.0.0.1.evil.example:7900\r\n" JSON, false },
	{ HEAD "Host: 127.0.0.2:7900\r\n" JSON, false },
	{ HEAD "Host: 127.0.0.1:7901\r\n" JSON, false },
	{ HEAD "Host: 127.0.0.1\r\n" JSON, false },
	{ HEAD "Host: 127.0.0.1:80\r\n" JSON, false },
	{ LOCAL, false },
	{ LOCAL "Content-Type: text/plain\r\n", false },
	{ LOCAL "Content-Type: application/x-www-form-urlencoded\r\n", false },
	{ LOCAL "Content-Type: application/jsonx\r\n", false },
	{ LOCAL "Content-Type: text/plain; application/json\r\n", false },
};

TEST(loopback_is_all_of_it)
{
	const struct policy p = { .create = CREATE_LOOPBACK, .public_is_local = true };

	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();

		if (policy_may_create(&p, request(a, local[i].head, "127.0.0.1")) != local[i].may)
			fail_msg("wrong for: %s", local[i].head);
		assert_false(policy_may_create(&p, request(a, local[i].head, "10.0.0.1")));
	}
}

TEST(loopback_needs_a_local_address_and_public_url)
{
	struct policy p = { .create = CREATE_LOOPBACK, .public_is_local = true };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct server_request *rq = request(a, LOCAL JSON, "127.0.0.1");

	((struct addr *)rq->local)->is_loopback = false;
	assert_false(policy_may_create(&p, rq));
	((struct addr *)rq->local)->is_loopback = true;
	assert_true(policy_may_create(&p, rq));
	p.public_is_local = false;
	assert_false(policy_may_create(&p, rq));
}

TEST(default_ports_count)
{
	const struct policy p = { .create = CREATE_LOOPBACK, .public_is_local = true };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct server_request *rq = request(a, HEAD "Host: 127.0.0.1\r\n" JSON, "127.0.0.1");

	((struct addr *)rq->local)->port = 80;
	assert_true(policy_may_create(&p, rq));
	rq->is_tls = true;
	assert_false(policy_may_create(&p, rq));
	((struct addr *)rq->local)->port = 443;
	assert_true(policy_may_create(&p, rq));
}

TEST(the_other_rules_do_not_look)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct server_request *good = request(a, LOCAL JSON, "127.0.0.1");
	struct server_request *bad = request(a, HEAD "Host: x\r\nVia: 1.1 y\r\n", "10.0.0.1");

	assert_true(policy_may_create(&(struct policy){ .create = CREATE_ANYONE }, bad));
	assert_false(policy_may_create(&(struct policy){ .create = CREATE_ACCOUNTS }, good));
	assert_false(policy_may_create(&(struct policy){ .create = CREATE_AUTO }, good));
}

TEST(anyone_may_create_but_not_invite_to_what_others_made)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct server_request *near = request(a, LOCAL JSON, "127.0.0.1");
	struct server_request *far = request(a, HEAD "Host: mesh.example\r\n" JSON, "10.0.0.1");
	struct policy p = { .create = CREATE_ANYONE, .public_is_local = true };

	assert_true(policy_may_create(&p, far));
	assert_false(policy_may_invite(&p, far));
	assert_true(policy_may_invite(&p, near));
	p.create = CREATE_ACCOUNTS;
	assert_false(policy_may_invite(&p, near));
}

static str account_of(struct arena *a, const char *ipv6)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = 7 };
	struct addr peer;

	assert_int_equal(inet_pton(AF_INET6, ipv6, &sa.sin6_addr), 1);
	peer = addr_from((const struct sockaddr *)&sa);
	return policy_account(a, &peer);
}

TEST(guesses_of_one_network_are_one_account)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(account_of(a, "2001:db8:1:2::1"), S("2001:0db8:0001:0002::/64"));
	assert_str(account_of(a, "2001:db8:1:2:ffff:ffff:ffff:ffff"),
		   account_of(a, "2001:db8:1:2::1"));
	assert_false(str_eq(account_of(a, "2001:db8:1:3::1"), account_of(a, "2001:db8:1:2::1")));
	assert_str(account_of(a, "::ffff:10.0.0.1"), S("10.0.0.1"));
	assert_str(account_of(a, "::1"), S("::1"));
}

static const struct {
	const char *host, *origin;
	bool ok;
} origins[] = {
	{ "127.0.0.1:7900", "http://127.0.0.1:7900", true },
	{ "localhost:7900", "http://localhost:7900", true },
	/* A name that somebody made resolve to this machine. */
	{ "mesh.example", "https://mesh.example", false },
	{ "evil.example:7900", "http://evil.example:7900", false },
	{ "localhost.evil.example:7900", "http://localhost.evil.example:7900", false },
	{ "1.2.3.4.evil.example", "http://1.2.3.4.evil.example", false },
	{ "192.168.1.5:7900", "http://192.168.1.5:7900", true },
	{ "public.example", "https://public.example", true },
	{ "public.example:443", "https://public.example", true },
	{ "[::1]:7900", "http://[::1]:7900", true },
	{ "127.0.0.1:7900", "https://public.example", true },
	{ "127.0.0.1:7900", "https://PUBLIC.example", true },
	{ "127.0.0.1:7900", "http://public.example", false },
	{ "127.0.0.1:7900", "https://public.example:444", false },
	{ "127.0.0.1:7900", "https://evil.example", false },
	{ "127.0.0.1:7900", "http://127.0.0.1:7901", false },
	{ "127.0.0.1:7900", "http://127.0.0.1", false },
	{ "127.0.0.1:7900", "http://127.0.0.1:7900.evil.example", false },
	{ "127.0.0.1:7900", "http://127.0.0.1:7900/x", false },
	{ "127.0.0.1:7900", "ws://127.0.0.1:7900", false },
	{ "127.0.0.1:7900", "null", false },
	{ "127.0.0.1:7900", "", false },
	{ "127.0.0.1:7900", "file://", false },
};

TEST(pages_of_other_sites_are_told_apart)
{
	const struct policy p = { .public_url = S("https://public.example") };

	for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		str head = arena_printf(a, "GET /ws HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n",
					origins[i].host, origins[i].origin);

		if (policy_origin_ok(&p, request(a, head.ptr, "127.0.0.1")) != origins[i].ok)
			fail_msg("wrong for host %s, origin %s", origins[i].host,
				 origins[i].origin);
	}
}

/* Who serves a page under a name by our certificate is us. */
TEST(a_name_that_tls_proved_is_ours)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct policy p = { .public_is_local = true };
	struct server_request *rq = request(a, "GET /ws HTTP/1.1\r\nHost: mesh.example:443\r\n"
					    "Origin: https://mesh.example\r\n", "1.2.3.4");

	assert_false(policy_origin_ok(&p, rq));
	rq->is_tls = true;
	assert_true(policy_origin_ok(&p, rq));
}

TEST(no_origin_is_no_page)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct policy p = { .public_url = S("") };

	assert_true(policy_origin_ok(&p, request(a, "GET /ws HTTP/1.1\r\nHost: x\r\n", "1.2.3.4")));
	assert_false(
		policy_origin_ok(&p, request(a,
					     "GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n"
					     "Origin: http://x\r\n",
					     "1.2.3.4")));
}

TEST_MAIN("broker/policy")
