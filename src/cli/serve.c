/*
 * serve.c - `claudemesh serve`: the broker that lies beside this program takes its place.
 */
#include "cli/commands.h"

#include <errno.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

static struct err *broker_path(struct cli *c, char **ret_path)
{
	char self[PATH_BYTES_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
	str dir;

	if (n <= 0 || (size_t)n == sizeof(self))
		return FAIL(c->arena, IO, "where this program lies cannot be found out: %s",
			    strerror(errno));
	dir = str_of(self, (size_t)n);
	while (dir.len && dir.ptr[dir.len - 1] != '/')
		dir.len--;
	*ret_path = arena_cstr(c->arena,
			       arena_printf(c->arena, "%.*sclaudemesh-broker", STRF(dir)));
	return NULL;
}

static struct err *serve_run(struct cli *c, const void *flags UNUSED)
{
	char **argv, *path;
	size_t n = 0;

	TRY(broker_path(c, &path));
	while (c->passed[n])
		n++;
	argv = NEW_ARRAY(c->arena, char *, n + 2);
	argv[0] = path;
	memcpy(argv + 1, c->passed, n * sizeof(*argv));
	execv(path, argv);
	if (errno == ENOENT)
		return FAIL(c->arena, NOT_FOUND, "there is no broker beside this program: %s",
			    path);
	return FAIL(c->arena, IO, "starting %s failed: %s", path, strerror(errno));
}

const struct command serve_command = {
	.name = "serve",
	.arguments = "[SETTINGS...]",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.passes_on = true,
	.run = serve_run,
	.doc = "Runs the broker on this machine.",
	.more = "The settings of the broker: 'claudemesh serve --help' lists them.",
};
