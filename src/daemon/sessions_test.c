#include "daemon/sessions.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"
#include "client/file.h"
#include "client/test_dir.h"
#include "crypto/fingerprint.h"
#include "daemon/process.h"

#define TOKEN_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define TOKEN_2 "ABCDEF1111111111111111111111111111111111111111111111111111111111"
#define UUID_1 "0b4fd3a0-1111-4222-8333-abcdefabcdef"
#define UUID_2 "0b4fd3a0-2222-4222-8333-abcdefabcdef"

struct bench {
	struct arena *a;
	struct loop *loop;
	struct clock_fixed time;
	struct clock clock;
	struct paths paths;
	str file;
	struct sessions *ss;
	int began, ended;
	str last_why;
	bool left; /* the mesh is not joined */
};

static void on_session(void *arg, struct session *s)
{
	((struct bench *)arg)->began++;
	assert_int_equal(s->pubkey.len, 64);
}

static void on_end(void *arg, struct session *s, const char *why)
{
	struct bench *b = arg;

	b->ended++;
	b->last_why = str_from(why);
	assert_int_equal(s->pubkey.len, 64);
}

static bool get_mesh(void *arg, str slug, str *ret_mesh_id, str *ret_member_pubkey)
{
	struct bench *b = arg;

	if (b->left || !str_eq(slug, S("flock")))
		return false;
	*ret_mesh_id = S("mesh0001");
	*ret_member_pubkey = S("3e3be5");
	return true;
}

static const struct sessions_handler handler = { on_session, on_end, get_mesh };

static void reopen(struct bench *b)
{
	sessions_free(b->ss);
	b->ss = sessions_new(b->loop, &b->clock, &b->paths, b->file, &handler, b);
}

static void start(struct bench *b)
{
	*b = (struct bench){ .a = arena_new(), .time = { 1700000000000000 } };
	assert_ok(loop_new(b->a, &b->loop));
	b->clock = clock_fixed(&b->time);
	b->paths = test_paths(b->a);
	b->file = arena_printf(b->a, "%.*s/sessions.json", STRF(b->paths.dir));
	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	reopen(b);
}

static void end(struct bench *b)
{
	sessions_free(b->ss);
	loop_free(b->loop);
	arena_free(b->a);
}

static struct session_request request(const char *token, const char *id)
{
	return (struct session_request){ .token = str_from(token),
					 .session_id = str_from(id),
					 .mesh = S("flock"),
					 .display_name = S("Alice"),
					 .pid = getpid(),
					 .cwd = S("/srv/app"),
					 .role = S("tester") };
}

static struct session *enter(struct bench *b, const struct session_request *in)
{
	struct session *s;
	bool stored;

	assert_ok(sessions_register(b->a, b->ss, in, &s, &stored));
	assert_true(stored);
	return s;
}

TEST(a_session_is_found_by_its_token)
{
	struct session_request in = request(TOKEN_1, UUID_1);
	struct session *s;
	struct bench b;

	start(&b);
	s = enter(&b, &in);
	assert_int_equal(b.began, 1);
	assert_ptr_equal(sessions_get(b.ss, S(TOKEN_1)), s);
	assert_null(sessions_get(b.ss, S(TOKEN_2)));
	assert_null(sessions_get(b.ss, S("")));
	assert_null(sessions_get(b.ss, s->token_hash));
	assert_ptr_equal(sessions_get_key(b.ss, S("mesh0001"), s->pubkey), s);
	assert_null(sessions_get_key(b.ss, S("mesh0002"), s->pubkey));
	assert_str(s->cwd, S("/srv/app"));
	assert_str(s->member_pubkey, S("3e3be5"));
	assert_err(sessions_end(b.a, b.ss, S(TOKEN_2)), NOT_FOUND);
	assert_ok(sessions_end(b.a, b.ss, S(TOKEN_1)));
	assert_int_equal(b.ended, 1);
	assert_null(sessions_get(b.ss, S(TOKEN_1)));
	end(&b);
}

