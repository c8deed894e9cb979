#include "cli/launch_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/file.h"

#define DIR_PREFIX "claudemesh-"
#define PID_FILE "pid"

enum { DEPTH_MAX = 8, NOT_STARTED = 127 };

static str temp_root(void)
{
	str root = str_from(getenv("TMPDIR"));

	return root.len && root.ptr[0] == '/' ? root : S("/tmp");
}

static int remove_one(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *ftw UNUSED)
{
	(void)remove(path);
	return 0;
}

void launch_dir_remove(struct arena *a, str dir)
{
	(void)nftw(arena_cstr(a, dir), remove_one, DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
}

/* One of ours whose process is gone: nobody took its files away. */
static bool is_left_over(struct arena *a, str dir)
{
	struct stat st;
	str text;
	i64 pid;
	struct err *e;

	if (lstat(arena_cstr(a, dir), &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return false;
	e = file_read_private(a, arena_printf(a, "%.*s/" PID_FILE, STRF(dir)), &text);
	return !e && str_to_i64(str_trim(text), &pid) && pid > 1 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static void remove_left_over(str root)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	DIR *d = opendir(arena_cstr(a, root));
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		str dir = arena_printf(a, "%.*s/%s", STRF(root), entry->d_name);

		if (strncmp(entry->d_name, DIR_PREFIX, sizeof(DIR_PREFIX) - 1) == 0 && is_left_over(a, dir))
			launch_dir_remove(a, dir);
	}
	if (d)
		closedir(d);
}

str launch_dir_pattern(struct arena *a)
{
	return arena_printf(a, "%.*s/" DIR_PREFIX "XXXXXX", STRF(temp_root()));
}

/* The signals that end a program, held back; as they were before. */
static sigset_t before_hold;

static void hold_signals(void)
{
	static const int ends[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		sigaddset(&set, ends[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &before_hold);
}

static void let_signals(void)
{
	(void)sigprocmask(SIG_SETMASK, &before_hold, NULL);
}

struct err *launch_dir_make(struct arena *a, str *ret_dir)
{
	char *dir = arena_cstr(a, launch_dir_pattern(a));

	remove_left_over(temp_root());
	hold_signals();
	if (!mkdtemp(dir))
		return FAIL(a, IO, "cannot make a directory in %.*s: %s", STRF(temp_root()), strerror(errno));
	*ret_dir = str_from(dir);
	return file_write_private(a, arena_printf(a, "%s/" PID_FILE, dir), arena_printf(a, "%d", (int)getpid()));
}

struct err *launch_write(struct arena *a, const struct launch_plan *p, str token)
{
	for (size_t i = 0; i < p->n_files; i++)
		TRY(file_write_private(a, p->files[i].path, p->files[i].content));
	return file_write_private(a, p->token_file, token);
}

/* ---- the agent ---- */

struct err *launch_find(struct arena *a, str program)
{
	str rest = str_from(getenv("PATH")), dir;

	while (str_cut(&rest, ':', &dir))
		if (dir.len && access(arena_printf(a, "%.*s/%.*s", STRF(dir), STRF(program)).ptr, X_OK) == 0)
			return NULL;
	return FAIL(a, NO_PROGRAM, "no program '%.*s' is on your PATH", STRF(program));
}

static volatile sig_atomic_t agent_process;

static void pass_on(int signum)
{
	if (agent_process > 0)
		(void)kill(agent_process, signum);
}

static void child(struct arena *a, const struct launch_plan *p, int tell)
{
	char **argv = NEW_ARRAY(a, char *, p->n_argv + 1);
	int why;

	for (size_t i = 0; i < p->n_argv; i++)
		argv[i] = arena_cstr(a, p->argv[i]);
	for (size_t i = 0; i < p->n_env; i++)
		setenv(p->env[i].name, arena_cstr(a, p->env[i].value), 1);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	let_signals();
	execvp(argv[0], argv);
	why = errno;
	(void)!write(tell, &why, sizeof(why));
	_exit(NOT_STARTED);
}

/* Until it is done or the agent ends. */
static void do_meanwhile(pid_t pid, const struct launch_meanwhile *m)
{
	struct pollfd agent = { .fd = m->fn ? (int)syscall(SYS_pidfd_open, pid, 0) : -1, .events = POLLIN };
	int n = 0;

	if (agent.fd < 0)
		return;
	do
		n = poll(&agent, 1, LAUNCH_AGAIN_MS);
	while ((n == 0 && !m->fn(m->arg)) || (n < 0 && errno == EINTR));
	close(agent.fd);
}

static struct err *wait_for(struct arena *a, pid_t pid, const struct launch_meanwhile *meanwhile, int *ret_status)
{
	do_meanwhile(pid, meanwhile);
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return FAIL(a, INTERNAL, "cannot wait for the agent: %s", strerror(errno));
	return NULL;
}

struct err *launch_agent(struct arena *a, const struct launch_plan *p, const struct launch_meanwhile *meanwhile,
			 int *ret_status)
{
	int tell[2], why = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(tell, O_CLOEXEC) != 0)
		return FAIL(a, INTERNAL, "cannot make a pipe: %s", strerror(errno));
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, pass_on);
	signal(SIGHUP, pass_on);
	pid = fork();
	if (pid == 0)
		child(a, p, tell[1]);
	close(tell[1]);
	if (pid < 0) {
		close(tell[0]);
		return FAIL(a, INTERNAL, "cannot start a process: %s", strerror(errno));
	}
	agent_process = pid;
	let_signals();
	do
		n = read(tell[0], &why, sizeof(why)); /* the end of it: the program runs */
	while (n < 0 && errno == EINTR);
	close(tell[0]);
	TRY(wait_for(a, pid, meanwhile, ret_status));
	agent_process = 0;
	if (n == sizeof(why))
		return FAIL(a, NO_PROGRAM, "cannot start %.*s: %s", STRF(p->program), strerror(why));
	return NULL;
}
