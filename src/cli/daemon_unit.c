/*
 * daemon_unit.c - the daemon as a service of the user's login: install-service and back.
 */
#include "cli/commands.h"
#include "cli/daemon.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2 };

struct err *daemon_unit_spec(struct cli *c, struct paths *p, struct place *pl, struct unit_spec *ret)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
	const char *home = getenv("HOME");
	str own;

	TRY(daemon_find(c, p, pl));
	if (n <= 0 || (size_t)n == sizeof(self))
		return FAIL(c->arena, IO, "where this program lies cannot be found out");
	if (!home || *home != '/')
		return FAIL(c->arena, BAD_REQUEST, "HOME is not set");
	own = arena_printf(c->arena, "%s/.claudemesh", home);
	*ret = (struct unit_spec){
		.platform = unit_platform_here(),
		.home = str_from(home),
		.program = arena_dup(c->arena, str_of(self, (size_t)n)),
		.place = pl,
		.own_config_dir = !str_eq(own, p->dir),
	};
	return NULL;
}

static struct err *install_run(struct cli *c, const void *flags UNUSED)
{
	const char *ci = unit_ci_variable();
	struct unit_file files[UNIT_FILES_MAX];
	struct unit_spec spec;
	struct paths p;
	struct place pl;

	if (ci)
		return daemon_failed(c, FAIL(c->arena, REFUSED, "a service is not installed in a build machine (%s is set)",
					     ci),
				     USAGE);
	TRY(daemon_failed(c, daemon_unit_spec(c, &p, &pl, &spec), FAILED));
	/* A socket is made in a directory that is there. */
	TRY(daemon_failed(c, place_make(c->arena, &pl), FAILED));
	TRY(daemon_failed(c, unit_install(c->arena, &spec), FAILED));
	unit_files(c->arena, &spec, files);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "platform", str_from(unit_platform_word(spec.platform)));
		json_put_str(j, "unitPath", files[0].path);
		json_put_str(j, "bootCommand", unit_boot_command(c->arena, &spec));
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, files[0].path, "the service is installed");
	out_hint(&c->out, "claudemesh daemon down; %.*s", STRF(unit_boot_command(c->arena, &spec)));
	return NULL;
}

const struct command daemon_install_service_command = {
	.name = "daemon install-service",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = install_run,
	.doc = "Writes a service for your login that runs the daemon.",
	.more = "A systemd user unit with its socket; on a Mac a launchd plist, which is untested.\n"
		"It prints the command that starts it. Refused in build machines (CI is set).",
	.fields = "platform unitPath bootCommand",
};

static struct err *uninstall_run(struct cli *c, const void *flags UNUSED)
{
	struct unit_spec spec;
	struct paths p;
	struct place pl;
	bool removed;

	TRY(daemon_failed(c, daemon_unit_spec(c, &p, &pl, &spec), FAILED));
	TRY(daemon_failed(c, unit_remove(c->arena, &spec, &removed), FAILED));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "platform", str_from(unit_platform_word(spec.platform)));
		json_put_bool(j, "removed", removed);
		out_json_end(&c->out);
		return NULL;
	}
	if (!removed) {
		out_info(&c->out, "no service is installed");
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "the service is removed");
	out_hint(&c->out, "if it runs: %.*s", STRF(unit_stop_command(c->arena, &spec)));
	return NULL;
}

const struct command daemon_uninstall_service_command = {
	.name = "daemon uninstall-service",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = uninstall_run,
	.doc = "Removes that service.",
	.fields = "platform removed",
};
