/*
 * inbox.c - takes the messages that wait: prints them, makes sure they are written, and only
 * then tells the broker that it may forget them.
 */
#include "cli/inbox.h"

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/message.h"

#include "proto/peer.h"

#define INBOX_FLAGS(F, T) \
	F(T, i64, wait, "SECONDS", 1, 86400, "if nothing waits, wait for a message this long") \
	F(T, bool, unread, "", 0, 0, "leave out what was shown before") \
	F(T, i64, limit, "N", 1, 1000, "of what the daemon keeps, the last N; default 100")
CLI_FLAGS(inbox, INBOX_FLAGS);

/* A batch is what is printed before anything of it is acked; the broker keeps a window of
 * that size under way. */
enum { BATCH_MAX = WINDOW_MESSAGES };

struct take {
	const struct inbox_flags *flags;
	size_t taken;
};

struct batch {
	struct arena *arena; /* of the messages; emptied with the batch */
	struct inbound *items;
	size_t n;
};

static struct err *batch_fill(struct batch *b, struct visit *v)
{
	bool got = true;

	while (b->n < BATCH_MAX) {
		TRY(visit_next_waiting(b->arena, v, &b->items[b->n], &got));
		if (!got)
			break;
		b->n++;
	}
	return NULL;
}

static struct err *batch_print(struct cli *c, const struct batch *b, str mesh)
{
	for (size_t i = 0; i < b->n; i++)
		if (c->out.json)
			message_json(&c->out.json_out, mesh, &b->items[i]);
		else
			message_print(c, mesh, &b->items[i]);
	return out_flush(&c->out, c->arena);
}

static struct err *take_all(struct cli *c, struct visit *v, str mesh, struct take *take)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct batch b = { .arena = a };

	for (;;) {
		struct err *e;

		arena_reset(a);
		b.n = 0;
		b.items = NEW_ARRAY(a, struct inbound, BATCH_MAX);
		e = batch_fill(&b, v);
		if (b.n && !take->taken)
			out_section(&c->out, "inbox — %.*s", STRF(mesh));
		/* What came before a failure is shown and acked all the same. */
		if (b.n)
			TRY(batch_print(c, &b, mesh));
		for (size_t i = 0; i < b.n; i++)
			visit_ack(v, &b.items[i]);
		take->taken += b.n;
		if (e)
			return err_copy(c->arena, e);
		if (b.n == 0)
			return NULL;
	}
}

/* The first message, if it comes in time, in the words of everything that comes with it. */
static struct err *wait_first(struct cli *c, struct visit *v, i64 seconds, str mesh,
			      struct take *take)
{
	struct inbound m;
	bool got;

	TRY(visit_next(c->arena, v, seconds * 1000, &m, &got));
	if (!got)
		return NULL;
	out_section(&c->out, "inbox — %.*s", STRF(mesh));
	TRY(batch_print(c, &(struct batch){ .items = &m, .n = 1 }, mesh));
	visit_ack(v, &m);
	take->taken++;
	return take_all(c, v, mesh, take);
}

static struct err *take_mesh(struct cli *c, const struct client *client,
			     const struct config_mesh_args *mesh, void *arg)
{
	struct take *take = arg;
	struct take here = { .flags = take->flags };
	struct visit_spec spec = { .mesh = mesh,
				   .wants_messages = true,
				   .is_session = take->flags->wait > 0,
				   .display_name = context_display_name() };
	struct set_status_args open_to_all = { .status = STATUS_IDLE };
	struct visit *visit;
	struct err *e;
	bool confirmed;

	TRY(visit_open(c->arena, client, &spec, &visit));
	/* Who looks by himself is not disturbed: this connection takes what dnd holds back. */
	e = visit_tell(c->arena, visit, "set_status", set_status_fields, &open_to_all, &confirmed);
	if (!e)
		e = take_all(c, visit, mesh->slug, &here);
	if (!e && here.taken == 0 && take->flags->wait)
		e = wait_first(c, visit, take->flags->wait, mesh->slug, &here);
	visit_close(visit);
	take->taken += here.taken;
	return e;
}

/* Waiting is for one mesh; taking what waits is for all of them. */
static struct err *take_meshes(struct cli *c, struct take *take)
{
	const struct config_mesh_args *mesh;
	struct client client;
	struct config_args config;

	if (!take->flags->wait)
		return context_each_mesh(c, take_mesh, take);
	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(context_mesh(c, &config, &mesh));
	return take_mesh(c, &client, mesh, take);
}

static struct err *inbox_run(struct cli *c, const void *flags)
{
	const struct inbox_flags *in = flags;
	struct take take = { .flags = in };
	struct warm warm;

	TRY(warm_open(c, &warm));
	if (warm.is_up)
		return inbox_warm(c, &warm, &(struct inbox_want){ .wait_ms = in->wait * 1000,
								  .limit = in->limit,
								  .unread = in->unread || in->wait });
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "messages");
	}
	TRY(take_meshes(c, &take));
	if (c->out.json) {
		out_json_list_end(&c->out);
		out_json_end(&c->out);
	} else if (take.taken == 0) {
		out_info(&c->out, "no new messages");
	}
	return NULL;
}

const struct command inbox_command = {
	.name = "inbox",
	.aliases = "message inbox",
	.arguments = "",
	.group = GROUP_MESSAGE,
	COMMAND_GATE(READ, "message", "inbox"),
	COMMAND_FLAGS(inbox),
	.run = inbox_run,
	.doc = "Shows the messages that came for you.",
	.more = "Without --mesh: in every mesh you are in. The daemon keeps what came for 30 days;\n"
		"--unread leaves out what was shown before. Without a daemon each message is\n"
		"shown once: then it is gone from the broker. A message that could not be\n"
		"written out counts as not shown.",
	.fields = MESSAGE_FIELDS,
};
