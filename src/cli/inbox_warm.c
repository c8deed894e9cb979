/*
 * inbox_warm.c - the inbox that the daemon keeps: shown, and only then marked as read.
 */
#include "cli/inbox.h"

#include <inttypes.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "net/url.h"

enum { SETTLE_MS = 2000, MESHES_KNOWN_MAX = 64 };

/* The members of a mesh; none where they cannot be had. */
static const struct member_list *members_of(struct knowing *k, str slug)
{
	const struct config_mesh_args *mesh = NULL;
	struct config_args config;
	struct peers_list_args list = { 0 };

	for (size_t i = 0; i < k->n; i++)
		if (str_eq(k->meshes[i].slug, slug))
			return &k->meshes[i].members;
	if (!k->meshes)
		k->meshes = NEW_ARRAY(k->c->arena, struct known, MESHES_KNOWN_MAX);
	if (k->n == MESHES_KNOWN_MAX)
		return NULL;
	if (config_load(k->c->arena, &k->w->paths, &config) ||
	    config_find_mesh(k->c->arena, &config, slug, &mesh) ||
	    warm_peers(k->c, k->w, mesh, &list))
		list = (struct peers_list_args){ 0 };
	k->meshes[k->n] = (struct known){ arena_dup(k->c->arena, slug), list.members };
	return &k->meshes[k->n++].members;
}

void knowing_look(struct knowing *k, str mesh, struct inbound *m)
{
	const struct member_list *members = m->proven ? members_of(k, mesh) : NULL;

	for (size_t i = 0; members && i < members->n; i++)
		if (members->items[i].verified &&
		    str_eq(members->items[i].pubkey, m->from_member_pubkey))
			m->verified = true;
}

bool inbox_is_ours(const struct warm *w, const struct json *row)
{
	return !str_empty(w->ipc.token) ||
	       !str_eq(json_get_str(row, S("recipient_kind")), S("session"));
}

struct err *inbox_seen(struct cli *c, const struct warm *w, str *ids, size_t n)
{
	const struct local_ids_args args = { .ids = { .items = ids, .n = n, .present = true } };
	const struct json *body;

	return n ? warm_send(c, w, "POST", S("/v1/inbox/seen"), local_ids_fields, &args, &body) : NULL;
}

static bool is_unread(const struct json *row)
{
	return str_empty(json_get_str(row, S("seen_at")));
}

static void print_row(struct cli *c, struct knowing *k, const struct json *row)
{
	str mesh = json_get_str(row, S("mesh"));
	struct json_out *j = &c->out.json_out;
	struct inbound m;

	message_of_row(row, &m);
	knowing_look(k, mesh, &m);
	if (!c->out.json) {
		message_print(c, mesh, &m);
		return;
	}
	json_obj(j);
	message_json_members(j, mesh, &m);
	json_put_str(j, "row", json_get_str(row, S("id")));
	json_put_str(j, "received_at", json_get_str(row, S("received_at")));
	json_put_bool(j, "unread", is_unread(row));
	json_obj_end(j);
}

static void print_head(struct cli *c, str mesh, size_t n, bool unread)
{
	const char *what = n == 1 ? "message" : "messages";

	if (str_empty(mesh))
		out_section(&c->out, "inbox (%zu %s%s)", n, unread ? "unread " : "", what);
	else
		out_section(&c->out, "inbox — %.*s (%zu %s%s)", STRF(mesh), n, unread ? "unread " : "",
			    what);
}

static struct err *ask(struct cli *c, const struct warm *w, const struct inbox_want *want, i64 wait_ms,
		       const struct json **ret_items)
{
	const struct query q[] = {
		{ "mesh", c->global.mesh },
		{ "limit", want->limit ? arena_printf(c->arena, "%" PRId64, want->limit) : STR_NONE },
		{ "unread_only", want->unread ? S("true") : STR_NONE },
		{ "mark_seen", S("false") },
		{ "settle_ms", arena_printf(c->arena, "%d", SETTLE_MS) },
		{ "wait_ms", wait_ms ? arena_printf(c->arena, "%" PRId64, wait_ms) : STR_NONE },
	};
	const struct json *body;

	TRY(warm_get(c, w, warm_target(c->arena, "/v1/inbox", q, ARRAY_LEN(q)), &body));
	*ret_items = json_get(body, S("items"));
	if (!*ret_items || (*ret_items)->type != JSON_ARR)
		return FAIL(c->arena, NETWORK, "the daemon's answer has no messages in it");
	return NULL;
}

/* Asks until there is something, or the time is over. */
static struct err *ask_waiting(struct cli *c, const struct warm *w, const struct inbox_want *want,
			       const struct json **ret_items)
{
	i64 left = want->wait_ms;

	do {
		i64 now = MIN(left, LOCAL_WAIT_MAX_MS);

		TRY(ask(c, w, want, now, ret_items));
		left -= now;
	} while (left > 0 && !(*ret_items)->count);
	return NULL;
}