TEST(c_14_the_file_holds_no_token_and_no_key)
{
	struct session_request in = request(TOKEN_1, UUID_1);
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct session *s;
	struct bench b;
	str text;

	start(&b);
	s = enter(&b, &in);
	assert_ok(sessions_pair(b.a, b.ss, s, &pair));
	assert_ok(file_read_private(b.a, b.file, &text));
	assert_true(str_contains(text, S(UUID_1)));
	assert_true(str_contains(text, sha256_hex(b.a, S(TOKEN_1))));
	assert_false(str_contains(text, S("11111111")));
	assert_false(str_contains(text, sign_pair_secret(b.a, &pair)));
	assert_int_equal(test_mode(b.a, b.file), 0600);
	end(&b);
}

TEST(c_02_lists_show_no_secret)
{
	struct session_request in = request(TOKEN_1, UUID_1);
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	CLEANUP(buf_done) struct buf text = buf_make(8192);
	struct json_out out = json_out(&text);
	struct session *s;
	struct bench b;
	str secret;

	start(&b);
	s = enter(&b, &in);
	assert_ok(sessions_pair(b.a, b.ss, s, &pair));
	session_json(b.a, &out, s);
	secret = sign_pair_secret(b.a, &pair);
	assert_true(str_contains(buf_str(&text), s->pubkey));
	assert_false(str_contains(buf_str(&text), str_of(secret.ptr, 64)));
	assert_false(str_contains(buf_str(&text), s->token_hash));
	assert_false(str_contains(buf_str(&text), S(TOKEN_1)));
	end(&b);
}

TEST(the_same_session_under_a_new_token_replaces_the_old_one)
{
	struct session_request in = request(TOKEN_1, UUID_1), again = request(TOKEN_2, UUID_1);
	struct session *s;
	struct bench b;
	str key;

	start(&b);
	key = arena_dup(b.a, enter(&b, &in)->pubkey);
	s = enter(&b, &again);
	assert_int_equal(b.ended, 1);
	assert_str(s->pubkey, key);
	assert_null(sessions_get(b.ss, S(TOKEN_1)));
	assert_ptr_equal(sessions_get(b.ss, S(TOKEN_2)), s);
	assert_ptr_equal(enter(&b, &again), s);
	assert_int_equal(b.ended, 1);
	again.role = S("other");
	enter(&b, &again);
	assert_int_equal(b.ended, 2);
	end(&b);
}

static const struct {
	const char *field;
	struct session_request in;
} refused[] = {
	{ "token", { S("12"), S(UUID_1), S("flock"), S("A"), 0 } },
	{ "session_id", { S(TOKEN_1), S(""), S("flock"), S("A"), 0 } },
	{ "mesh", { S(TOKEN_1), S(UUID_1), S(""), S("A"), 0 } },
	{ "mesh", { S(TOKEN_1), S(UUID_1), S("nowhere"), S("A"), 0 } },
	{ "pid", { S(TOKEN_1), S(UUID_1), S("flock"), S("A"), -1 } },
	{ "pid", { S(TOKEN_1), S(UUID_1), S("flock"), S("A"), INT32_MAX } },
	{ "display_name", { S(TOKEN_1), S(UUID_1), S("flock"), S("\xff"), 0 } },
	{ "role", { S(TOKEN_1), S(UUID_1), S("flock"), S("A"), 0, S("/"), S("\0") } },
};

TEST(what_a_client_says_of_its_session_is_checked)
{
	struct session *s;
	struct bench b;
	bool stored;

	start(&b);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct err *e = sessions_register(b.a, b.ss, &refused[i].in, &s, &stored);

		assert_says(e, refused[i].field);
	}
	assert_int_equal(b.began, 0);
	end(&b);
}

