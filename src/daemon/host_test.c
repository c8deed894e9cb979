#include "daemon/host.h"

#include "client/file.h"
#include "client/test_dir.h"

static const struct clock_fixed noon = { .us = 1767268800000000 };

static struct place place_of(struct arena *a)
{
	struct paths p = test_paths(a);
	struct place pl;

	p.daemon = p.dir;
	assert_ok(place_find(a, &p, STR_NONE, &pl));
	return pl;
}

static enum host_outcome check(struct arena *a, const struct place *pl, const char *id,
			       const char *mac)
{
	struct clock_fixed fixed = noon;
	struct clock clock = clock_fixed(&fixed);
	struct host h = { str_from(id), str_from(mac) };
	enum host_outcome outcome;

	assert_ok(host_check(a, pl, &clock, &h, &outcome));
	return outcome;
}

TEST(vector_of_the_reference)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct host h = { S("linux:abc"), S("aa:bb:cc:dd:ee:ff") };

	assert_str(host_fingerprint(a, &h),
		   S("47df24aef43224b3ac92ec2de2ebd381cdb69b205649b30f2f7c7f4cdde15789"));
}

TEST(the_same_machine_another_and_nonsense)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = place_of(a);
	str content;

	assert_int_equal(check(a, &pl, "linux:abc", "aa:bb:cc:dd:ee:ff"), HOST_FIRST_RUN);
	assert_int_equal(test_mode(a, pl.host), 0600);
	assert_int_equal(check(a, &pl, "linux:abc", "aa:bb:cc:dd:ee:ff"), HOST_MATCH);
	/* Another card, the same machine: the file is brought up to date. */
	assert_int_equal(check(a, &pl, "linux:abc", "aa:bb:cc:dd:ee:00"), HOST_MATCH);
	assert_ok(file_read_private(a, pl.host, &content));
	assert_true(str_contains(content, S("aa:bb:cc:dd:ee:00")));
	assert_int_equal(check(a, &pl, "linux:xyz", "aa:bb:cc:dd:ee:00"), HOST_MISMATCH);
	assert_int_equal(check(a, &pl, "", ""), HOST_UNAVAILABLE);
	test_write(a, pl.host, S("{nonsense"), 0600);
	assert_int_equal(check(a, &pl, "linux:abc", ""), HOST_UNAVAILABLE);
	test_write(a, pl.host, S("{\"schema_version\":9,\"fingerprint\":\"x\"}"), 0600);
	assert_int_equal(check(a, &pl, "linux:abc", ""), HOST_UNAVAILABLE);
}

/* hex SHA-256 of "linux:abc" NUL "aa:bb:cc:dd:ee:ff", by sha256sum. */
#define V1 "e2aa2460c76aea6eb23b915208ccd4aa7bc0bf8cf9a66adf38e6fd1b245ad753"

TEST(a_file_of_the_first_version_is_rewritten)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = place_of(a);
	str content;

	test_write(a, pl.host, S("{\"schema_version\":1,\"fingerprint\":\"" V1 "\"}"), 0600);
	assert_int_equal(check(a, &pl, "linux:other", ""), HOST_MISMATCH);
	assert_int_equal(check(a, &pl, "linux:abc", "aa:bb:cc:dd:ee:ff"), HOST_MATCH);
	assert_ok(file_read_private(a, pl.host, &content));
	assert_true(str_contains(content, S("\"schema_version\":2")));
}

static void card(struct arena *a, str root, const char *name, const char *mac)
{
	str dir = arena_printf(a, "%.*s/sys/class/net/%s", STRF(root), name);

	mkdir(arena_printf(a, "%.*s/sys", STRF(root)).ptr, 0700);
	mkdir(arena_printf(a, "%.*s/sys/class", STRF(root)).ptr, 0700);
	mkdir(arena_printf(a, "%.*s/sys/class/net", STRF(root)).ptr, 0700);
	assert_int_equal(mkdir(dir.ptr, 0700), 0);
	test_write(a, arena_printf(a, "%.*s/address", STRF(dir)), str_from(mac), 0600);
}

TEST(which_card_counts)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str root = test_dir(a);
	struct host h;

	host_read(a, root.ptr, &h);
	assert_true(str_empty(h.id) && str_empty(h.mac));
	card(a, root, "lo", "10:00:00:00:00:01\n");
	card(a, root, "veth12", "10:00:00:00:00:02\n");
	card(a, root, "ap0", "10:00:00:00:00:03\n");
	card(a, root, "dummy", "00:00:00:00:00:00\n");
	card(a, root, "odd", "hello\n");
	host_read(a, root.ptr, &h);
	assert_true(str_empty(h.mac));
	card(a, root, "aaa", "02:00:00:00:00:04\n");
	host_read(a, root.ptr, &h);
	assert_str(h.mac, S("02:00:00:00:00:04"));
	card(a, root, "wlan1", "10:00:00:00:00:AA\n");
	card(a, root, "eth5", "10:00:00:00:00:06\n");
	mkdir(arena_printf(a, "%.*s/etc", STRF(root)).ptr, 0700);
	test_write(a, arena_printf(a, "%.*s/etc/machine-id", STRF(root)), S("abc\n"), 0600);
	host_read(a, root.ptr, &h);
	assert_str(h.mac, S("10:00:00:00:00:06"));
	assert_str(h.id, S("linux:abc"));
}

TEST_MAIN("daemon/host")
