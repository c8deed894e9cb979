/*
 * topic.c - `topic create`, `list`, `join`, `leave`, `members`, `read`.
 */
#include "cli/topic.h"

#include <inttypes.h>

#include "cli/commands.h"
#include "cli/text.h"
#include "client/validate.h"

struct err *topic_open(struct cli *c, struct topic_stay *s)
{
	TRY(wire_open(c, &s->wire));
	return topics_init(c->arena, &s->wire.client, s->wire.mesh, wire_call, &s->wire, &s->topics);
}

void topic_close(struct topic_stay *s)
{
	wire_close(&s->wire);
}

struct err *topic_ask(struct topic_stay *s, const char *type, const struct json_field *fields,
		      const void *args, const struct json_field *reply_fields, void *ret, size_t size)
{
	struct err *e = wire_call(&s->wire, s->wire.c->arena, type, fields, args, reply_fields, ret, size);

	topic_close(s);
	if (e && str_eq(err_wire(e), S("topic_not_found")))
		return cli_hint(s->wire.c, e, "claudemesh topic list shows those there are");
	return e;
}

str topic_argument(struct cli *c)
{
	return str_starts(c->args[0], S("#")) ? str_skip(c->args[0], 1) : c->args[0];
}

void topic_warn_left_out(struct cli *c, const struct strs *names)
{
	str all = STR_NONE;

	for (size_t i = 0; i < names->n && i < RESOLVE_LISTED_MAX; i++)
		all = arena_printf(c->arena, "%.*s%s%.*s", STRF(all), i ? ", " : "", STRF(names->items[i]));
	if (names->n)
		out_warn(&c->out, S("compare numbers, then: claudemesh verify NAME --confirm"),
			 "%.*s%s cannot read it: nobody vouches for the key", STRF(all),
			 names->n > RESOLVE_LISTED_MAX ? ", ..." : "");
}

/* ---- create ---- */

#define FLAG_C_visibility enum visibility
#define FLAG_KIND_visibility FLAG_ENUM
#define FLAG_WORDS_visibility visibility_words

#define TOPIC_CREATE_FLAGS(F, T) \
	F(T, str, description, "TEXT", 1, TOPIC_DESCRIPTION_BYTES_MAX, "what it is for") \
	F(T, visibility, visibility, "WORD", 0, 0, "public (default), private, or dm") \
	F(T, str, with, "A,B", 1, 4096, "members to add besides yourself") \
	F(T, bool, plaintext, "", 0, 0, "without a key: the broker can read it, and programs can post")
CLI_FLAGS(topic_create, TOPIC_CREATE_FLAGS);

/* Names or keys of members as their ids. */
static struct err *take_members(struct topic_stay *s, str text, struct strs *ret_ids)
{
	struct cli *c = s->wire.c;
	struct list_peers_args args = { .members = true };
	struct peers_list_args list;
	str who;

	*ret_ids = (struct strs){ .items = NEW_ARRAY(c->arena, str, text.len / 2 + 1), .present = text.len > 0 };
	if (str_empty(text))
		return NULL;
	TRY(wire_call(&s->wire, c->arena, "list_peers", list_peers_fields, &args, peers_list_fields, &list,
		      sizeof(list)));
	while (str_cut(&text, ',', &who)) {
		struct target to;

		TRY(resolve_target(c->arena, &list, s->wire.mesh->pubkey, str_trim(who), &to));
		for (size_t i = 0; i < list.members.n; i++)
			if (str_eq(list.members.items[i].pubkey, to.member_pubkey) && !to.is_self)
				ret_ids->items[ret_ids->n++] = list.members.items[i].memberId;
	}
	return NULL;
}

static struct err *create_it(struct topic_stay *s, const struct topic_create_flags *in,
			     struct topic_created_args *ret_made, struct strs *ret_left_out)
{
	struct topic_create_args args = { .name = topic_argument(s->wire.c), .visibility = in->visibility,
					  .plaintext = in->plaintext };

	if (!str_empty(in->description))
		args.description = in->description;
	TRY(take_members(s, in->with, &args.members));
	return topics_create(&s->topics, &args, ret_made, ret_left_out);
}

