#include "cli/argv.h"
#include "base/test.h"
#include "cli/projection.h"
#include "proto/enums.h"

#define FLAG_C_priority enum priority
#define FLAG_KIND_priority FLAG_ENUM
#define FLAG_WORDS_priority priority_words

enum wait_for { WAIT_ABSENT, WAIT_DELIVERED };
static const char *const wait_words[] = { "", "delivered", NULL };
#define FLAG_C_wait enum wait_for
#define FLAG_KIND_wait FLAG_CHOICE
#define FLAG_WORDS_wait wait_words

#define SEND_FLAGS(F, T) \
	F(T, priority, priority, "P", 0, 0, "priority") \
	F(T, bool, online, "", 0, 0, "online") \
	F(T, i64, max_tries, "N", 1, 10, "a name of two words") \
	F(T, duration, expires, "D", 1000, 7 * 86400000, "time") \
	F(T, wait, wait, "[=delivered]", 0, 0, "a word or nothing") \
	F(T, str, id, "ID", 1, 8, "id")
CLI_FLAGS(send, SEND_FLAGS);

static const struct command send_row = {
	.name = "send",
	.aliases = "message send, tell, mesh send text",
	.arguments = "WHO TEXT...",
	COMMAND_FLAGS(send),
	.doc = "Sends.",
};
static const struct command list_row = { .name = "list", .aliases = "ls", .arguments = "[SLUG]",
					 .fields = "slug name stats" };
static const struct command group_join_row = { .name = "group join", .arguments = "GROUP" };
static const struct command group_leave_row = { .name = "group leave", .arguments = "GROUP" };
static const struct command topic_list_row = { .name = "topic list", .aliases = "topic" };
static const struct command topic_history_row = { .name = "topic history", .arguments = "TOPIC" };
static const struct command serve_row = { .name = "serve",
					  .arguments = "[X...]",
					  .passes_on = true };
#define LAUNCH_FLAGS(F, T) \
	F(T, str, join, "LINK", 1, 512, "link") \
	F(T, str, name, "NAME", 1, 64, "name")
CLI_FLAGS(launch, LAUNCH_FLAGS);
static const struct command launch_row = { .name = "launch", .arguments = "[MESH]", .passes_dashes = true,
					   COMMAND_FLAGS(launch) };
static const struct command *const rows[] = {
	&send_row, &list_row, &group_join_row, &group_leave_row, &topic_list_row, &topic_history_row, &serve_row,
	&launch_row, NULL,
};

enum { WORDS_MAX = 16 };

/* The command line, split at '|'. */
static struct err *parse(struct arena *a, struct cli *c, const char *line)
{
	char **argv = NEW_ARRAY(a, char *, WORDS_MAX + 1); /* c->passed is a part of it */
	str rest = str_from(line), word;
	int argc = 1;

	argv[0] = (char *)"claudemesh";
	*c = (struct cli){ .arena = a };
	if (*line)
		while (argc < WORDS_MAX && str_cut(&rest, '|', &word))
			argv[argc++] = arena_cstr(a, word);
	return argv_parse(c, argc, argv, rows);
}

static const struct {
	const char *line, *command, *first, *second;
	bool json, online;
	enum priority priority;
	const char *mesh;
} good[] = {
	{ "send|bob|hi", "send", "bob", "hi" },
	{ "send|bob|hello|my|world", "send", "bob", "hello my world" },
	{ "tell|bob|hi", "send", "bob", "hi" },
	{ "mesh|send|text|bob|hi", "send", "bob", "hi" },
	{ "message|send|bob|hi", "send", "bob", "hi" },
	{ "--json|send|bob|hi", "send", "bob", "hi", .json = true },
	{ "send|--json|bob|hi", "send", "bob", "hi", .json = true },
	{ "send|bob|hi|--json", "send", "bob", "hi", .json = true },
	{ "--priority|now|send|bob|hi", "send", "bob", "hi", .priority = PRIORITY_NOW },
	{ "send|bob|--priority=low|hi", "send", "bob", "hi", .priority = PRIORITY_LOW },
	/* A flag without a value does not eat the next word (client.md 15.3, 36). */
	{ "send|--online|bob|hi", "send", "bob", "hi", .online = true },
	{ "send|bob|--|--json", "send", "bob", "--json" },
	{ "send|bob|-", "send", "bob", "-" },
	{ "--|send|bob|hi", "send", "bob", "hi" },
	{ "send|bob|hi|--mesh|demo", "send", "bob", "hi", .mesh = "demo" },
	{ "send|bob|hi|--mesh=demo", "send", "bob", "hi", .mesh = "demo" },
	{ "send|bob|", "send", "bob", "" },
	{ "group|join|dev", "group join", "dev", NULL },
	{ "ls", "list", NULL, NULL },
	{ "ls|demo", "list", "demo", NULL },
	{ "", NULL, NULL, NULL },
	{ "--json", NULL, NULL, NULL, .json = true },
};

