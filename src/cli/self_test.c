/*
 * self_test.c - `test`: two people who exist for a moment do on a real broker what people do,
 * in a mesh of their own. Nothing of the user's is read or changed; their files are in a
 * directory that is removed. The mesh stays on the broker: nobody has its keys any more.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"

#define TEST_FLAGS(F, T) \
	F(T, str, broker, "URL", 1, 512, "which; default that of --mesh or of the only mesh")
CLI_FLAGS(test, TEST_FLAGS);

enum { ARRIVE_MS = 5000, WALK_DEPTH = 16 };

struct person {
	struct client client;
	struct paths paths;
	struct mesh_made made;
	struct visit *visit;
};

struct scratch {
	struct cli *c;
	struct arena *arena;
	str dir, broker, link, message_id;
	struct person alice, bob;
};

static int remove_one(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *ftw UNUSED)
{
	return remove(path);
}

static void scratch_done(void *arg)
{
	struct scratch *s = arg;

	visit_close(s->alice.visit);
	visit_close(s->bob.visit);
	if (!str_empty(s->dir))
		nftw(s->dir.ptr, remove_one, WALK_DEPTH, FTW_DEPTH | FTW_PHYS);
}

static struct err *person_init(struct scratch *s, struct person *p, const char *name)
{
	str dir = arena_printf(s->arena, "%.*s/%s", STRF(s->dir), name);

	if (mkdir(dir.ptr, 0700) != 0)
		return FAIL(s->arena, IO, "cannot make '%s'", dir.ptr);
	TRY(paths_find(s->arena, dir, STR_NONE, &p->paths));
	p->client = (struct client){ .paths = &p->paths, .clock = &clock_real, .random = &random_system };
	return NULL;
}

static struct err *scratch_init(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_cstr(s->arena, arena_printf(s->arena, "%s/claudemesh-test-XXXXXX",
						      tmp && *tmp ? tmp : "/tmp"));

	if (!mkdtemp(dir))
		return FAIL(s->arena, IO, "cannot make a directory in '%s'", tmp && *tmp ? tmp : "/tmp");
	s->dir = str_from(dir);
	TRY(person_init(s, &s->alice, "alice"));
	return person_init(s, &s->bob, "bob");
}

static struct err *wrong(struct scratch *s, const char *what)
{
	return FAIL(s->arena, REFUSED, "%s", what);
}

static struct err *probe_create(struct scratch *s)
{
	str name = arena_printf(s->arena, "test-%.*s",
				STRF(id_from_alphabet(s->arena, &random_system, S("0123456789abcdef"), 8)));

	return mesh_create(s->arena, &s->alice.client, name, S("alice"), s->broker, &s->alice.made);
}

static struct err *probe_share(struct scratch *s)
{
	struct share_made made;

	TRY(mesh_share(s->arena, &s->alice.client, &s->alice.made.mesh, STR_NONE, 1, 60 * 1000, &made));
	s->link = made.url;
	return NULL;
}

static struct err *probe_join(struct scratch *s)
{
	TRY(mesh_join(s->arena, &s->bob.client, s->link, S("bob"), s->broker, &s->bob.made));
	return s->bob.made.verified ? NULL : wrong(s, "joined, but the owner's signature was not proven");
}

static struct err *probe_used_link(struct scratch *s)
{
	struct person eve;
	struct err *e;

	TRY(person_init(s, &eve, "eve"));
	e = mesh_join(s->arena, &eve.client, s->link, S("eve"), s->broker, &eve.made);
	return e ? NULL : wrong(s, "a link for one let a second one in");
}

static struct err *open_visit(struct scratch *s, struct person *p, bool takes_messages)
{
	struct visit_spec spec = { .mesh = &p->made.mesh, .wants_messages = takes_messages,
				   .is_session = takes_messages };

	visit_close(p->visit);
	p->visit = NULL;
	return visit_open(s->arena, &p->client, &spec, &p->visit);
}

static struct err *probe_hello(struct scratch *s)
{
	TRY(open_visit(s, &s->alice, true));
	return link_has_challenge(visit_link(s->alice.visit)) ? NULL
							     : wrong(s, "the broker's greeting could be repeated");
}

static struct err *send_text(struct scratch *s, str who, str text, str id, struct ack_args *ret_ack)
{
	struct draft draft = { .text = text, .client_message_id = id };
	struct target to;

	return visit_send(s->arena, s->alice.visit, who, &draft, &to, ret_ack);
}

/* The next message of bob's is this one. */
static struct err *expect_text(struct scratch *s, str text, bool encrypted)
{
	struct inbound m;
	bool got;