static struct err *create_run(struct cli *c, const void *flags)
{
	struct topic_created_args made;
	struct strs left_out;
	struct topic_stay s;
	struct err *e;

	TRY(topic_open(c, &s));
	e = create_it(&s, flags, &made, &left_out);
	topic_close(&s);
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "id", made.topic.id);
		json_put_str(j, "name", made.topic.name);
		json_put_bool(j, "created", made.created);
		json_put_str(j, "visibility", made.topic.visibility);
		json_put_bool(j, "encrypted", made.topic.epoch > 0);
		out_json_end(&c->out);
		return NULL;
	}
	if (made.created)
		out_ok(&c->out, arena_printf(c->arena, "#%.*s %.*s", STRF(made.topic.name),
					     STRF(text_cut(made.topic.id, SHORT_ID))),
		       "created%s", made.topic.epoch ? "" : ", not encrypted: the broker can read it");
	else
		out_info(&c->out, "#%.*s is there already; you are in it", STRF(made.topic.name));
	topic_warn_left_out(c, &left_out);
	return NULL;
}

/* ---- list ---- */

#define TOPIC_LIST_FLAGS(F, T) F(T, bool, unread, "", 0, 0, "only those with something unread")
CLI_FLAGS(topic_list, TOPIC_LIST_FLAGS);

/* another: there is another of its name before it, which the name means. */
static void entry_print(struct cli *c, const struct topic_entry_args *t, bool another)
{
	struct output *o = &c->out;

	out_row(o);
	out_span(o, TONE_BOLD, "  #%.*s", STRF(t->name));
	out_span(o, TONE_DIM, "  %.*s  %" PRId64 " member%s", STRF(t->visibility), t->memberCount,
		 t->memberCount == 1 ? "" : "s");
	if (str_empty(t->role))
		out_span(o, TONE_DIM, "  not joined");
	if (!t->epoch)
		out_span(o, TONE_YELLOW, "  not encrypted");
	if (t->unread)
		out_span(o, TONE_CLAY, "  %" PRId64 " unread", t->unread);
	if (another)
		out_span(o, TONE_YELLOW, "  another of that name: #%.*s", STRF(t->id));
	out_end(o);
	if (!str_empty(t->description)) {
		out_row(o);
		out_span(o, TONE_DIM, "    %.*s", STRF(t->description));
		out_end(o);
	}
}

static struct err *list_run(struct cli *c, const void *flags)
{
	const struct topic_list_flags *in = flags;
	struct topic_list_args args = { 0 };
	struct topic_list_response_args list;
	struct topic_stay s;
	size_t shown = 0;

	TRY(topic_open(c, &s));
	TRY(topic_ask(&s, "topic_list", topic_list_fields, &args, topic_list_response_fields, &list, sizeof(list)));
	for (size_t i = 0; i < list.topics.n; i++)
		if (!in->unread || list.topics.items[i].unread)
			list.topics.items[shown++] = list.topics.items[i];
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "topics");
		for (size_t i = 0; i < shown; i++) {
			json_obj(j);
			json_encode(j, topic_entry_fields, &list.topics.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "topics on %.*s (%zu)", STRF(s.wire.mesh->slug), shown);
	for (size_t i = 0; i < shown; i++)
		entry_print(c, &list.topics.items[i],
			    i && str_eq(list.topics.items[i].name, list.topics.items[i - 1].name));
	return NULL;
}

/* ---- join, leave, read ---- */

#define FLAG_C_topic_role enum topic_role
#define FLAG_KIND_topic_role FLAG_ENUM
#define FLAG_WORDS_topic_role topic_role_words

#define TOPIC_JOIN_FLAGS(F, T) F(T, topic_role, role, "WORD", 0, 0, "member (default) or observer; of admins also lead")
CLI_FLAGS(topic_join, TOPIC_JOIN_FLAGS);

/* One change, which the broker confirms. */
static struct err *change(struct cli *c, const char *type, const struct json_field *fields, const void *args,
			  const char *done, const char *member)
{
	str topic = topic_argument(c);
	struct topic_stay s;

	TRY(topic_open(c, &s));
	TRY(topic_ask(&s, type, fields, args, NULL, NULL, 0));
	out_ok(&c->out, arena_printf(c->arena, "#%.*s", STRF(topic)), "%s", done);
	if (c->out.json) {
		json_put_str(out_json(&c->out), member, topic);
		out_json_end(&c->out);
	}
	return NULL;
}

