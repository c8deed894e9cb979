#include "cli/browser.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

/* A desktop, so that a browser can be shown. */
static const char *opener(void)
{
	const char *own = getenv("BROWSER");

	if (own && *own)
		return own;
	if (!getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))
		return NULL;
	return "xdg-open";
}

extern char **environ;

bool browser_open(struct cli *c, str page)
{
	const char *program = opener();
	char *argv[] = { NULL, NULL, NULL };
	posix_spawn_file_actions_t actions;
	bool started;
	pid_t pid;

	if (!program)
		return false;
	argv[0] = arena_cstr(c->arena, str_from(program));
	argv[1] = arena_cstr(c->arena, page);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	signal(SIGCHLD, SIG_IGN);
	started = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	return started;
}
