#include "cli/commands.h"
#include "cli/context.h"

#include <signal.h>

#include "cli/inbox.h"
#include "cli/message.h"

enum { LOOK_MS = 1000 }; /* how often a lost connection is looked for */

/* The two signals that end listening, and the visit they end. */
struct ears {
	struct visit *visit;
	struct loop_signal *interrupt, *terminate;
	bool stopped;
	unsigned lost; /* how often the connection was, as far as was told */
};

static void stop(void *arg, int signum UNUSED)
{
	struct ears *ears = arg;

	ears->stopped = true;
	visit_stop(ears->visit);
}

static struct err *ears_open(struct cli *c, struct ears *ears)
{
	struct loop *loop = visit_loop(ears->visit);

	TRY(loop_signal_new(c->arena, loop, SIGINT, stop, ears, &ears->interrupt));
	return loop_signal_new(c->arena, loop, SIGTERM, stop, ears, &ears->terminate);
}

static void ears_close(struct ears *ears)
{
	loop_signal_free(ears->interrupt);
	loop_signal_free(ears->terminate);
	visit_close(ears->visit);
}

static struct err *show(struct cli *c, str mesh, const struct inbound *m)
{
	if (c->out.json) {
		message_json_members(out_json(&c->out), mesh, m);
		out_json_end(&c->out);
	} else {
		message_print_line(c, mesh, m);
	}
	return out_flush(&c->out, c->arena);
}

static void tell_lost(struct cli *c, struct ears *ears)
{
	unsigned times;
	str why = visit_lost(ears->visit, &times);

	if (times != ears->lost)
		out_note(&c->out, "connection lost (%.*s), connecting again", STRF(why));
	ears->lost = times;
}

/* Until a signal, a final refusal or nobody to read our output. */
static struct err *follow(struct cli *c, struct ears *ears, str mesh)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	while (!ears->stopped) {
		struct inbound m;
		bool got = false;
		struct err *e;

		arena_reset(a);
		e = visit_next(a, ears->visit, LOOK_MS, &m, &got);
		if (e && !ears->stopped)
			return err_copy(c->arena, e);
		tell_lost(c, ears);
		if (e || !got)
			continue;
		TRY(show(c, mesh, &m));
		visit_ack(ears->visit, &m);
	}
	return NULL;
}

static struct err *listen_run(struct cli *c, const void *flags UNUSED)
{
	struct visit_spec spec = { .wants_messages = true,
				   .is_session = true,
				   .reconnect = true,
				   .display_name = context_display_name() };
	struct ears ears = { 0 };
	struct client client;
	struct config_args config;
	struct warm warm;
	struct err *e;

	TRY(warm_open(c, &warm));
	if (warm.is_up)
		return listen_warm(c, &warm);
	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(context_mesh(c, &config, &spec.mesh));
	TRY(visit_open(c->arena, &client, &spec, &ears.visit));
	e = ears_open(c, &ears);
	if (!e) {
		out_note(&c->out, "listening on %.*s, Ctrl-C ends it", STRF(spec.mesh->slug));
		e = follow(c, &ears, spec.mesh->slug);
	}
	ears_close(&ears);
	return e;
}

const struct command listen_command = {
	.name = "listen",
	.arguments = "",
	.group = GROUP_MESSAGE,
	COMMAND_GATE(READ, "message", "listen"),
	.run = listen_run,
	.doc = "Shows messages as they come, a line each.",
	.more = "With --json each line is one document. A lost connection is made again; every\n"
		"message is shown once. Ctrl-C or SIGTERM ends it with status 0.",
	.fields = MESSAGE_FIELDS,
};
