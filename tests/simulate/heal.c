/*
 * heal.c - the end of a run: trouble ends, and what was promised must come to be.
 *
 * First without anybody doing anything: nothing may wait in silence. Then everybody comes back
 * and is idle. Then everybody leaves and one fresh session of each member collects the rest.
 */
#include "simulate/sim.h"

static u64 bit(int no)
{
	return 1ull << no;
}

static void calm(struct sim *s)
{
	note(s, "all trouble ends");
	disk_calm(s);
	s->healed = true;
	for (struct conn *c = s->conns; c; c = c->next)
		c->stalled_until_us = 0;
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		c->ack_delay_us = 0;
		for (struct late_ack *late = c->late; late; late = late->next)
			late->due_us = s->now_us;
		if (c->late)
			c->next_us = s->now_us;
		if (c->kind == LIAR && c->conn)
			conn_cut(s, c->conn);
		if (c->kind == LIAR)
			c->wants = false;
	}
}

/* Can be expected to take what comes: connected all the while, and listening to everything. */
static bool takes(const struct client *c)
{
	return c->kind != LIAR && c->model->takes && c->shadow == SHADOW_LIVE && c->greeted && c->idle &&
	       c->shadow_conn == c->conn && !c->conn->cut;
}

static void missing(struct sim *s, const struct msg *m, const char *who, const char *when)
{
	violated(s, "I1", "message %d of %s to %.*s (%.*s) never came to %s (%s)", m->no, m->from->name,
		 STRF(m->target), STRF(m->first_id), who, when);
}

/* A message may wait for a session that does not want it now. */
static bool all_take(const struct sim *s, const struct member *m)
{
	for (int i = 0; i < s->n_clients; i++)
		if (s->clients[i]->member == m && s->clients[i]->shadow != SHADOW_NONE && !takes(s->clients[i]))
			return false;
	return true;
}

/* A member that has a taker waits for nothing, but for what it sent to itself. */
static void check_takers(struct sim *s, const char *when)
{
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (!takes(c))
			continue;
		for (int k = 0; k < s->n_msgs; k++) {
			const struct msg *m = s->msgs[k];

			if (m->from->member != c->member && is_required(s, m, c->member->no) &&
			    all_take(s, c->member))
				missing(s, m, c->name, when);
			if (m->must_client & bit(c->no) && m->epochs[c->no] == stamp_of(m, c) &&
			    !(m->got_client & bit(c->no)) && !maybe_expired(m))
				missing(s, m, c->name, when);
		}
	}
}

static void all_come(struct sim *s)
{
	note(s, "all come");
	s->no_reconnect = false;
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		c->wants = c->kind != LIAR && c->kind != COLD && c->kind != OURS_SHOT;
		c->leaves = false;
		c->next_us = s->now_us;
	}
}

static void all_idle(struct sim *s)
{
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (!c->greeted || c->idle || c->kind == LIAR)
			continue;
		c->status_idle = true;
		conn_send(s, c->conn, text(s, "{'type':'set_status','status':'idle','_reqId':'status%d'}",
					   ++c->status_seq), NULL);
	}
}

static void all_leave(struct sim *s)
{
	note(s, "all leave");
	for (int i = 0; i < s->n_clients; i++) {
		s->clients[i]->wants = false;
		s->clients[i]->next_us = s->now_us;
	}
}

static void collect(struct sim *s)
{
	for (int i = 0; i < s->n_members && s->n_clients < CLIENTS_MAX; i++) {
		bool needed = false;

		for (int k = 0; k < s->n_msgs; k++)
			needed |= is_required(s, s->msgs[k], i);
		if (needed || chance(s, 10)) {
			struct client *c = client_new(s, OURS_SESSION, &s->members[i]);

			c->closer = true;
			c->wants = true;
			c->next_us = s->now_us;
		}
	}
}

static void check_all(struct sim *s)
{
	for (int k = 0; k < s->n_msgs; k++)
		for (int i = 0; i < s->n_members; i++)
			if (s->msgs[k]->acked && is_required(s, s->msgs[k], i))
				missing(s, s->msgs[k], s->members[i].id, "at the end");
}

/* What memory counts is what is on disk. */
static void check_count(struct sim *s)
{
	i64 waiting = stats_of(s).waiting, stored = disk_count(s, "SELECT COUNT(*) FROM delivery");

	if (waiting != stored)
		violated(s, "I6", "%lld deliveries are counted, %lld are stored", (long long)waiting,
			 (long long)stored);
}

static void check_rest(struct sim *s)
{
	struct engine_stats stats = stats_of(s);
	i64 orphans;

	if (stats.meshes == s->n_meshes)
		check_count(s);
	if (stats.presences || stats.online)
		violated(s, "presence", "%lld presences, %lld online when all have left",
			 (long long)stats.presences, (long long)stats.online);
	orphans = disk_count(s, "SELECT COUNT(*) FROM message WHERE NOT EXISTS"
			     " (SELECT 1 FROM delivery WHERE delivery.message_no = message.no)");
	if (orphans)
		violated(s, "store", "%lld bodies whose deliveries have ended", (long long)orphans);
	orphans = disk_count(s, "SELECT COUNT(*) FROM delivery WHERE NOT EXISTS"
			     " (SELECT 1 FROM message WHERE delivery.message_no = message.no)");
	if (orphans)
		violated(s, "store", "%lld deliveries without a message", (long long)orphans);
}

void heal_and_check(struct sim *s)
{
	calm(s);
	s->no_reconnect = true;
	run_until(s, s->now_us + 5 * MINUTE);
	check_takers(s, "nobody did anything");
	all_come(s);
	run_until(s, s->now_us + MINUTE);
	all_idle(s);
	run_until(s, s->now_us + 4 * MINUTE);
	check_takers(s, "all came");
	if (chance(s, 30))
		broker_restart(s, chance(s, 50));
	all_leave(s);
	run_until(s, s->now_us + 4 * MINUTE);
	collect(s);
	run_until(s, s->now_us + 3 * MINUTE);
	check_all(s);
	all_leave(s);
	run_until(s, s->now_us + 4 * MINUTE);
	check_rest(s);
	audit_check_all(s);
}
