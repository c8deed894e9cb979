#include "base/test.h"

#include "bench/options.h"

static const struct {
	const char *url;
	bool fine;
} addresses[] = {
	{ "http://127.0.0.1:7900", true },
	{ "ws://127.9.8.7/ws", true },
	{ "http://[::1]:7900", true },
	{ "http://localhost:1", true },
	{ "http://LOCALHOST", true },
	{ "http://127.0.0.1.example.org", false },
	{ "http://127.example.org", false },
	{ "http://10.0.0.1", false },
	{ "https://example.org", false },
	{ "http://localhost.example.org", false },
	{ "http://0.0.0.0", false },
	{ "http://[::2]", false },
	{ "http://127.0.0.1@example.org", false },
};

TEST(only_this_machine_is_loaded)
{
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		bool fine = !options_check_loopback(a, str_from(addresses[i].url));

		if (fine != addresses[i].fine)
			print_error("%s\n", addresses[i].url);
		assert_int_equal(fine, addresses[i].fine);
	}
}

static struct err *parse(struct arena *a, char *line, struct bench_flags *ret_flags)
{
	char *argv[32] = { (char[]){ "bench" } }, *rest = line, *word;
	int n = 1;

	while ((word = strsep(&rest, " ")))
		argv[n++] = word;
	return options_parse(a, n, argv, ret_flags);
}

TEST(what_is_left_out_is_filled_in)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char line[] = "--broker http://127.0.0.1:7900 --clients=4 --pattern fanout";
	struct bench_flags f;

	assert_ok(parse(a, line, &f));
	assert_int_equal(f.clients, 4);
	assert_int_equal(f.pattern, PATTERN_FANOUT);
	assert_int_equal(f.messages, MESSAGES_DEFAULT);
	assert_int_equal(f.window, WINDOW_DEFAULT);
	assert_int_equal(f.deadline, DEADLINE_DEFAULT_MS);
}

TEST(a_pattern_says_who_sends)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char direct[] = "--spawn x --clients 12 --meshes 3", fanout[] = "--spawn x --pattern fanout";
	char idle[] = "--spawn x --pattern idle";
	struct bench_flags f;

	assert_ok(parse(a, direct, &f));
	assert_int_equal(f.senders, 4);
	assert_ok(parse(a, fanout, &f));
	assert_int_equal(f.senders, 1);
	assert_ok(parse(a, idle, &f));
	assert_int_equal(f.duration, IDLE_DEFAULT_MS);
}

static const char *const refused[] = {
	"--clients 4",
	"--broker http://127.0.0.1:1 --spawn x",
	"--broker http://example.org",
	"--broker http://127.0.0.1:1 --kills 2",
	"--broker http://127.0.0.1:1 --kill-every 100",
	"--broker http://127.0.0.1:1 --data x",
	"--spawn x --gently",
	"--spawn x --pattern fanout --kills 2",
	"--spawn x --pattern connect --kills 2",
	"--spawn x --pattern drain --kills 2",
	"--broker http://127.0.0.1:1 --database postgresql:///x",
	"--spawn x --clients 10 --meshes 3",
	"--spawn x --clients 10 --meshes 10",
	"--spawn x --clients 10 --meshes 2 --senders 6",
	"--spawn x --clients 6 --meshes 2 --pattern offline",
	"--spawn x --pattern idle --messages 5",
	"--spawn x --pattern idle --queued 5",
	"--spawn x --pattern connect --senders 1",
	"--spawn x --pattern connect --pause 5",
	"--spawn x --pattern drain --warmup 5",
	"--spawn x --queued 5 --kills 1",
	"--spawn x --yardstick",
	"--broker http://127.0.0.1:1 --compare",
	"--spawn x --compare --kills 2",
	"--yardstick --pattern idle",
	"--yardstick --queued 5",
	"--yardstick --rounds 2",
	"--spawn x --compare --data y",
	"--spawn x --messages 5 --duration 5s",
	"--spawn x --pattern offline --clients 3",
	"--spawn x --clients 1",
	"--spawn x --nonsense",
	"--spawn x --pattern nonsense",
	"--spawn x stray",
	"--spawn",
};

TEST(flags_that_do_not_fit_together_are_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct bench_flags f;

		if (!parse(a, arena_cstr(a, str_from(refused[i])), &f))
			fail_msg("taken: %s", refused[i]);
	}
}

TEST(help_names_every_flag)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str help = options_help(a);

	for (const struct flag *f = bench_flag_table; f->name; f++)
		assert_true(str_contains(help, flag_spelling(a, f)));
}

TEST_MAIN("bench/options")
