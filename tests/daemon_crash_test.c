/*
 * daemon_crash_test.c BROKER CLAUDEMESH [MESSAGES [SEED]] - users send through their daemons
 * and post while daemons, sessions and the broker are killed at random moments: every id that
 * was answered must arrive at its recipient, once.
 *
 * A thread a user sends, and asks again under the same id until it has an answer; one more
 * thread kills. What is killed is started again at once.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/log.h"
#include "client/ipc.h"
#include "client/mesh.h"
#include "client/test_dir.h"
#include "conv/broker.h"
#include "conv/wire.h"

enum {
	USERS = 3,
	MESSAGES_DEFAULT = 1200,
	PATIENCE_MS = 60000, /* for one message to be answered, and for all to arrive */
	RETRY_MS = 5,
	KILL_MIN_MS = 20,
	KILL_SPAN_MS = 100,
	SESSION_EVERY = 3, /* every third message is a session's */
	POST_EVERY = 4,    /* and every fourth a post to #general, in which all are */
	PAGE = 1000,
	DAEMON_ARGS = 4,
};

struct user {
	struct arena *a; /* of its thread */
	int number, messages;
	struct paths paths;
	struct config_mesh_args mesh;
	struct ipc ipc;
	const char *dir, *log;
	struct user *to;
	pthread_t thread;
	/* under lock */
	pid_t daemon, session;
	int sessions;   /* how many there were */
	char token[65]; /* of the present one; empty: to be registered */
	/* when all is done */
	bool *seen; /* by message of who sends to us */
	int received;
	char trouble[256]; /* why its inbox cannot be read */
};

static struct {
	const char *broker, *claudemesh;
	int messages;
	u64 seed;
} options;

static struct user users[USERS];
static struct broker broker;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool sending_over, kills_over, all_over;
/* Of the killer's thread, until kills_over. */
static struct {
	int daemons, sessions, brokers;
} killed;

