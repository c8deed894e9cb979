/*
 * notification.c - `notification read`: mentions that were seen, in all of one's meshes.
 */
#include "cli/me.h"

#include "cli/commands.h"
#include "client/validate.h"

enum { IDS_MAX = 200 };

#define NOTIFICATION_READ_FLAGS(F, T) F(T, bool, all, "", 0, 0, "all of them")
CLI_FLAGS(notification_read_words, NOTIFICATION_READ_FLAGS);

struct reading {
	bool all;
	struct strs wanted;      /* ids, or starts of them */
	str found[IDS_MAX];      /* the id that each of wanted stands for; {NULL, 0}: none yet */
	size_t ambiguous;        /* of wanted, counted from 1: several begin so */
	i64 marked;
};

static struct err *take_ids(struct cli *c, str words, struct reading *r)
{
	struct invalid why;
	bool is_prefix;
	str word, id;

	r->wanted.items = NEW_ARRAY(c->arena, str, IDS_MAX);
	while (str_cut(&words, ' ', &word)) {
		if (str_empty(word))
			continue;
		if (r->wanted.n == IDS_MAX)
			return cli_invalid(c, S("id"), "too_many", S("that is too much for one command"),
					   arena_printf(c->arena, "at most %d", IDS_MAX));
		if (str_starts(word, S("#")))
			word = str_skip(word, 1);
		if (!valid_message_id(c->arena, word, &id, &is_prefix, &why))
			return invalid_err(c->arena, &why);
		r->wanted.items[r->wanted.n++] = id;
	}
	return NULL;
}

/* Those of this mesh that are meant. */
static void pick(struct reading *r, const struct notification_list_response_args *list, struct strs *ids)
{
	for (size_t i = 0; i < list->notifications.n && ids->n < IDS_MAX; i++) {
		const struct notification_args *n = &list->notifications.items[i];
		bool meant = false;

		for (size_t k = 0; k < r->wanted.n; k++) {
			if (!str_starts(n->id, r->wanted.items[k]))
				continue;
			if (r->found[k].ptr && !str_eq(r->found[k], n->id))
				r->ambiguous = k + 1;
			r->found[k] = n->id;
			meant = true;
		}
		if (meant && str_empty(n->readAt))
			ids->items[ids->n++] = n->id;
	}
}

/* By pages, until all that is wanted was seen or there is no more. */
static struct err *find_ids(struct wire *w, struct reading *r, struct strs *ids)
{
	struct notification_list_args args = { .limit = TOPIC_PAGE_MAX };
	struct notification_list_response_args list;

	ids->items = NEW_ARRAY(w->c->arena, str, IDS_MAX);
	ids->present = true;
	do {
		TRY(wire_call(w, w->c->arena, "notification_list", notification_list_fields, &args,
			      notification_list_response_fields, &list, sizeof(list)));
		pick(r, &list, ids);
		if (list.notifications.n)
			args.beforeId = list.notifications.items[list.notifications.n - 1].id;
	} while (list.notifications.n == TOPIC_PAGE_MAX && ids->n < r->wanted.n);
	return NULL;
}

static struct err *read_mesh(struct wire *w, void *arg)
{
	struct reading *r = arg;
	struct notification_read_args args = { .all = r->all };
	struct notification_read_response_args done;

	if (!r->all)
		TRY(find_ids(w, r, &args.ids));
	if (!r->all && (!args.ids.n || r->ambiguous))
		return NULL;
	TRY(wire_call(w, w->c->arena, "notification_read", notification_read_fields, &args,
		      notification_read_response_fields, &done, sizeof(done)));
	r->marked += done.marked;
	return NULL;
}

static struct err *check_found(struct cli *c, const struct reading *r)
{
	if (r->ambiguous)
		return FAIL(c->arena, AMBIGUOUS, "several mentions have an id that begins with '%.*s'",
			    STRF(r->wanted.items[r->ambiguous - 1]));
	for (size_t i = 0; i < r->wanted.n; i++)
		if (!r->found[i].ptr)
			return cli_hint(c, FAIL(c->arena, NOT_FOUND, "no mention of you has the id '%.*s'",
						STRF(r->wanted.items[i])),
					"claudemesh notification list --all");
	return NULL;
}

static struct err *run(struct cli *c, const void *flags)
{
	const struct notification_read_words_flags *in = flags;
	struct reading r = { .all = in->all };

	if (in->all == (c->args_n > 0))
		return cli_invalid(c, S("id"), in->all ? "bad_format" : "missing",
				   in->all ? S("--all takes no id") : S("no id given"),
				   S("ids as 'notification list' shows them, or --all"));
	if (!in->all)
		TRY(take_ids(c, c->args[0], &r));
	TRY(wire_each(c, read_mesh, &r));
	TRY(check_found(c, &r));
	if (c->out.json) {
		json_put_int(out_json(&c->out), "marked", r.marked);
		out_json_end(&c->out);
	} else if (r.marked) {
		out_ok(&c->out, STR_NONE, "%lld read", (long long)r.marked);
	} else {
		out_info(&c->out, "nothing was unread");
	}
	return NULL;
}

const struct command notification_read_command = {
	.name = "notification read",
	.aliases = "me read",
	.arguments = "[IDS...]",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "notification", "read"),
	COMMAND_FLAGS(notification_read_words),
	.run = run,
	.doc = "Marks mentions of you as read, by the ids of their posts.",
	.more = "An id, or the start of it (8 characters), as 'notification list' shows; in all your meshes.",
	.fields = "marked",
};
