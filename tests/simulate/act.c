/*
 * act.c - what happens next: one thing done by somebody, or to somebody, and time that passes.
 */
#include "simulate/sim.h"

static struct client *any_client(struct sim *s)
{
	return s->clients[roll(s, (u64)s->n_clients)];
}

/* ---- messages ---- */

/* Sets target and kind; people of other meshes are addressed too, by keys that exist there. */
static void choose_target(struct sim *s, struct client *from, struct msg *m)
{
	struct client *c = any_client(s);
	u64 what = roll(s, 100);

	while (c->member->mesh != from->member->mesh && chance(s, 90))
		c = any_client(s);
	if (what < 40) {
		int person = c->member->person;

		m->kind = TO_MEMBER;
		m->to = &s->members[from->member->mesh * KEYS_MAX + person];
		m->target = str_from(s->people[person].pubkey);
	} else if (what < 65 && c->kind != LIAR) {
		bool here = c->member->mesh == from->member->mesh;

		m->kind = here ? TO_SESSION : TO_NOBODY;
		m->to = here ? c->member : NULL;
		m->to_client = here ? c : NULL;
		m->target = arena_dup(s->a, str_from(c->session_pubkey));
	} else if (what < 75 && c->n_former && c->member->mesh == from->member->mesh) {
		m->kind = TO_FORMER;
		m->to = c->member;
		m->target = arena_dup(s->a, str_from(c->former[roll(s, (u64)c->n_former)]));
	} else if (what < 90) {
		m->kind = TO_ALL;
		m->target = chance(s, 50) ? S("*") : S("@all");
	} else {
		m->kind = TO_GROUP;
		m->group = (int)roll(s, GROUPS);
		m->target = text(s, "@group%d", m->group);
	}
}

static void send_some(struct sim *s, struct client *c)
{
	int n = chance(s, 80) ? 1 : 2 + (int)roll(s, 8);

	if (c->kind == OURS_SHOT || c->kind == COLD) {
		c->wants = true;
		c->leaves = true;
		c->next_us = MIN(c->next_us, s->now_us);
	}
	for (int i = 0; i < n && c->n_outbox < OUTBOX_MAX && s->n_msgs < MSGS_MAX / 2; i++) {
		struct msg *m = msg_new(s, c);

		m->rank = (int)roll(s, 3);
		choose_target(s, c, m);
		client_send(s, c, m);
	}
}

/* ---- a client's own doings ---- */

static void set_status(struct sim *s, struct client *c)
{
	static const char *const words[] = { "idle", "working", "dnd" };
	u64 what = chance(s, 50) ? 0 : roll(s, 3);

	if (!c->greeted)
		return;
	c->status_seq++;
	c->status_idle = what == 0;
	if (what)
		c->idle = false;
	note(s, "%s is %s", c->name, words[what]);
	conn_send(s, c->conn, text(s, "{'type':'set_status','status':'%s','_reqId':'status%d'}", words[what],
				   c->status_seq), NULL);
}

static void change_group(struct sim *s, struct client *c)
{
	int g = (int)roll(s, GROUPS);
	bool in = chance(s, 65);

	if (!c->greeted)
		return;
	c->group_seq[g]++;
	c->group_in[g] = in;
	c->group_must[g] = false;
	c->group_may[g] |= in;
	note(s, "%s %s group%d", c->name, in ? "joins" : "leaves", g);
	conn_send(s, c->conn, text(s, "{'type':'%s','name':'group%d','_reqId':'group%d.%d'}",
				   in ? "join_group" : "leave_group", g, g, c->group_seq[g]), NULL);
}

static void leave_or_come(struct sim *s, struct client *c)
{
	c->wants = !c->wants;
	c->next_us = s->now_us;
	/* Sometimes the next one is another session. */
	if (c->wants && !c->conn && c->model->session && chance(s, 40))
		client_rotate(s, c);
}