static void same_text(str got, const char *want)
{
	assert_str(got, str_from(want));
	assert_true((got.ptr == NULL) == (want == NULL));
}

TEST(c_36_flags_stand_anywhere)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct cli c;

		assert_ok(parse(a, &c, good[i].line));
		same_text(c.command ? str_from(c.command->name) : STR_NONE, good[i].command);
		same_text(c.args[0], good[i].first);
		same_text(c.args[1], good[i].second);
		same_text(c.global.mesh, good[i].mesh);
		assert_int_equal(c.global.json.ptr != NULL, good[i].json);
		if (c.command == &send_row) {
			const struct send_flags *in = c.flags;

			assert_int_equal(in->online, good[i].online);
			assert_int_equal(in->priority, good[i].priority);
		}
	}
}

/* What is wrong, what would be right, and what is near. */
static const struct {
	const char *line, *field, *code, *reason, *expected, *nearest;
} bad[] = {
	{ "sned|bob|hi", "command", "unknown", "there is no command 'sned'", "help", "send" },
	{ "li", "command", "unknown", "there is no command 'li'", "help", "list" },
	{ "xyzzy", "command", "unknown", "there is no command 'xyzzy'", "'claudemesh help'", "" },
	{ "group", "command", "unknown", "there is no command 'group'", "'group join', 'group leave'", "" },
	{ "group|jion|dev", "command", "unknown", "there is no command 'group jion'", "help", "group join" },
	{ "topic|histroy|x", "command", "unknown", "there is no command 'topic histroy'", "help", "topic history" },
	{ "topic|list|x", "arguments", "too_many", "'x' is one argument too many", "claudemesh topic list", "" },
	{ "http://x/about", "command", "unknown", "there is no command 'http://x/about'",
	  "claudemesh join LINK", "" },
	{ "send|bob|hi|--prioriti|now", "flag", "unknown", "no flag '--prioriti'", "help send", "--priority" },
	{ "send|bob|hi|--jsn", "flag", "unknown", "there is no flag '--jsn'", "help send", "--json" },
	{ "list|--online", "flag", "unknown", "there is no flag '--online'", "help list", "" },
	{ "--frobnicate", "flag", "unknown", "there is no flag '--frobnicate'", "'claudemesh help'", "" },
	{ "send|bob|-1", "flag", "unknown", "there is no flag '-1'", "after '--'", "" },
	{ "send|bob|hi|-abc", "flag", "unknown", "there is no flag '-abc'", "after '--'", "" },
	{ "send|bob", "arguments", "missing", "TEXT... is missing", "claudemesh send WHO TEXT...", "" },
	{ "send", "arguments", "missing", "WHO is missing", "claudemesh send WHO TEXT...", "" },
	{ "list|a|b", "arguments", "too_many", "'b' is one argument too many", "claudemesh list [SLUG]", "" },
	{ "list|a|slug,name|--json", "arguments", "too_many", "'slug,name'", "", "--json=slug,name" },
	{ "send|bob|hi|--mesh", "mesh", "missing", "--mesh needs a value", "--mesh SLUG", "" },
	{ "send|bob|hi|--mesh|--json", "mesh", "missing", "--mesh needs a value", "--mesh SLUG", "" },
	{ "send|bob|hi|--mesh=", "mesh", "missing", "the value of --mesh has 0 bytes", "1 to 64", "" },
	{ "send|bob|hi|--json=yes", "json", "not_supported", "no fields", "--json alone", "" },
	{ "list|--json=nmae", "json", "unknown", "'list' has no field 'nmae'", "slug name stats", "name" },
	{ "list|--json=slug,slug", "", "", "", "", "" },
	{ "list|--json=slug,", "json", "missing", "without a name", "slug", "" },
	{ "send|bob|hi|--online=yes", "online", "bad_format", "--online takes no value", "alone", "" },
	{ "send|bob|hi|--priority|nwo", "priority", "bad_format", "no priority 'nwo'", "now, next, low", "now" },
	{ "send|bob|hi|--priority|urgentissimo", "priority", "bad_format", "no priority", "now, next", "" },
	{ "send|bob|hi|--priority=", "priority", "missing", "no priority given", "now, next, low", "" },
	{ "send|bob|hi|--max-tries|11", "max-tries", "too_long", "too large", "from 1 to 10", "" },
	{ "send|bob|hi|--max-tries|two", "max-tries", "bad_format", "not a whole number", "from 1 to 10", "" },
	{ "send|bob|hi|--max_tries|2", "flag", "unknown", "'--max_tries'", "help send", "--max-tries" },
	{ "send|bob|hi|--expires|soon", "expires", "bad_format", "not a duration", "from 1s to 7d", "" },
	{ "send|bob|hi|--expires|8d", "expires", "too_long", "too long", "from 1s to 7d", "" },
	{ "send|bob|hi|--id|123456789", "id", "too_long", "--id has 9 bytes", "1 to 8 bytes", "" },
	{ "send||hi", "target", "missing", "no recipient", "@group", "" },
	{ "send|#general|hi", "target", "bad_format", "topic", "@group", "" },
	{ "send|@a b|hi", "group", "bad_charset", "characters", "letters", "" },
	{ "group|join|@", "group", "missing", "no group", "letters", "" },
	{ "send|b\xffo|hi", "", "", "word 2 is not UTF-8", "", "" },
};

