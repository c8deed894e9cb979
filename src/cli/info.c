/*
 * info.c - `info`, `ping` and `stats`: a mesh, the way to it, and what its peers count.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include <inttypes.h>

#include "cli/text.h"
#include "cli/warm.h"

static i64 now_us(const struct stay *s)
{
	return s->client.clock->mono_us(s->client.clock->arg);
}

/* Members that are there, connections that only run a command left out. */
static size_t count_online(const struct peers_list_args *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->peers.n; i++)
		n += !str_eq(list->peers.items[i].peerRole, S("control-plane"));
	return n;
}

static const struct member_args *own_member(const struct peers_list_args *list, str pubkey)
{
	for (size_t i = 0; i < list->members.n; i++)
		if (str_eq_nocase(list->members.items[i].pubkey, pubkey))
			return &list->members.items[i];
	return NULL;
}

static void info_json(struct cli *c, const struct company *co, const struct member_args *own, str owner)
{
	const struct config_mesh_args *m = co->mesh;
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "slug", m->slug);
	json_put_str(j, "name", m->name);
	json_put_str(j, "meshId", m->meshId);
	json_put_str(j, "memberId", m->memberId);
	json_put_str(j, "brokerUrl", m->brokerUrl);
	json_put_str(j, "displayName", own ? own->displayName : STR_NONE);
	json_put_str(j, "role", own ? own->role : STR_NONE);
	json_put_str(j, "pubkey", m->pubkey);
	json_put_str(j, "ownerPubkey", str_empty(owner) ? STR_NONE : owner);
	json_put_int(j, "peerCount", (i64)count_online(&co->list));
	json_put_int(j, "memberCount", (i64)co->list.members.n);
	json_put_str(j, "joinedAt", m->joinedAt);
	out_json_end(&c->out);
}

static struct err *info_run(struct cli *c, const void *flags UNUSED)
{
	const struct member_args *own;
	const struct config_mesh_args *mesh;
	struct mesh_keys_args keys;
	struct company co;

	TRY(warm_company(c, &co));
	mesh = co.mesh;
	TRY(keys_load(c->arena, &co.paths, mesh->meshId, &keys));
	own = own_member(&co.list, mesh->pubkey);
	if (c->out.json) {
		info_json(c, &co, own, keys.owner_pubkey);
		return NULL;
	}
	out_section(&c->out, "%.*s · %.*s", STRF(mesh->slug), STRF(mesh->brokerUrl));
	out_kv(&c->out,
	       (struct kv[]){
		       { "mesh", mesh->meshId },
		       { "member", mesh->memberId },
		       { "you", own ? own->displayName : STR_NONE },
		       { "role", !str_empty(keys.owner_secret) ? S("owner") : own ? own->role : STR_NONE },
		       { "key", mesh->pubkey },
		       { "owner's key", str_empty(keys.owner_pubkey) ? S("not known") : keys.owner_pubkey },
		       { "peers", arena_printf(c->arena, "%zu", count_online(&co.list)) },
		       { "members",
			 co.list.members.n ? arena_printf(c->arena, "%zu", co.list.members.n) : STR_NONE },
		       { "joined",
			 str_empty(mesh->joinedAt) ? STR_NONE : context_time(c->arena, mesh->joinedAt) },
	       },
	       9);
	return NULL;
}

static struct err *ping_run(struct cli *c, const void *flags UNUSED)
{
	i64 started, open_us, asked, round_us;
	struct peers_list_args list;
	struct stay stay;
	struct err *e;

	started = clock_real.mono_us(clock_real.arg);
	TRY(stay_open(c, &stay));
	open_us = now_us(&stay) - started;
	asked = now_us(&stay);
	e = visit_peers(c->arena, stay.visit, false, &list);
	round_us = now_us(&stay) - asked;
	visit_close(stay.visit);
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "mesh", stay.mesh->slug);
		json_put_str(j, "ws_status", S("open"));
		json_put_int(j, "peers_online", (i64)count_online(&list));
		json_put_int(j, "connect_us", open_us);
		json_put_int(j, "round_trip_us", round_us);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "ping %.*s", STRF(stay.mesh->slug));
	out_kv(&c->out,
	       (struct kv[]){ { "ws_status", S("open") },
			      { "peers_online", arena_printf(c->arena, "%zu", count_online(&list)) },
			      { "connect and hello", arena_printf(c->arena, "%.1f ms", (double)open_us / 1000) },
			      { "round trip", arena_printf(c->arena, "%.1f ms", (double)round_us / 1000) } },
	       4);
	return NULL;
}