/* A new connection while the broker still believes in the old one. */
static void come_again(struct sim *s, struct client *c)
{
	if (!c->conn || c->kind == COLD)
		return;
	note(s, "%s comes again", c->name);
	if (chance(s, 50))
		conn_cut(s, c->conn);
	c->conn->client_open = false;
	c->conn = NULL;
	c->greeted = false;
	c->late = NULL;
	client_connect(s, c);
}

static void stall(struct sim *s, struct client *c)
{
	if (!c->conn || c->conn->cut)
		return;
	c->conn->stalled_until_us = s->now_us + (i64)roll(s, 60 * SECOND);
	note(s, "%s reads nothing for a while", c->name);
}

static void client_act(struct sim *s, struct client *c)
{
	u64 what = roll(s, 100);

	if (c->kind == LIAR)
		liar_act(s, c);
	else if (what < 55)
		send_some(s, c);
	else if (what < 63)
		leave_or_come(s, c);
	else if (what < 72 && c->conn)
		conn_cut(s, c->conn);
	else if (what < 77)
		come_again(s, c);
	else if (what < 84)
		set_status(s, c);
	else if (what < 90)
		change_group(s, c);
	else if (what < 94)
		stall(s, c);
	else if (what < 97)
		c->ack_delay_us = chance(s, 50) ? 0 : (i64)roll(s, 50 * SECOND) + 1;
	else if (c->greeted)
		conn_send(s, c->conn, S("{\"type\":\"list_peers\",\"members\":true}"), NULL);
}

/* ---- trouble ---- */

static void trouble_with_disk(struct sim *s)
{
	struct shard *at = &s->shards[s->n_shards > 1 ? roll(s, (u64)s->n_shards) : 0];
	u64 what = roll(s, 10);

	disk_calm(s);
	if (what < 4) {
		at->plan = (struct db_fault){ .fail_at = 1 + (i64)roll(s, 20), .code = ERR_IO,
					     .after = chance(s, 50), .stays = true };
		s->crash_armed = true;
		note(s, "the broker will die %s store call %lld", at->plan.after ? "after" : "at",
		     (long long)at->plan.fail_at);
	} else if (what < 7) {
		at->plan = (struct db_fault){ .fail_at = 1 + (i64)roll(s, 3), .code = ERR_TRY_AGAIN,
					     .after = chance(s, 40), .commits_only = true };
		note(s, "commit %lld will %s", (long long)at->plan.fail_at, at->plan.after ? "have an unknown outcome" : "fail");
	} else if (what < 9) {
		at->plan = (struct db_fault){ .fail_at = 1 + (i64)roll(s, 15),
					     .code = chance(s, 70) ? ERR_TRY_AGAIN : ERR_INTERNAL };
		note(s, "store call %lld will fail", (long long)at->plan.fail_at);
	} else {
		for (int i = 0; i < s->n_shards; i++)
			s->shards[i].plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN, .spare_reads = true,
							       .stays = true };
		s->disk_ok_us = s->now_us + (i64)roll(s, 20 * SECOND);
		note(s, "the disk is full");
	}
}

static void jump(struct sim *s)
{
	static const i64 steps[] = { -3600ll * SECOND, -61 * SECOND, -SECOND, SECOND, 61 * SECOND, 3600ll * SECOND };

	if (chance(s, 10))
		wall_jump(s, 8 * DAY);
	else
		wall_jump(s, steps[roll(s, ARRAY_LEN(steps))]);
}

static i64 some_time(struct sim *s)
{
	u64 what = roll(s, 100);

	if (what < 60)
		return (i64)roll(s, 50 * MS);
	if (what < 85)
		return (i64)roll(s, 3 * SECOND);
	if (what < 94)
		return 25 * SECOND + (i64)roll(s, 10 * SECOND);
	if (what < 99)
		return 60 * SECOND + (i64)roll(s, 60 * SECOND);
	return 3600ll * SECOND;
}

void act(struct sim *s)
{
	u64 what = roll(s, 100);

	if (what < 92)
		client_act(s, any_client(s));
	else if (what < 97)
		trouble_with_disk(s);
	else if (what < 98)
		broker_restart(s, false);
	else
		jump(s);
	run_until(s, s->now_us + (chance(s, 40) ? 0 : some_time(s)));
}
