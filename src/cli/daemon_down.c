/*
 * daemon_down.c - the daemon ends, and moves: daemon down, accept-host.
 */
#include "cli/commands.h"
#include "cli/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "client/daemon_start.h"
#include "daemon/host.h"

enum { FAILED = 1, DOWN_MS = 5000, DOWN_LOOK_MS = 20 };

static bool wait_until_gone(struct cli *c, const struct place *pl)
{
	i64 pid, left = DOWN_MS;

	for (; left > 0 && place_is_locked(c->arena, pl, &pid); left -= DOWN_LOOK_MS)
		nanosleep(&(struct timespec){ .tv_nsec = DOWN_LOOK_MS * 1000000L }, NULL);
	return left > 0;
}

static void down_json(struct cli *c, bool stopped, i64 pid, const char *reason)
{
	struct json_out *j = out_json(&c->out);

	json_put_bool(j, "stopped", stopped);
	if (pid)
		json_put_int(j, "pid", pid);
	if (reason)
		json_put_str(j, "reason", str_from(reason));
	out_json_end(&c->out);
}

static struct err *down_run(struct cli *c, const void *flags UNUSED)
{
	str service = daemon_service_file(c->arena);
	struct paths p;
	struct place pl;
	i64 pid;

	TRY(daemon_failed(c, daemon_find(c, &p, &pl), FAILED));
	if (!place_is_locked(c->arena, &pl, &pid)) {
		c->exit_status = FAILED;
		if (c->out.json)
			down_json(c, false, 0, "not_running");
		else
			out_info(&c->out, "no daemon is running");
		return NULL;
	}
	if (pid <= 0 || kill((pid_t)pid, SIGTERM) < 0)
		return daemon_failed(c, FAIL(c->arena, IO, "the daemon cannot be told to stop: %s",
					     pid <= 0 ? "its pid is not known" : strerror(errno)),
				     FAILED);
	out_busy(&c->out, "the daemon stops");
	if (!wait_until_gone(c, &pl)) {
		if (c->out.json)
			down_json(c, false, pid, "shutdown_timeout");
		else
			out_warn(&c->out, arena_printf(c->arena, "kill -9 %" PRId64, pid),
				 "the daemon (pid %" PRId64 ") does not stop", pid);
		c->exit_status = FAILED;
		return NULL;
	}
	if (c->out.json)
		down_json(c, true, pid, NULL);
	else
		out_ok(&c->out, arena_printf(c->arena, "pid %" PRId64, pid), "the daemon has stopped");
	if (!str_empty(service))
		out_hint(&c->out, "its service may start it again: %.*s", STRF(service));
	return NULL;
}

const struct command daemon_down_command = {
	.name = "daemon down",
	.aliases = "daemon stop",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = down_run,
	.doc = "Stops the daemon; what it was to send it sends later.",
	.fields = "stopped pid reason",
};

/* accept-host */

static struct err *accept_host_run(struct cli *c, const void *flags UNUSED)
{
	struct paths p;
	struct place pl;
	struct host host;
	str prefix;

	TRY(daemon_failed(c, daemon_find(c, &p, &pl), FAILED));
	TRY(daemon_failed(c, place_make(c->arena, &pl), FAILED));
	host_read(c->arena, "", &host);
	TRY(daemon_failed(c, host_accept(c->arena, &pl, &clock_real, &host), FAILED));
	prefix = str_of(host_fingerprint(c->arena, &host).ptr, 16);
	if (c->out.json) {
		json_put_str(out_json(&c->out), "fingerprint_prefix", prefix);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, prefix, "this machine is the daemon's from now on");
	return NULL;
}

const struct command daemon_accept_host_command = {
	.name = "daemon accept-host",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = accept_host_run,
	.doc = "Says that its files belong on this machine now.",
	.more = "After you moved your home directory here. If the other machine goes on using a\n"
		"copy of it, both send what waits there.",
	.fields = "fingerprint_prefix",
};