static pid_t spawn_daemon(const struct user *u)
{
	char *argv[DAEMON_ARGS + 1] = { (char *)options.claudemesh, (char *)"daemon", (char *)"up",
					(char *)"--foreground", NULL };
	char env[256];
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(u->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		snprintf(env, sizeof(env), "CLAUDEMESH_CONFIG_DIR=%s", u->dir);
		putenv(env);
		unsetenv("CLAUDEMESH_IPC_TOKEN");
		execv(options.claudemesh, argv);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* A process that stands for an agent. */
static pid_t spawn_session(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The session that is killed has messages on their way, and the next one is another. */
static void kill_one(struct random *r)
{
	struct user *u = &users[random_below(r, USERS)];
	u64 what = random_below(r, 10);

	pthread_mutex_lock(&lock);
	if (what < 6) {
		kill_and_reap(u->daemon);
		u->daemon = spawn_daemon(u);
		killed.daemons++;
	} else if (what < 8) {
		if (u->session) {
			kill_and_reap(u->session);
			killed.sessions++;
		}
		u->session = 0;
		u->token[0] = '\0';
	}
	pthread_mutex_unlock(&lock);
	if (what >= 8) {
		CLEANUP(arena_freep) struct arena *a = arena_new();

		broker_kill(&broker);
		assert_ok(broker_start(a, &broker));
		killed.brokers++;
	}
}

static void *killer(void *arg)
{
	struct random_seed seed = { options.seed };
	struct random r = random_seeded(&seed);

	while (!atomic_load(&sending_over)) {
		poll(NULL, 0, KILL_MIN_MS + (int)random_below(&r, KILL_SPAN_MS));
		kill_one(&r);
	}
	atomic_store(&kills_over, true);
	/* Its children die with this thread. */
	while (!atomic_load(&all_over))
		poll(NULL, 0, KILL_MIN_MS);
	return NULL;
}

/* Registers a new session if there is none; false: the daemon is not there now. */
static bool have_session(struct user *u, struct ipc *ipc)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char token[65];
	struct ipc_request rq = { .target = S("/v1/sessions/register"), .deadline_ms = 2000 };
	struct ipc_reply reply;
	pid_t pid;
	bool ok;

	pthread_mutex_lock(&lock);
	memcpy(token, u->token, sizeof(token));
	if (!token[0] && !u->session) {
		u->session = spawn_session();
		u->sessions++;
	}
	pid = u->session;
	pthread_mutex_unlock(&lock);
	if (!token[0]) {
		snprintf(token, sizeof(token), "%032d%032d", u->number + 1, u->sessions);
		rq.body = arena_printf(a,
				       "{\"token\":\"%s\",\"session_id\":\"user-%d-session-%d\","
				       "\"mesh\":\"%.*s\",\"display_name\":\"agent\",\"pid\":%d}",
				       token, u->number, u->sessions, STRF(u->mesh.slug), (int)pid);
		ipc->token = STR_NONE;
		ok = !ipc_call(a, ipc, &rq, &reply) && reply.status < 300;
		if (!ok)
			return false;
		pthread_mutex_lock(&lock);
		if (u->session == pid)
			memcpy(u->token, token, sizeof(token));
		pthread_mutex_unlock(&lock);
	}
	ipc->token = arena_dup(u->a, str_from(token));
	return true;
}

/* One attempt; true: it was accepted, now or before. */
static bool try_send(struct user *u, int i)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ipc ipc = u->ipc;
	struct ipc_reply reply;
	struct ipc_request rq = { .target = S("/v1/send"), .deadline_ms = 2000 };

	if (i % SESSION_EVERY == 0 && !have_session(u, &ipc))
		return false;
	rq.body = arena_printf(a,
			       "{\"to\":\"%.*s\",\"message\":\"message %d of %d\","
			       "\"client_message_id\":\"m-%d-%d\"}",
			       STRF(i % POST_EVERY ? u->to->mesh.pubkey : S("#general")), i, u->number,
			       u->number, i);
	if (ipc_call(a, &ipc, &rq, &reply))
		return false;
	/* The session is gone, or its mesh is not there yet: the same again. */
	if (reply.status == 401) {
		pthread_mutex_lock(&lock);
		u->token[0] = '\0';
		pthread_mutex_unlock(&lock);
	}
	if (reply.status == 409 || reply.status == 400)
		fail_msg("m-%d-%d: %d %.*s", u->number, i, reply.status,
			 STRF(reply.body ? reply.body->raw : STR_NONE));
	return reply.status == 200 || reply.status == 202;
}

static void *sender(void *arg)
{
	struct user *u = arg;

	for (int i = 0; i < u->messages; i++) {
		i64 until = wire_now_ms() + PATIENCE_MS;

		while (!try_send(u, i)) {
			if (wire_now_ms() > until)
				fail_msg("m-%d-%d was not accepted", u->number, i);
			poll(NULL, 0, RETRY_MS);
		}
	}
	return NULL;
}

static int number_of(str client_id, int sender)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str prefix = arena_printf(a, "m-%d-", sender);
	i64 n;

	if (!str_starts(client_id, prefix) || !str_to_i64(str_skip(client_id, prefix.len), &n))
		return -1;
	return (int)n;
}

/* A message is one message of the broker's, for however many sessions of the recipient. */
static void take_row(struct user *u, const struct user *from, const struct json *row, str *ids)
{
	int i = number_of(json_get_str(row, S("client_message_id")), from->number);
	str id = json_get_str(row, S("broker_message_id"));

	if (i < 0 || i >= from->messages)
		return;
	if (ids[i].ptr && !str_eq(ids[i], id))
		fail_msg("m-%d-%d came twice", from->number, i);
	u->received += !ids[i].ptr;
	ids[i] = id;
}

/* Reads the whole inbox, by pages. */
static bool read_inbox(struct user *u, const struct user *from)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str *ids = NEW_ARRAY(a, str, (size_t)from->messages);
	str since = S("2020-01-01T00:00:00.000Z"), last = STR_NONE;

	u->received = 0;
	for (size_t n = PAGE; n >= PAGE;) {
		struct ipc_request rq = {
			.target =
				arena_printf(a,
					     "/v1/inbox?limit=%d&oldest_first=true&mark_seen=false"
					     "&since=%.*s",
					     PAGE, STRF(since))
		};
		const struct json *body;

		struct err *e = ipc_ask(a, &u->ipc, &rq, &body);

		if (e) {
			snprintf(u->trouble, sizeof(u->trouble), "%.*s", STRF(e->text));
			return false;
		}
		n = 0;
		for (const struct json *row = json_get(body, S("items"))->first; row;
		     row = row->next, n++) {
			take_row(u, from, row, ids);
			since = json_get_str(row, S("received_at"));
		}
		if (str_eq(since, last))
			break;
		last = since;
	}
	for (int i = 0; i < from->messages; i++)
		u->seen[i] = ids[i].ptr != NULL;
	return true;
}

