/*
 * shadow.c - what the broker must think of each client: there, away for a while, gone.
 *
 * Moved by what goes into the engine and what comes out of it, never by looking into it.
 */
#include "simulate/sim.h"

static void none(struct sim *s, struct client *c)
{
	c->shadow = SHADOW_NONE;
	c->shadow_conn = NULL;
	c->last_none_us = s->now_us;
	c->epoch++;
	c->losses++;
	for (int g = 0; g < GROUPS; g++)
		c->group_must[g] = false;
}

static void away(struct sim *s, struct client *c)
{
	c->shadow = SHADOW_GRACE;
	c->losses++;
	c->shadow_conn = NULL;
	c->grace_end_us = (s->now_us / MS + s->settings.grace_ms) * MS;
}

void shadow_admitted(struct sim *s, struct conn *conn)
{
	struct client *c = conn->client;

	if (c->kind == COLD && conn != c->conn) {
		/* An earlier process, whose hello took its time. */
		c->ghost_until_us = s->now_us + 110 * SECOND + s->settings.grace_ms * MS;
		return;
	}
	/* A hello that finds its own presence still there ends it and makes a new one. */
	if (c->shadow == SHADOW_LIVE && !c->model->session)
		none(s, c);
	if (c->shadow == SHADOW_NONE)
		c->last_none_us = s->now_us;
	c->shadow = SHADOW_LIVE;
	c->shadow_conn = conn;
	c->changed_step = s->step;
}

void shadow_lost(struct sim *s, struct conn *conn, bool clean)
{
	struct client *c = conn->client;

	if (c->shadow_conn != conn)
		return;
	c->changed_step = s->step;
	if (clean || !c->model->takes)
		none(s, c);
	else
		away(s, c);
}

void shadow_closed(struct sim *s, struct conn *conn, str reason)
{
	struct client *c = conn->client;

	c->changed_step = s->step;
	/* A hello that could not be stored leaves what it came back to in a new grace window. */
	if (str_eq(reason, S("try_again")) && c->shadow == SHADOW_GRACE)
		away(s, c);
	/* Lost in the batch that replaced it, but after that: a new presence came, not the old one. */
	if (c->shadow == SHADOW_GRACE && str_eq(reason, S("session_replaced")) && !c->model->session)
		none(s, c);
	if (c->shadow_conn != conn)
		return;
	/* Its own next connection has taken over, or is about to. */
	if (str_eq(reason, S("session_replaced")) && c->model->session)
		away(s, c);
	else
		none(s, c);
}

void shadow_ended(struct sim *s, struct client *c)
{
	c->changed_step = s->step;
	c->ghost_until_us = 0;
	none(s, c);
}

void shadow_time(struct sim *s)
{
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->shadow == SHADOW_GRACE && c->grace_end_us <= s->now_us)
			none(s, c);
	}
}

bool surely_live(const struct sim *s, const struct client *c)
{
	return c->shadow == SHADOW_LIVE && c->changed_step != s->step && c->model->takes;
}

bool maybe_there(const struct sim *s, const struct client *c)
{
	/* A liar has as many connections as it likes. */
	if (c->kind == LIAR)
		return true;
	return c->model->takes &&
	       (c->shadow != SHADOW_NONE || c->changed_step == s->step || s->now_us < c->ghost_until_us);
}