TEST(every_slip_is_one_clear_error_with_status_3)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct cli c;
		struct err *e = parse(a, &c, bad[i].line);
		struct err_tiers none = { .reason = e ? e->text : STR_NONE };
		const struct err_tiers *t = e && e->tiers ? e->tiers : &none;

		assert_err(e, BAD_REQUEST);
		assert_int_equal(err_exit(e), 3);
		if (!str_contains(t->reason, str_from(bad[i].reason)))
			print_error("%s: %.*s\n", bad[i].line, STRF(t->reason));
		assert_str(t->field, str_from(bad[i].field));
		assert_str(t->code, str_from(bad[i].code));
		assert_true(str_contains(t->reason, str_from(bad[i].reason)));
		assert_true(str_contains(t->expected, str_from(bad[i].expected)));
		assert_str(t->nearest, str_from(bad[i].nearest));
	}
}

TEST(fields_of_json)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c;

	assert_ok(parse(a, &c, "list|--json=slug,stats.in"));
	assert_int_equal(c.projection->n, 2);
	assert_str(c.projection->names[1], S("stats.in"));
	assert_ok(parse(a, &c, "list|--json"));
	assert_null(c.projection);
}

TEST(an_error_of_another_flag_leaves_json_set)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c;

	assert_err(parse(a, &c, "sned|--mesh|--json"), BAD_REQUEST);
	assert_non_null(c.global.json.ptr);
	assert_err(parse(a, &c, "send|bob|--nope|--json"), BAD_REQUEST);
	assert_non_null(c.global.json.ptr);
}

TEST(help_asks_for_nothing_else)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c;

	assert_ok(parse(a, &c, "send|--help"));
	assert_true(c.global.help);
	assert_ptr_equal(c.command, &send_row);
	assert_ok(parse(a, &c, "-h"));
	assert_null(c.command);
	assert_ok(parse(a, &c, "-V"));
	assert_true(c.global.version);
}

TEST(what_is_passed_on_is_left_alone_but_for_global_flags)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c;

	assert_ok(parse(a, &c, "--quiet|serve|--listen|:0|--json|--help|--mesh|x|--|--yes"));
	assert_ptr_equal(c.command, &serve_row);
	assert_true(c.global.quiet && c.global.json.ptr && !c.global.help && !c.global.yes);
	assert_string_equal(c.passed[0], "--listen");
	assert_string_equal(c.passed[1], ":0");
	assert_string_equal(c.passed[2], "--help");
	assert_string_equal(c.passed[3], "--");
	assert_string_equal(c.passed[4], "--yes");
	assert_null(c.passed[5]);
}

TEST(a_link_in_the_place_of_a_command_is_launched_with)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct launch_flags *flags;
	struct cli c;

	assert_ok(parse(a, &c, "--quiet|https://h.example/i/abcdefgh#s|--name|bob|--|--model|x"));
	flags = c.flags;
	assert_ptr_equal(c.command, &launch_row);
	assert_str(flags->join, S("https://h.example/i/abcdefgh#s"));
	assert_str(flags->name, S("bob"));
	assert_true(c.global.quiet);
	assert_int_equal(c.args_n, 0);
	assert_string_equal(c.passed[0], "--model");
	assert_string_equal(c.passed[1], "x");
	/* Elsewhere it is a word like any other. */
	assert_ok(parse(a, &c, "send|bob|https://h.example/i/abcdefgh"));
	assert_ptr_equal(c.command, &send_row);
	assert_str(c.args[1], S("https://h.example/i/abcdefgh"));
	assert_err(parse(a, &c, "https://h.example/"), BAD_REQUEST);
}

TEST(numbers_and_times_arrive_as_such)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct send_flags *in;
	struct cli c;

	assert_ok(parse(a, &c, "send|b|t|--max-tries|7|--expires=2h|--id|a=b"));
	in = c.flags;
	assert_int_equal(in->max_tries, 7);
	assert_int_equal(in->expires, 7200000);
	assert_str(in->id, S("a=b"));
}

TEST_MAIN("cli/argv")