/* A number as the peer told it; "-" where it told none. */
static str number_of(const struct json *stats, str key)
{
	const struct json *value = json_get(stats, key);

	return value && (value->type == JSON_INT || value->type == JSON_NUM) ? value->s : S("-");
}

static void stats_row(struct cli *c, const struct peer_args *p)
{
	struct output *o = &c->out;
	i64 up = json_get_int(p->stats, S("uptime"), -1);

	out_row(o);
	out_span(o, TONE_BOLD, "  %.*s", STRF(p->displayName));
	out_span(o, TONE_DIM, " · %.*s", STRF(text_cut(p->sessionId, 8)));
	if (!p->stats) {
		out_span(o, TONE_DIM, "  tells none");
		out_end(o);
		return;
	}
	out_span(o, TONE_PLAIN, "  in:%.*s out:%.*s tools:%.*s", STRF(number_of(p->stats, S("messagesIn"))),
		 STRF(number_of(p->stats, S("messagesOut"))), STRF(number_of(p->stats, S("toolCalls"))));
	if (up >= 0)
		out_span(o, TONE_PLAIN, " up:%" PRId64 "m", up / 60);
	out_span(o, TONE_PLAIN, " err:%.*s", STRF(number_of(p->stats, S("errors"))));
	out_end(o);
}

static void stats_json(struct cli *c, const struct company *co)
{
	const struct peers_list_args *list = &co->list;
	struct json_out *j = out_json(&c->out);

	out_json_list(&c->out, "peers");
	for (size_t i = 0; i < list->peers.n; i++) {
		const struct peer_args *p = &list->peers.items[i];

		if (str_eq(p->peerRole, S("control-plane")))
			continue;
		json_obj(j);
		json_put_str(j, "mesh", co->mesh->slug);
		json_put_str(j, "name", p->displayName);
		json_put_str(j, "pubkey", p->pubkey);
		json_put_str(j, "sessionId", p->sessionId);
		json_key(j, S("stats"));
		if (p->stats)
			json_value(j, p->stats);
		else
			json_null(j);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
	out_json_end(&c->out);
}

static struct err *stats_run(struct cli *c, const void *flags UNUSED)
{
	struct company co;

	TRY(warm_company(c, &co));
	if (c->out.json) {
		stats_json(c, &co);
		return NULL;
	}
	out_section(&c->out, "stats of %.*s", STRF(co.mesh->slug));
	for (size_t i = 0; i < co.list.peers.n; i++)
		if (!str_eq(co.list.peers.items[i].peerRole, S("control-plane")))
			stats_row(c, &co.list.peers.items[i]);
	if (count_online(&co.list) == 0)
		out_info(&c->out, "(no peers connected)");
	return NULL;
}

const struct command info_command = {
	.name = "info",
	.aliases = "workspace info, mesh info",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_GATE(READ, "mesh", "info"),
	.run = info_run,
	.doc = "Shows a mesh: its ids and keys, your role, how many are there.",
	.fields = "slug name meshId memberId brokerUrl displayName role pubkey ownerPubkey peerCount "
		  "memberCount joinedAt",
};

const struct command ping_command = {
	.name = "ping",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_GATE(READ, "mesh", "ping"),
	.run = ping_run,
	.doc = "Measures the way to the broker and back.",
	.fields = "mesh ws_status peers_online connect_us round_trip_us",
};

const struct command stats_command = {
	.name = "stats",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_GATE(READ, "mesh", "stats"),
	.run = stats_run,
	.doc = "Shows what each connected peer counts: messages, tools, errors.",
	.fields = "mesh name pubkey sessionId stats",
};