	TRY(visit_next(s->arena, s->bob.visit, ARRIVE_MS, &m, &got));
	if (!got)
		return wrong(s, "it did not arrive within 5 s");
	visit_ack(s->bob.visit, &m);
	if (!m.readable || !str_eq(m.body, text))
		return wrong(s, "something else arrived");
	return m.encrypted == encrypted ? NULL : wrong(s, "it arrived, but not encrypted as it should be");
}

static struct err *probe_away(struct scratch *s)
{
	struct ack_args ack;

	TRY(send_text(s, S("bob"), S("while you were away"), STR_NONE, &ack));
	return str_eq(ack.delivery, S("stored")) ? NULL : wrong(s, "the broker did not say that it keeps it");
}

static struct err *probe_fetch(struct scratch *s)
{
	TRY(open_visit(s, &s->bob, true));
	return expect_text(s, S("while you were away"), true);
}

static struct err *probe_live(struct scratch *s)
{
	struct ack_args ack;

	TRY(send_text(s, S("bob"), S("are you there?"), S("probe-live"), &ack));
	s->message_id = ack.messageId;
	return expect_text(s, S("are you there?"), true);
}

static struct err *probe_receipt(struct scratch *s)
{
	struct message_status_result_args result;
	struct peers_list_args list;
	bool settled;

	/* Bob's ack has left when a later question of his is answered. */
	TRY(visit_peers(s->arena, s->bob.visit, false, &list));
	TRY(visit_settle(s->arena, s->alice.visit, s->message_id, ARRIVE_MS, &result, &settled));
	return result.delivered ? NULL : wrong(s, "it is not told to be delivered");
}

static struct err *probe_repeat(struct scratch *s)
{
	struct ack_args ack;

	TRY(send_text(s, S("bob"), S("are you there?"), S("probe-live"), &ack));
	return ack.duplicate && str_eq(ack.messageId, s->message_id) ? NULL
								     : wrong(s, "the same id made a second message");
}

static struct err *probe_group(struct scratch *s)
{
	struct join_group_args args = { .name = S("testers"), .scope = SCOPE_CONNECTION };
	struct ack_args ack;
	bool confirmed;

	TRY(visit_tell(s->arena, s->bob.visit, "join_group", join_group_fields, &args, &confirmed));
	TRY(send_text(s, S("@testers"), S("to the group"), STR_NONE, &ack));
	return expect_text(s, S("to the group"), false);
}

static struct err *probe_broadcast(struct scratch *s)
{
	struct ack_args ack;

	TRY(send_text(s, S("*"), S("to everybody"), STR_NONE, &ack));
	return expect_text(s, S("to everybody"), false);
}

static struct err *probe_presence(struct scratch *s)
{
	struct set_summary_args args = { .summary = S("testing"), .scope = SCOPE_CONNECTION };
	struct peers_list_args list;
	bool confirmed;

	TRY(visit_tell(s->arena, s->bob.visit, "set_summary", set_summary_fields, &args, &confirmed));
	TRY(visit_peers(s->arena, s->alice.visit, true, &list));
	for (size_t i = 0; i < list.peers.n; i++)
		if (str_eq(list.peers.items[i].summary, S("testing")))
			return NULL;
	return wrong(s, "what bob does is not seen by alice");
}

static struct err *probe_leave(struct scratch *s)
{
	str kept;

	visit_close(s->bob.visit);
	visit_close(s->alice.visit);
	s->alice.visit = s->bob.visit = NULL;
	TRY(mesh_leave(s->arena, &s->bob.client, s->bob.made.mesh.slug, &kept));
	return mesh_leave(s->arena, &s->alice.client, s->alice.made.mesh.slug, &kept);
}

