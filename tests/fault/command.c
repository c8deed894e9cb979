/*
 * fault-command PRELOAD KIND N COMMAND... - runs a command whose Nth call of that kind fails, and
 * ends with its status, or with NOTHING_FAILED if it made no such call and succeeded.
 */
#include "fault/kinds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOTHING_FAILED = 125, COMMAND_AT = 4 };

/* The plan's file is gone when the command has it. */
static struct fault_plan *make_plan(char *path)
{
	int fd = mkstemp(path);
	void *plan = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct fault_plan)) == 0)
		plan = mmap(NULL, sizeof(struct fault_plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return plan == MAP_FAILED ? NULL : plan;
}

static void command_run(const char *preload, const char *path, char *argv[])
{
	const char *options = getenv("ASAN_OPTIONS");
	char asan[1024];

	snprintf(asan, sizeof(asan), "verify_asan_link_order=0:%s", options ? options : "");
	setenv("ASAN_OPTIONS", asan, 1);
	setenv("LD_PRELOAD", preload, 1);
	setenv(FAULT_PLAN_ENV, path, 1);
	execvp(argv[0], argv);
	_exit(126);
}

int main(int argc, char *argv[])
{
	char path[] = "/tmp/fault-plan-XXXXXX";
	int kind = argc > COMMAND_AT ? fault_kind_of(argv[2]) : FAULT_KINDS, status = 0;
	struct fault_plan *plan;
	pid_t pid;

	if (kind == FAULT_KINDS) {
		fprintf(stderr, "usage: fault-command PRELOAD KIND N COMMAND...\n");
		return 2;
	}
	plan = make_plan(path);
	if (!plan) {
		perror("fault-command");
		return 2;
	}
	plan->fail_at = strtol(argv[3], NULL, 10);
	plan->kind = kind;
	pid = fork();
	if (pid == 0)
		command_run(argv[1], path, argv + COMMAND_AT);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	unlink(path);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status) == 0 && !plan->fired ? NOTHING_FAILED : WEXITSTATUS(status);
}