TEST(after_a_restart_sessions_whose_process_runs_are_back)
{
	struct group_args group = { S("reviewers"), S("lead") };
	struct session_request in = request(TOKEN_1, UUID_1), dead = request(TOKEN_2, UUID_2);
	struct session *s;
	i64 restored, dropped;
	pid_t pid = fork();
	struct bench b;
	str key;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	start(&b);
	in.groups = (struct group_list){ &group, 1, true };
	key = arena_dup(b.a, enter(&b, &in)->pubkey);
	dead.pid = pid;
	enter(&b, &dead);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	reopen(&b);
	assert_ok(sessions_restore(b.a, b.ss, &restored, &dropped));
	assert_int_equal(restored, 1);
	assert_int_equal(dropped, 1);
	s = sessions_get(b.ss, S(TOKEN_1));
	assert_non_null(s);
	assert_str(s->pubkey, key);
	assert_str(s->role, S("tester"));
	assert_int_equal(s->groups.n, 1);
	assert_str(s->groups.items[0].role, S("lead"));
	reopen(&b);
	b.left = true;
	assert_ok(sessions_restore(b.a, b.ss, &restored, &dropped));
	assert_int_equal(restored, 0);
	end(&b);
}

TEST(c_57_a_session_ends_with_its_process)
{
	struct session_request in = request(TOKEN_1, UUID_1);
	pid_t pid = fork();
	struct bench b;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	start(&b);
	in.pid = pid;
	enter(&b, &in);
	loop_turn(b.loop, 0);
	assert_int_equal(b.ended, 0);
	kill(pid, SIGKILL);
	for (int i = 0; i < 100 && !b.ended; i++)
		loop_turn(b.loop, 50);
	assert_int_equal(b.ended, 1);
	assert_str(b.last_why, S("its process ended"));
	waitpid(pid, NULL, 0);
	end(&b);
}

TEST(c_23_a_session_that_is_heard_of_does_not_grow_old)
{
	struct session_request in = request(TOKEN_1, UUID_1), quiet = request(TOKEN_2, UUID_2);
	i64 restored, dropped;
	struct bench b;

	start(&b);
	in.pid = quiet.pid = 0;
	enter(&b, &in);
	enter(&b, &quiet);
	b.time.us += (SESSION_TTL_MS - 1000) * 1000;
	assert_non_null(sessions_get(b.ss, S(TOKEN_1)));
	b.time.us += 2000 * 1000;
	reopen(&b);
	assert_ok(sessions_restore(b.a, b.ss, &restored, &dropped));
	assert_int_equal(restored, 1);
	assert_non_null(sessions_get(b.ss, S(TOKEN_1)));
	assert_null(sessions_get(b.ss, S(TOKEN_2)));
	end(&b);
}

TEST(sessions_of_a_mesh_that_was_left_end)
{
	struct session_request in = request(TOKEN_1, UUID_1), other = request(TOKEN_2, UUID_2);
	struct bench b;
	size_t n;

	start(&b);
	enter(&b, &in);
	enter(&b, &other);
	sessions_list(b.a, b.ss, &n);
	assert_int_equal(n, 2);
	sessions_end_mesh(b.ss, S("mesh0002"));
	assert_int_equal(b.ended, 0);
	sessions_end_mesh(b.ss, S("mesh0001"));
	assert_int_equal(b.ended, 2);
	end(&b);
}

TEST(a_file_of_the_reference_or_a_broken_one_restores_nobody)
{
	i64 restored, dropped;
	struct bench b;

	start(&b);
	test_write(b.a, b.file, S("{\"version\":1,\"sessions\":[{\"token\":\"x\"}]}"), 0600);
	assert_err(sessions_restore(b.a, b.ss, &restored, &dropped), BAD_REQUEST);
	test_write(b.a, b.file, S("{\"version\":2,\"sess"), 0600);
	assert_err(sessions_restore(b.a, b.ss, &restored, &dropped), BAD_JSON);
	end(&b);
}

TEST_MAIN("daemon/sessions")