static void wait_for_all(struct user *u, const struct user *from)
{
	i64 until = wire_now_ms() + PATIENCE_MS;

	while (!read_inbox(u, from) || u->received < from->messages) {
		if (wire_now_ms() > until) {
			for (int i = 0; i < from->messages; i++)
				if (!u->seen[i])
					print_error("m-%d-%d did not arrive\n", from->number, i);
			fail_msg("user %d got %d of %d; %s", u->number, u->received, from->messages,
				 u->trouble);
		}
		poll(NULL, 0, 50);
	}
}

static void user_new(struct arena *a, struct user *u, int number, struct tls *tls, str *invite)
{
	struct client client = { &u->paths, &clock_real, &random_system, tls };
	str base = arena_printf(a, "http://127.0.0.1:%d", broker.port);
	str name = arena_printf(a, "user%d", number);
	struct mesh_made made;
	struct share_made share;

	u->a = arena_new();
	u->number = number;
	u->messages = (options.messages + USERS - 1) / USERS;
	u->paths = test_paths(a);
	u->dir = arena_cstr(a, u->paths.dir);
	u->log = arena_printf(a, "%s/daemon.out", u->dir).ptr;
	u->seen = NEW_ARRAY(a, bool, (size_t)u->messages);
	if (number == 0) {
		assert_ok(mesh_create(a, &client, S("flock"), name, base, &made));
		assert_ok(mesh_share(a, &client, &made.mesh, STR_NONE, USERS, 0, &share));
		*invite = share.url;
	} else {
		assert_ok(mesh_join(a, &client, *invite, name, STR_NONE, &made));
	}
	u->mesh = made.mesh;
	u->ipc = (struct ipc){ 0 };
	assert_ok(place_find(a, &u->paths, STR_NONE, &u->ipc.place));
	u->daemon = spawn_daemon(u);
}

/* In order, so that a log is there when something is amiss. */
static void stop_all(void)
{
	for (int i = 0; i < USERS; i++) {
		int status = 0;

		kill(users[i].daemon, SIGTERM);
		waitpid(users[i].daemon, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			fail_msg("daemon %d ended with %d, see %s", i, status, users[i].log);
		if (users[i].session)
			kill_and_reap(users[i].session);
		arena_free(users[i].a);
	}
}

TEST(every_message_that_was_accepted_arrives_once)
{
	struct arena *a = arena_new();
	pthread_t kills;
	str invite = STR_NONE;

	signal(SIGPIPE, SIG_IGN);
	assert_true(crypto_start());
	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	broker = (struct broker){ .arena = a, .program = options.broker };
	broker.data_dir = arena_cstr(a, test_dir(a));
	broker.log_path = arena_printf(a, "%s/log", broker.data_dir).ptr;
	assert_ok(broker_set_flags(a, &broker, S("--rate-limit 0 --grace-seconds 3")));
	assert_ok(broker_start(a, &broker));
	for (int i = 0; i < USERS; i++)
		user_new(a, &users[i], i, NULL, &invite);
	for (int i = 0; i < USERS; i++)
		users[i].to = &users[(i + 1) % USERS];
	assert_int_equal(pthread_create(&kills, NULL, killer, NULL), 0);
	for (int i = 0; i < USERS; i++)
		assert_int_equal(pthread_create(&users[i].thread, NULL, sender, &users[i]), 0);
	for (int i = 0; i < USERS; i++)
		pthread_join(users[i].thread, NULL);
	atomic_store(&sending_over, true);
	while (!atomic_load(&kills_over))
		poll(NULL, 0, RETRY_MS);
	for (int i = 0; i < USERS; i++)
		wait_for_all(users[i].to, &users[i]);
	print_message("# %d messages; killed: %d daemons, %d sessions, %d brokers\n",
		      USERS * users[0].messages, killed.daemons, killed.sessions, killed.brokers);
	stop_all();
	assert_ok(broker_stop(a, &broker));
	atomic_store(&all_over, true);
	pthread_join(kills, NULL);
	arena_free(a);
}

int main(int argc, char **argv)
{
	i64 n;

	if (argc < 3)
		return 2;
	options.broker = argv[1];
	options.claudemesh = argv[2];
	options.messages = argc > 3 && str_to_i64(str_from(argv[3]), &n) ? (int)n
									 : MESSAGES_DEFAULT;
	options.seed = argc > 4 && str_to_i64(str_from(argv[4]), &n) ? (u64)n : (u64)getpid();
	print_message("# seed %llu\n", (unsigned long long)options.seed);
	return _cmocka_run_group_tests("daemon/crash", test_list, test_count, NULL, NULL);
}
