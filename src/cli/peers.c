#include "cli/commands.h"
#include "cli/context.h"

#include "cli/text.h"
#include "cli/warm.h"
#include "client/peer_reach.h"
#include "proto/peer.h"

#define PEERS_FLAGS(F, T) \
	F(T, bool, all, "", 0, 0, "also connections that only run a command or relay")
CLI_FLAGS(peers, PEERS_FLAGS);

/* What one mesh answered. */
struct answer {
	const struct config_mesh_args *mesh;
	struct peers_list_args list;
};

struct answers {
	const struct warm *warm;
	const struct peers_flags *flags;
	struct answer *items;
	size_t n;
};

enum { MESHES_MAX = 256 };

static struct err *ask(struct cli *c, const struct client *client,
		       const struct config_mesh_args *mesh, void *arg)
{
	struct answers *answers = arg;
	struct visit_spec spec = { .mesh = mesh, .display_name = context_display_name() };
	struct answer answer = { .mesh = mesh };
	struct visit *visit;
	struct err *e;

	if (answers->warm->is_up) {
		TRY(warm_peers(c, answers->warm, mesh, &answer.list));
		if (answers->n < MESHES_MAX)
			answers->items[answers->n++] = answer;
		return NULL;
	}
	TRY(visit_open(c->arena, client, &spec, &visit));
	e = visit_peers(c->arena, visit, true, &answer.list);
	visit_close(visit);
	if (!e && answers->n < MESHES_MAX)
		answers->items[answers->n++] = answer;
	return e;
}

/* A connection that runs one command, ours included, is no one to talk to. */
static bool is_shown(const struct answers *answers, const struct peer_args *p)
{
	return answers->flags->all || !str_eq(p->peerRole, S("control-plane"));
}

static bool is_own(const struct answer *answer, const struct peer_args *p)
{
	return str_eq(p->memberPubkey, answer->mesh->pubkey);
}

static const struct peer_args *peer_of(const struct answer *answer, str member_pubkey, size_t *at)
{
	const struct peer_list *list = &answer->list.peers;

	while (*at < list->n && !str_eq(list->items[*at].memberPubkey, member_pubkey))
		(*at)++;
	return *at < list->n ? &list->items[(*at)++] : NULL;
}

/* As soon as the quickest of its connections; nobody there: not. */
static enum reach member_reach(const struct answer *answer, str member_pubkey)
{
	enum reach best = REACH_NOT;
	const struct peer_args *p;
	size_t at = 0;

	while ((p = peer_of(answer, member_pubkey, &at)))
		best = MIN(best, peer_reach(p));
	return best;
}

static str role_of(const struct peer_args *p)
{
	return json_get_str(p->profile, S("role"));
}

static void peers_json(struct cli *c, const struct answers *answers)
{
	struct json_out *j = &c->out.json_out;

	out_json_list(&c->out, "peers");
	for (size_t m = 0; m < answers->n; m++)
		for (size_t i = 0; i < answers->items[m].list.peers.n; i++) {
			const struct peer_args *p = &answers->items[m].list.peers.items[i];
			struct peer_args shown;

			if (!is_shown(answers, p))
				continue;
			json_obj(j);
			json_put_str(j, "mesh", answers->items[m].mesh->slug);
			shown = *p;
			shown.reach = enum_word(reach_words, (int)peer_reach(p));
			json_encode(j, peer_fields, &shown);
			json_put_opt(j, "role", role_of(p));
			json_put_bool(j, "isSelf", is_own(&answers->items[m], p));
			json_obj_end(j);
		}
	out_json_list_end(&c->out);
	out_json_list(&c->out, "members");
	for (size_t m = 0; m < answers->n; m++)
		for (size_t i = 0; i < answers->items[m].list.members.n; i++) {
			struct member_args member = answers->items[m].list.members.items[i];

			member.chain.present = false;
			json_obj(j);
			json_put_str(j, "mesh", answers->items[m].mesh->slug);
			json_encode(j, member_fields, &member);
			json_put_str(j, "reach", enum_word(reach_words, (int)member_reach(
							  &answers->items[m], member.pubkey)));
			json_obj_end(j);
		}
	out_json_list_end(&c->out);
}