static struct err *join_run(struct cli *c, const void *flags)
{
	const struct topic_join_flags *in = flags;
	struct topic_join_args args = { .topic = topic_argument(c), .role = in->role };

	return change(c, "topic_join", topic_join_fields, &args, "joined", "joined");
}

static struct err *leave_run(struct cli *c, const void *flags UNUSED)
{
	struct topic_leave_args args = { .topic = topic_argument(c) };

	return change(c, "topic_leave", topic_leave_fields, &args, "left", "left");
}

static struct err *read_run(struct cli *c, const void *flags UNUSED)
{
	struct topic_mark_read_args args = { .topic = topic_argument(c) };

	return change(c, "topic_mark_read", topic_mark_read_fields, &args, "marked read", "read");
}

/* ---- members ---- */

static void member_print(struct cli *c, const struct topic_member_entry_args *m)
{
	struct output *o = &c->out;

	out_row(o);
	out_span(o, TONE_BOLD, "  %.*s", STRF(m->displayName));
	out_span(o, TONE_PLAIN, "  %.*s", STRF(m->role));
	out_span(o, TONE_DIM, "  %.*s", STRF(text_cut(m->pubkey, SHORT_ID)));
	if (!str_empty(m->deviceOf))
		out_span(o, TONE_DIM, "  a device");
	if (!m->keyed)
		out_span(o, TONE_YELLOW, "  has no key yet");
	out_end(o);
}

static struct err *members_run(struct cli *c, const void *flags UNUSED)
{
	struct topic_members_args args = { .topic = topic_argument(c) };
	struct topic_members_response_args list;
	struct topic_stay s;

	TRY(topic_open(c, &s));
	TRY(topic_ask(&s, "topic_members", topic_members_fields, &args, topic_members_response_fields, &list,
		      sizeof(list)));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "members");
		for (size_t i = 0; i < list.members.n; i++) {
			json_obj(j);
			json_encode(j, topic_member_entry_fields, &list.members.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "members of #%.*s (%zu)", STRF(args.topic), list.members.n);
	for (size_t i = 0; i < list.members.n; i++)
		member_print(c, &list.members.items[i]);
	return NULL;
}

const struct command topic_create_command = {
	.name = "topic create",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "topic", "create"),
	COMMAND_FLAGS(topic_create),
	.run = create_run,
	.doc = "Makes a topic: a room whose messages are kept.",
	.more = "Its key is made here and sealed to its members; the broker cannot read it. Those\n"
		"whom no invite of the owner's vouches for get the key once somebody compared\n"
		"numbers with them: claudemesh verify NAME --confirm.",
	.fields = "id name created visibility encrypted",
};

const struct command topic_list_command = {
	.name = "topic list",
	.aliases = "topic, topics",
	.arguments = "",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "topic", "list"),
	COMMAND_FLAGS(topic_list),
	.run = list_run,
	.doc = "Lists the topics that you may see.",
	.fields = "id name description visibility memberCount createdAt role unread lastSeq lastMessageAt epoch "
		  "stale plaintext",
};

const struct command topic_join_command = {
	.name = "topic join",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "topic", "join"),
	COMMAND_FLAGS(topic_join),
	.run = join_run,
	.doc = "Joins a topic: what is posted there comes to you.",
	.fields = "joined",
};

const struct command topic_leave_command = {
	.name = "topic leave",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "topic", "leave"),
	.run = leave_run,
	.doc = "Leaves a topic; what follows is under a key that you do not get.",
	.fields = "left",
};

const struct command topic_members_command = {
	.name = "topic members",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "topic", "members"),
	.run = members_run,
	.doc = "Lists who is in a topic.",
	.fields = "memberId pubkey displayName role joinedAt lastReadAt deviceOf revoked keyed",
};

const struct command topic_read_command = {
	.name = "topic read",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "topic", "read"),
	.run = read_run,
	.doc = "Marks everything in a topic as read.",
	.fields = "read",
};
