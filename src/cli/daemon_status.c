/*
 * daemon_status.c - is it running, and how is it: daemon, daemon status, daemon version.
 */
#include "cli/commands.h"
#include "cli/daemon.h"
#include "cli/warm.h"

#include <inttypes.h>

enum { FAILED = 1, USAGE = 2, NOT_LET_IN = 3 };

struct err *daemon_failed(struct cli *c, struct err *e, int status)
{
	if (e)
		c->exit_status = status;
	return e;
}

struct err *daemon_find(struct cli *c, struct paths *ret_paths, struct place *ret_place)
{
	TRY(paths_user_from_env(c->arena, ret_paths));
	return place_from_env(c->arena, ret_paths, ret_place);
}

/* The user asks, not a session: the state of the daemon is the same for both. */
static struct err *ask(struct cli *c, const struct place *pl, str target, const struct json **ret_body)
{
	struct ipc ipc = { .place = *pl };
	const struct ipc_request rq = { .target = target };

	TRY(place_check(c->arena, pl));
	return ipc_ask(c->arena, &ipc, &rq, ret_body);
}

static struct err *not_running(struct cli *c)
{
	c->exit_status = FAILED;
	if (c->out.json) {
		json_put_bool(out_json(&c->out), "running", false);
		out_json_end(&c->out);
		return NULL;
	}
	out_info(&c->out, "no daemon is running");
	out_hint(&c->out, "claudemesh daemon up");
	return NULL;
}

static enum tone tone_of(str state)
{
	return str_eq(state, S("open")) ? TONE_GREEN : str_eq(state, S("closed")) ? TONE_RED : TONE_YELLOW;
}

static void print_health(struct cli *c, const struct json *health, i64 pid)
{
	struct output *o = &c->out;
	const struct json *brokers = json_get(health, S("brokers"));
	const struct json *outbox = json_get(health, S("outbox"));

	out_ok(o, arena_printf(c->arena, "pid %" PRId64, pid), "the daemon is running");
	for (const struct json *b = brokers ? brokers->first : NULL; b; b = b->next) {
		str put_out = warm_put_out(health, b->key);
		str why = put_out.len ? put_out : json_get_str(json_get(health, b->s), b->key);

		out_span(o, tone_of(b->s), "  ●");
		out_span(o, TONE_PLAIN, " %.*s  ", STRF(b->key));
		out_span(o, TONE_DIM, "%.*s%s%.*s", STRF(b->s), str_empty(why) ? "" : ": ", STRF(why));
		out_end(o);
	}
	out_kv(o,
	       (struct kv[]){
		       { "sessions", arena_printf(c->arena, "%" PRId64, json_get_int(health, S("sessions"), 0)) },
		       { "unread", arena_printf(c->arena, "%" PRId64, json_get_int(health, S("unread"), 0)) },
		       { "to send", arena_printf(c->arena, "%" PRId64,
						 json_get_int(outbox, S("pending"), 0) +
							 json_get_int(outbox, S("inflight"), 0)) },
		       { "not sent", arena_printf(c->arena, "%" PRId64, json_get_int(outbox, S("dead"), 0)) },
	       },
	       4);
	if (json_get_int(outbox, S("dead"), 0))
		out_hint(o, "claudemesh daemon outbox --failed");
}

static struct err *status_run(struct cli *c, const void *flags UNUSED)
{
	struct paths p;
	struct place pl;
	const struct json *health = NULL;
	struct json_out *j;
	struct err *e;
	i64 pid;

	TRY(daemon_failed(c, daemon_find(c, &p, &pl), FAILED));
	if (!place_is_locked(c->arena, &pl, &pid))
		return not_running(c);
	e = ask(c, &pl, S("/v1/health"), &health);
	if (!c->out.json) {
		if (e)
			return daemon_failed(c, cli_hint(c, e, "claudemesh daemon logs"), FAILED);
		print_health(c, health, pid);
		return NULL;
	}
	j = out_json(&c->out);
	json_put_bool(j, "running", true);
	json_put_int(j, "pid", pid);
	if (e) {
		c->exit_status = FAILED;
		json_put_str(j, "ipc_error", e->text);
	} else {
		json_key(j, S("health"));
		json_value(j, health);
	}
	out_json_end(&c->out);
	return NULL;
}

const struct command daemon_status_command = {
	.name = "daemon status",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = status_run,
	.doc = "Shows whether the daemon runs, its connections and what waits.",
	.more = "The status is 1 if it does not run or does not answer.",
	.fields = "running pid health ipc_error",
};

static struct err *version_run(struct cli *c, const void *flags UNUSED)
{
	struct paths p;
	struct place pl;
	const struct json *body;
	struct err *e;

	TRY(daemon_failed(c, daemon_find(c, &p, &pl), FAILED));
	e = ask(c, &pl, S("/v1/version"), &body);
	if (e)
		return daemon_failed(c, e, e->code == ERR_UNAUTHORIZED ? NOT_LET_IN : FAILED);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		for (const struct json *m = body->first; m; m = m->next) {
			if (str_eq(m->key, S("ok")) || str_eq(m->key, S("schema_version")))
				continue;
			json_key(j, m->key);
			json_value(j, m);
		}
		out_json_end(&c->out);
		return NULL;
	}
	out_info(&c->out, "daemon %.*s (ipc %.*s, schema %" PRId64 ")",
		 STRF(json_get_str(body, S("daemon_version"))), STRF(json_get_str(body, S("ipc_api"))),
		 json_get_int(body, S("schema_version"), 0));
	return NULL;
}

const struct command daemon_version_command = {
	.name = "daemon version",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = version_run,
	.doc = "Shows the version of the daemon that runs.",
	.fields = "daemon_version ipc_api ipc_features schema_version",
};

/* Without a second word: what there is. */
static struct err *daemon_run(struct cli *c, const void *flags UNUSED)
{
	if (c->args_n && !str_eq(c->args[0], S("help"))) {
		c->exit_status = USAGE;
		return cli_hint(c, FAIL(c->arena, BAD_REQUEST, "there is no command 'daemon %.*s'",
					STRF(c->args[0])),
				"claudemesh daemon");
	}
	out_section(&c->out, "daemon");
	for (size_t i = 0; commands[i]; i++) {
		if (!str_starts(str_from(commands[i]->name), S("daemon ")))
			continue;
		out_span(&c->out, TONE_CYAN, "  %-26s", commands[i]->name);
		out_span(&c->out, TONE_PLAIN, "%s", commands[i]->doc);
		out_end(&c->out);
	}
	return NULL;
}

const struct command daemon_command = {
	.name = "daemon",
	.arguments = "[SUBCOMMAND]",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	.run = daemon_run,
	.doc = "Shows what can be done with the daemon.",
	.hidden = true,
};