/* Is this member listed with its chain unproven? The reference's broker lists no members. */
static bool is_unverified(const struct answer *answer, str member_pubkey)
{
	for (size_t i = 0; i < answer->list.members.n; i++)
		if (str_eq(answer->list.members.items[i].pubkey, member_pubkey))
			return !answer->list.members.items[i].verified;
	return false;
}

static void about(struct cli *c, const struct peer_args *p)
{
	struct output *o = &c->out;
	const str facts[] = { p->peerType, p->channel, p->model };
	str role = role_of(p);
	size_t n = 0;

	if (role.len)
		out_span(o, TONE_DIM, " [role:%.*s", STRF(role));
	for (size_t i = 0; i < p->groups.n; i++) {
		const struct group_args *g = &p->groups.items[i];

		out_span(o, TONE_DIM, "%s@%.*s%s%.*s", i || role.len ? ", " : " [", STRF(g->name),
			 g->role.len ? ":" : "", STRF(g->role));
	}
	if (role.len || p->groups.n)
		out_span(o, TONE_DIM, "]");
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (!str_empty(facts[i]))
			out_span(o, TONE_DIM, "%s%.*s", n++ ? ", " : " (", STRF(facts[i]));
	if (n)
		out_span(o, TONE_DIM, ")");
}

static void reach_span(struct output *o, enum reach reach)
{
	enum tone tone = reach == REACH_NOW ? TONE_GREEN : reach == REACH_NOT ? TONE_RED : TONE_YELLOW;

	out_span(o, tone, " %.*s", STRF(reach_text(enum_word(reach_words, (int)reach))));
}

static void peer_row(struct cli *c, const struct answer *answer, const struct peer_args *p)
{
	struct output *o = &c->out;
	enum tone tone = str_eq(p->status, S("dnd"))       ? TONE_RED
			 : str_eq(p->status, S("working")) ? TONE_YELLOW
							   : TONE_GREEN;
	str key = text_cut(str_empty(p->memberPubkey) ? p->pubkey : p->memberPubkey, 16);

	out_row(o);
	out_span(o, tone, "  ●");
	out_span(o, TONE_BOLD, " %.*s", STRF(p->displayName));
	if (is_own(answer, p))
		out_span(o, TONE_DIM, " (you)");
	if (p->visible && p->visible->type == JSON_BOOL && !p->visible->b)
		out_span(o, TONE_DIM, " (hidden)");
	if (is_unverified(answer, p->memberPubkey))
		out_span(o, TONE_YELLOW, " unverified");
	out_span(o, TONE_DIM, " ·");
	reach_span(o, peer_reach(p));
	about(c, p);
	out_span(o, TONE_DIM, " · %.*s…", STRF(key));
	if (!str_empty(p->summary))
		out_span(o, TONE_PLAIN, "  — %.*s", STRF(p->summary));
	out_end(o);
	if (!str_empty(p->cwd)) {
		out_row(o);
		out_span(o, TONE_DIM, "     cwd: %.*s", STRF(p->cwd));
		out_end(o);
	}
}

static bool has_row(const struct answers *answers, const struct answer *answer, str member_pubkey)
{
	for (size_t i = 0; i < answer->list.peers.n; i++)
		if (str_eq(answer->list.peers.items[i].memberPubkey, member_pubkey) &&
		    is_shown(answers, &answer->list.peers.items[i]))
			return true;
	return false;
}

/* What a member without a row says of itself, over its daemon's connection. */
static str summary_of(const struct answer *answer, str member_pubkey)
{
	for (size_t i = 0; i < answer->list.peers.n; i++)
		if (str_eq(answer->list.peers.items[i].memberPubkey, member_pubkey) &&
		    !str_empty(answer->list.peers.items[i].summary))
			return answer->list.peers.items[i].summary;
	return STR_NONE;
}

