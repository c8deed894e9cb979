#include "cli/commands.h"
#include "cli/daemon.h"
#include "cli/warm.h"

#include <inttypes.h>

#include "crypto/secret.h"
#include "daemon/service.h"

#define UP_FLAGS(F, T) \
	F(T, bool, foreground, "", 0, 0, "stay here; log to standard error") \
	F(T, fields, tcp, "[=PORT]", 0, 0, "listen on 127.0.0.1, too, for who has the local token") \
	F(T, bool, no_tcp, "", 0, 0, "what is the case anyway")
CLI_FLAGS(up, UP_FLAGS);

static struct err *read_port(struct cli *c, const struct up_flags *in, bool *ret_tcp, i64 *ret_port)
{
	*ret_tcp = in->tcp.ptr != NULL && !in->no_tcp;
	*ret_port = SERVICE_PORT;
	if (!str_empty(in->tcp) && (!str_to_i64(in->tcp, ret_port) || *ret_port < 0 || *ret_port > 65535)) {
		c->exit_status = SERVICE_USAGE;
		return cli_invalid(c, S("tcp"), "bad_format", S("that is no port"), S("0 to 65535"));
	}
	return NULL;
}

static struct err *up_foreground(struct cli *c, const struct paths *p, bool tcp, i64 port)
{
	struct service_spec spec = { .paths = p, .tcp = tcp, .tcp_port = port };

	/* Its arena is this process's: it lives as long. */
	return service_run(c->arena, &spec, &c->exit_status);
}

static struct err *already_running(struct cli *c, const struct place *pl)
{
	i64 pid;

	if (!place_is_locked(c->arena, pl, &pid))
		return NULL;
	return cli_hint(c, pid ? FAIL(c->arena, EXISTS, "a daemon is already running (pid %" PRId64 ")", pid)
			       : FAIL(c->arena, EXISTS, "a daemon is already running"),
			"claudemesh daemon status, or claudemesh daemon down");
}

static struct err *up_detached(struct cli *c, const struct paths *p, const struct place *pl, bool tcp,
			       i64 port)
{
	struct daemon_spawn_spec how = { .paths = p, .place = pl, .tcp = tcp, .tcp_port = port };
	i64 pid;
	struct err *e = already_running(c, pl);

	if (!e)
		e = daemon_spawn(c->arena, &how, &pid);
	if (e)
		return e;
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_bool(j, "detached", true);
		json_put_int(j, "pid", pid);
		json_put_str(j, "log", pl->log);
		json_put_str(j, "socket", pl->socket);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, arena_printf(c->arena, "pid %" PRId64, pid), "the daemon is running");
	out_kv(&c->out, (struct kv[]){ { "log", pl->log }, { "stop", S("claudemesh daemon down") } }, 2);
	return NULL;
}

/* The status that the daemon's own numbers give to an error of its start. */
static int status_of(const struct err *e)
{
	if (str_eq(err_wire(e), S(SERVICE_WORD_NO_MESH)))
		return SERVICE_USAGE;
	return str_eq(err_wire(e), S(SERVICE_WORD_HOST)) ? SERVICE_HOST : SERVICE_FAILED;
}

static struct err *up_run(struct cli *c, const void *flags)
{
	const struct up_flags *in = flags;
	struct paths p;
	struct place pl;
	bool tcp;
	i64 port;
	struct err *e;

	TRY(read_port(c, in, &tcp, &port));
	if (!crypto_start())
		return FAIL(c->arena, INTERNAL, "this system gives no randomness");
	TRY(daemon_failed(c, daemon_find(c, &p, &pl), SERVICE_FAILED));
	if (in->foreground)
		return up_foreground(c, &p, tcp, port);
	out_busy(&c->out, "the daemon starts");
	e = up_detached(c, &p, &pl, tcp, port);
	return e ? daemon_failed(c, e, status_of(e)) : NULL;
}

const struct command daemon_up_command = {
	.name = "daemon up",
	.aliases = "daemon start",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	COMMAND_FLAGS(up),
	.run = up_run,
	.doc = "Starts the daemon, which sends and receives for you.",
	.more = "Commands that need it start it by themselves. The status is 1 if it does not\n"
		"start, 2 if you are in no mesh, 4 if its files come from another machine.",
	.fields = "detached pid log socket",
};
