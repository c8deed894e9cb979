#include "base/test.h"

#include <arpa/inet.h>

#include "net/addr.h"

static struct addr parse(const char *ip, int port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		return addr_from((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, ip, &v6.sin6_addr), 1);
	return addr_from((const struct sockaddr *)&v6);
}

static const struct {
	const char *ip, *text;
	bool is_loopback;
} cases[] = {
	{ "127.0.0.1", "127.0.0.1:80", true },
	{ "127.255.0.9", "127.255.0.9:80", true },
	{ "128.0.0.1", "128.0.0.1:80", false },
	{ "0.0.0.0", "0.0.0.0:80", false },
	{ "::1", "[::1]:80", true },
	{ "::ffff:127.0.0.1", "127.0.0.1:80", true },
	{ "::ffff:10.0.0.1", "10.0.0.1:80", false },
	{ "2001:db8::1", "[2001:db8::1]:80", false },
};

TEST(text_and_loopback)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr addr = parse(cases[i].ip, 80);

		assert_str(addr_str(a, &addr), str_from(cases[i].text));
		assert_int_equal(addr.is_loopback, cases[i].is_loopback);
	}
}

TEST(who_counts_together)
{
	struct addr a = parse("2001:db8:0:1::1", 1), b = parse("2001:db8:0:1:ffff::9", 2);
	struct addr other = parse("2001:db8:0:2::1", 1);
	struct addr v4 = parse("10.0.0.1", 1), mapped = parse("::ffff:10.0.0.1", 1);
	struct addr v4b = parse("10.0.0.2", 1);

	assert_memory_equal(a.group, b.group, 16);
	assert_memory_not_equal(a.group, other.group, 16);
	assert_memory_equal(v4.group, mapped.group, 16);
	assert_memory_not_equal(v4.group, v4b.group, 16);
}

TEST(a_unix_socket_is_not_loopback)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct addr addr = addr_from(&(struct sockaddr){ .sa_family = AF_UNIX });

	assert_true(addr.is_unix);
	assert_false(addr.is_loopback);
	assert_str(addr_str(a, &addr), S("unix"));
}

TEST_MAIN("net/addr")