static const struct probe {
	const char *name;
	struct err *(*run)(struct scratch *s);
	bool is_needed;       /* without it the others make no sense */
} probes[] = {
	{ "create a mesh", probe_create, true },
	{ "make a link", probe_share, true },
	{ "join with it, signatures proven", probe_join, true },
	{ "the link is used up", probe_used_link, false },
	{ "hello", probe_hello, true },
	{ "a message for who is away is kept", probe_away, false },
	{ "and fetched", probe_fetch, true },
	{ "a message arrives, encrypted", probe_live, true },
	{ "its sender learns that it did", probe_receipt, false },
	{ "repeated, it stays one", probe_repeat, false },
	{ "a group", probe_group, false },
	{ "a broadcast", probe_broadcast, false },
	{ "what others do", probe_presence, false },
	{ "leave", probe_leave, false },
};

static void tell(struct cli *c, const struct probe *p, const struct err *e, i64 us)
{
	struct output *o = &c->out;

	if (o->json) {
		struct json_out *j = &o->json_out;

		json_obj(j);
		json_put_str(j, "probe", str_from(p->name));
		json_put_bool(j, "passed", !e);
		json_put_int(j, "us", us);
		json_put_str(j, "detail", e ? e->text : STR_NONE);
		json_obj_end(j);
		return;
	}
	if (o->quiet && !e)
		return;
	out_span(o, e ? TONE_RED : TONE_GREEN, "  %s", e ? "✘" : "✔");
	out_span(o, TONE_PLAIN, " %s", p->name);
	if (e)
		out_span(o, TONE_PLAIN, ": %.*s", STRF(e->text));
	else
		out_span(o, TONE_DIM, " (%.1f ms)", (double)us / 1000);
	out_end(o);
}

/* How many passed; stops at a needed one that does not. */
static size_t run_probes(struct cli *c, struct scratch *s)
{
	size_t passed = 0;

	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		i64 started = clock_real.mono_us(clock_real.arg);
		struct err *e = probes[i].run(s);

		tell(c, &probes[i], e, clock_real.mono_us(clock_real.arg) - started);
		passed += !e;
		if (e && probes[i].is_needed)
			break;
	}
	return passed;
}

/* --broker, $CLAUDEMESH_BROKER_URL, or that of the mesh meant. */
static struct err *find_broker(struct cli *c, const struct test_flags *in, str *ret_url)
{
	const struct config_mesh_args *mesh;
	struct client client;
	struct config_args config;
	str from_env = str_from(getenv("CLAUDEMESH_BROKER_URL"));

	TRY(context_client(c, &client));
	if (!str_empty(in->broker) || !str_empty(from_env)) {
		*ret_url = str_empty(in->broker) ? from_env : in->broker;
		return NULL;
	}
	TRY(context_config(c, &client, &config));
	if (config.meshes.n == 0) {
		*ret_url = S(BROKER_URL_DEFAULT);
		return NULL;
	}
	TRY(context_mesh(c, &config, &mesh));
	*ret_url = mesh->brokerUrl;
	return NULL;
}

static struct err *test_run(struct cli *c, const void *flags)
{
	struct scratch *s = NEW(c->arena, struct scratch);
	size_t passed;

	s->c = c;
	s->arena = c->arena;
	TRY(find_broker(c, flags, &s->broker));
	TRY(scratch_init(s));
	arena_defer(c->arena, scratch_done, s);
	out_section(&c->out, "test of %.*s", STRF(s->broker));
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "probes");
	} else {
		TRY(out_flush(&c->out, c->arena));
		out_busy(&c->out, "testing");
	}
	passed = run_probes(c, s);
	if (c->out.json)
		out_json_list_end(&c->out);
	out_end(&c->out);
	if (passed < ARRAY_LEN(probes))
		return cli_hint(c, err_word(FAIL(c->arena, INTERNAL, "%zu of %zu probes passed", passed,
						 ARRAY_LEN(probes)),
					    S("probes_failed")),
				"claudemesh doctor looks at the way to the broker");
	if (c->out.json)
		out_json_end(&c->out);
	else
		out_ok(&c->out, STR_NONE, "%zu of %zu probes passed", passed, ARRAY_LEN(probes));
	return NULL;
}

const struct command test_command = {
	.name = "test",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	COMMAND_FLAGS(test),
	.run = test_run,
	.doc = "Tries everything on a broker, in a mesh made for it.",
	.more = "Your own meshes and files are not touched. The mesh stays on the broker\n"
		"without anybody who has its keys. Status 8 if something fails.",
	.fields = "probe passed us detail",
};