struct err *inbox_warm(struct cli *c, const struct warm *w, const struct inbox_want *want)
{
	struct knowing k = { .c = c, .w = w };
	const struct json *items, **rows;
	size_t n, n_seen = 0;
	str *seen;

	TRY(ask_waiting(c, w, want, &items));
	n = items->count;
	rows = NEW_ARRAY(c->arena, const struct json *, n + 1);
	seen = NEW_ARRAY(c->arena, str, n + 1);
	/* Newest first as they come; people read downwards. */
	for (const struct json *i = items->first; i; i = i->next)
		rows[--n] = i;
	if (items->count)
		print_head(c, c->global.mesh, items->count, want->unread);
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "messages");
	}
	for (size_t i = 0; i < items->count; i++) {
		print_row(c, &k, rows[i]);
		if (is_unread(rows[i]) && inbox_is_ours(w, rows[i]))
			seen[n_seen++] = json_get_str(rows[i], S("id"));
	}
	if (!items->count)
		out_info(&c->out, want->unread ? "no unread messages" : "no messages");
	warm_tell_away(c, w);
	if (c->out.json) {
		out_json_list_end(&c->out);
		out_json_end(&c->out);
	}
	/* Who closed the pipe has not read them. */
	TRY(out_flush(&c->out, c->arena));
	return inbox_seen(c, w, seen, n_seen);
}

/* What is left of it. */

static struct err *need_daemon(struct cli *c, struct warm *w)
{
	TRY(warm_open(c, w));
	if (w->is_up)
		return NULL;
	return err_word(FAIL(c->arena, TRY_AGAIN, "the inbox is the daemon's, and none is running"),
			S("daemon_unreachable"));
}

#define FLUSH_FLAGS(F, T) \
	F(T, str, before, "TIME", 1, 40, "only what came before: 2026-01-31T00:00:00Z") \
	F(T, bool, all, "", 0, 0, "of every age, and without --mesh of every mesh")
CLI_FLAGS(flush, FLUSH_FLAGS);

static struct err *flush_run(struct cli *c, const void *flags)
{
	const struct flush_flags *in = flags;
	const struct query q[] = { { "mesh", c->global.mesh }, { "before", in->before } };
	const struct json *body;
	struct warm w;
	i64 removed;
	str whose;

	if (str_empty(c->global.mesh) && str_empty(in->before) && !in->all)
		return err_word(cli_invalid(c, S("filter"), "missing", S("nothing says what to forget"),
					    S("--mesh, --before or --all")),
				S("missing_filter"));
	TRY(need_daemon(c, &w));
	TRY(warm_send(c, &w, "DELETE", warm_target(c->arena, "/v1/inbox", q, ARRAY_LEN(q)), NULL, NULL,
		      &body));
	removed = json_get_int(body, S("removed"), 0);
	if (c->out.json) {
		json_put_int(out_json(&c->out), "removed", removed);
		out_json_end(&c->out);
		return NULL;
	}
	/* A session's call never reaches further than the session. */
	whose = !str_empty(w.ipc.token)     ? S("this session's inbox")
		: str_empty(c->global.mesh) ? S("every mesh")
					    : c->global.mesh;
	out_ok(&c->out, STR_NONE, "Flushed %" PRId64 " %s from %.*s.", removed,
	       removed == 1 ? "message" : "messages", STRF(whose));
	return NULL;
}

const struct command inbox_flush_command = {
	.name = "inbox flush",
	.aliases = "message flush",
	.arguments = "",
	.group = GROUP_MESSAGE,
	COMMAND_GATE(WRITE, "message", "flush"),
	COMMAND_FLAGS(flush),
	.run = flush_run,
	.doc = "Forgets messages of the daemon's inbox.",
	.more = "Within a session only those that the session may see.",
	.fields = "removed",
};

static struct err *delete_run(struct cli *c, const void *flags UNUSED)
{
	str target = arena_printf(c->arena, "/v1/inbox/%.*s", STRF(url_encode(c->arena, c->args[0])));
	const struct json *body;
	struct warm w;

	TRY(need_daemon(c, &w));
	TRY(warm_send(c, &w, "DELETE", target, NULL, NULL, &body));
	if (c->out.json) {
		json_put_str(out_json(&c->out), "id", c->args[0]);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "Deleted inbox row %.*s.", STRF(c->args[0]));
	return NULL;
}

const struct command inbox_delete_command = {
	.name = "inbox delete",
	.aliases = "inbox rm",
	.arguments = "ID",
	.group = GROUP_MESSAGE,
	COMMAND_GATE(WRITE, "message", "delete"),
	.run = delete_run,
	.doc = "Forgets one message: its id, or the first 8 characters of it.",
	.fields = "id",
};