/* Members without a row: messages to them wait at their daemon, or for their return. */
static void away_rows(struct cli *c, const struct answers *answers, const struct answer *answer)
{
	struct output *o = &c->out;

	for (size_t i = 0; i < answer->list.members.n; i++) {
		const struct member_args *m = &answer->list.members.items[i];

		if (has_row(answers, answer, m->pubkey))
			continue;
		out_row(o);
		out_span(o, TONE_DIM, "  ○ %.*s%s (%s) ·", STRF(m->displayName),
			 str_eq(m->pubkey, answer->mesh->pubkey) ? " (you)" : "",
			 m->online ? "no session" : "away");
		reach_span(o, member_reach(answer, m->pubkey));
		if (!m->verified)
			out_span(o, TONE_YELLOW, " unverified");
		out_span(o, TONE_DIM, " · %.*s…", STRF(text_cut(m->pubkey, 16)));
		if (!str_empty(summary_of(answer, m->pubkey)))
			out_span(o, TONE_PLAIN, "  — %.*s", STRF(summary_of(answer, m->pubkey)));
		out_end(o);
	}
}

/* A broker that lists members leaves nobody out; the reference's does not list them. */
static void peers_title(struct cli *c, const struct answer *answer, size_t shown, size_t hidden, bool all)
{
	str slug = answer->mesh->slug;
	size_t members = answer->list.members.n;

	if (members)
		out_section(&c->out, "peers on %.*s (%zu member%s, %zu %s%s)", STRF(slug), members,
			    members == 1 ? "" : "s", shown, all ? "connection" : "session", shown == 1 ? "" : "s");
	else if (hidden)
		out_section(&c->out, "peers on %.*s (%zu, %zu control-plane hidden — use --all)", STRF(slug), shown,
			    hidden);
	else
		out_section(&c->out, "peers on %.*s (%zu)", STRF(slug), shown);
}

static void peers_print(struct cli *c, const struct answers *answers)
{
	for (size_t m = 0; m < answers->n; m++) {
		const struct answer *answer = &answers->items[m];
		size_t shown = 0, hidden = 0;

		for (size_t i = 0; i < answer->list.peers.n; i++)
			if (is_shown(answers, &answer->list.peers.items[i]))
				shown++;
			else
				hidden++;
		peers_title(c, answer, shown, hidden, answers->flags->all);
		for (size_t i = 0; i < answer->list.peers.n; i++)
			if (is_shown(answers, &answer->list.peers.items[i]))
				peer_row(c, answer, &answer->list.peers.items[i]);
		if (shown == 0 && answer->list.members.n == 0)
			out_info(&c->out, "(no peers connected)");
		away_rows(c, answers, answer);
	}
}

static struct err *peers_run(struct cli *c, const void *flags)
{
	struct warm warm;
	struct answers answers = { .flags = flags,
				   .warm = &warm,
				   .items = NEW_ARRAY(c->arena, struct answer, MESHES_MAX) };
	struct err *e;

	TRY(warm_open(c, &warm));
	e = context_each_mesh(c, ask, &answers);

	if (answers.n == 0)
		return e;
	if (!c->out.json) {
		peers_print(c, &answers);
		warm_tell_away(c, &warm);
		return e;
	}
	out_json(&c->out);
	peers_json(c, &answers);
	if (!e)
		out_json_end(&c->out);
	return e;
}

const struct command peers_command = {
	.name = "peers",
	.aliases = "peer list",
	.arguments = "",
	.group = GROUP_PEER,
	COMMAND_GATE(READ, "peer", "list"),
	COMMAND_FLAGS(peers),
	.run = peers_run,
	.doc = "Shows who is there and what they are doing.",
	.more = "Without --mesh: in every mesh you are in. Behind the name stands how soon a\n"
		"message is heard: now, at the next turn (of an agent with hooks), poll (when\n"
		"somebody looks into the inbox), or not (away, dnd, or message mode off: it\n"
		"waits). 'unverified': the mesh's owner did not vouch for this member's key,\n"
		"the broker alone says who it is.",
	.fields = "mesh displayName pubkey memberPubkey status summary groups sessionId connectedAt "
		  "cwd peerRole hostname peerType channel model stats profile visible reach role isSelf "
		  "memberId online verified owner",
};
