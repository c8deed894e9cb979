/*
 * sim.c - a run: its world, its choices, its record.
 */
#include "simulate/sim.h"

#include "crypto/secret.h"

u64 roll(struct sim *s, u64 below)
{
	return random_below(&s->dice, below);
}

static void hash_in(struct sim *s, const char *text)
{
	for (; *text; text++)
		s->hash = (s->hash ^ (u8)*text) * 0x100000001b3u;
}

void note(struct sim *s, const char *fmt, ...)
{
	char *line = s->trace_log.lines[s->trace_log.n++ % TRACE_LINES];
	int n = snprintf(line, sizeof(s->trace_log.lines[0]), "%9.3f  ", (double)s->now_us / SECOND);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(s->trace_log.lines[0]) - (size_t)n, fmt, ap);
	va_end(ap);
	hash_in(s, line);
	if (s->options->trace)
		printf("%s\n", line);
}

void violated(struct sim *s, const char *invariant, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->failed)
		return;
	s->failed = true;
	n = snprintf(s->why, sizeof(s->why), "%s: ", invariant);
	va_start(ap, fmt);
	vsnprintf(s->why + n, sizeof(s->why) - (size_t)n, fmt, ap);
	va_end(ap);
}

static i64 sim_wall(void *arg)
{
	return wall_us(arg);
}

static i64 sim_mono(void *arg)
{
	return ((struct sim *)arg)->now_us;
}

void wall_jump(struct sim *s, i64 by_us)
{
	s->wall_offset_us += by_us;
	note(s, "the wall clock jumps by %lld s", (long long)(by_us / SECOND));
	/* A version 1 hello is bound to its minute only: back there it is good again. */
	if (by_us < 0) {
		s->n_captured = 0;
		s->jumped_back_us = s->now_us;
	}
}

static void make_pair(struct random *r, struct sign_pair *pair, char pubkey[65], struct arena *a)
{
	u8 seed[SIGN_SEED_BYTES];

	random_fill(r, seed, sizeof(seed));
	sign_pair_from_seed(seed, pair);
	memcpy(pubkey, sign_pair_pubkey(a, pair).ptr, 65);
}

/* The same for every seed, so that the database can be made once. */
static void make_people(struct sim *s)
{
	struct random_seed fixed = { 42 };
	struct random r = random_seeded(&fixed);

	s->n_people = KEYS_MAX;
	s->n_meshes = MESHES_MAX;
	for (int i = 0; i < s->n_people; i++) {
		make_pair(&r, &s->people[i].pair, s->people[i].pubkey, s->a);
		s->people[i].liar = i >= KEYS_MAX - 2;
	}
	for (int mesh = 0; mesh < s->n_meshes; mesh++) {
		snprintf(s->mesh_ids[mesh], sizeof(s->mesh_ids[0]), "mesh%028d", mesh);
		for (int i = 0; i < s->n_people; i++) {
			struct member *m = &s->members[s->n_members];

			*m = (struct member){ .no = s->n_members++, .mesh = mesh, .person = i };
			snprintf(m->id, sizeof(m->id), "member%012d%014d", mesh, i);
		}
	}
}

struct client *client_new(struct sim *s, enum model_kind kind, struct member *m)
{
	struct client *c = NEW(s->a, struct client);

	if (s->n_clients == CLIENTS_MAX)
		abort();
	c->no = s->n_clients;
	c->kind = kind;
	c->model = &models[kind];
	c->member = m;
	c->idle = true;
	c->next_us = NEVER;
	c->backoff_us = SECOND;
	c->last_none_us = s->now_us;
	snprintf(c->name, sizeof(c->name), "%s%d", c->model->name, c->no);
	client_rotate(s, c);
	c->n_former = 0;
	s->clients[s->n_clients++] = c;
	return c;
}

static enum model_kind pick_model(struct sim *s)
{
	int total = 0;

	for (int k = 0; k < LIAR; k++)
		total += models[k].weight;
	total = (int)roll(s, (u64)total);
	for (int k = 0; k < LIAR; k++) {
		total -= models[k].weight;
		if (total < 0)
			return (enum model_kind)k;
	}
	return OURS_SESSION;
}

static void make_clients(struct sim *s)
{
	int meshes = 2 + (int)roll(s, MESHES_MAX - 1), n = 6 + (int)roll(s, 7);
	int liars = (int)roll(s, 3);

	for (int i = 0; i < n; i++) {
		int mesh = chance(s, 60) ? 0 : (int)roll(s, (u64)meshes);
		int person = (int)roll(s, 2 + roll(s, KEYS_MAX - 3));

		client_new(s, pick_model(s), &s->members[mesh * KEYS_MAX + person]);
	}
	for (int i = 0; i < liars; i++)
		client_new(s, LIAR, &s->members[(i ? (int)roll(s, (u64)meshes) : 0) * KEYS_MAX + KEYS_MAX - 1 - i]);
	for (int i = 0; i < s->n_clients; i++) {
		s->clients[i]->wants = chance(s, 70);
		s->clients[i]->next_us = s->now_us + (i64)roll(s, SECOND);
	}
}

static void choose_settings(struct sim *s)
{
	static const i64 windows[] = { 1, 2, 4, 8, 256 }, in_memory[] = { 1, 4, 16, RECEIPTS_IN_MEMORY };

	s->settings = engine_settings_default();
	s->settings.rate_per_minute = chance(s, 15) ? 300 : 0;
	s->settings.window_messages = windows[roll(s, ARRAY_LEN(windows))];
	if (chance(s, 20))
		s->settings.window_bytes = 1000 + (i64)roll(s, 2000);
	if (chance(s, 10))
		s->settings.max_message_bytes = 300;
	/* What does not fit in memory is archived all the time. */
	s->settings.receipts_in_memory = in_memory[roll(s, ARRAY_LEN(in_memory))];
	if (chance(s, 15))
		s->settings.mailbox_messages = 1 + (i64)roll(s, 6);
	if (chance(s, 10))
		s->settings.sender_messages = 4 + (i64)roll(s, 12);
	s->settings.ws_url = S("ws://127.0.0.1:7900/ws");
	s->settings.http_url = S("http://127.0.0.1:7900");
	s->delay_us = chance(s, 80) ? 20 * MS : 2 * SECOND;
}

static void free_all(struct sim *s)
{
	for (size_t i = 0; i < s->n_events; i++)
		event_free(s->events[i].ev);
	engines_free(s);
	disk_close(s);
	disk_remove(s);
}

static void print_failure(const struct sim *s)
{
	u64 from = s->trace_log.n > TRACE_LINES ? s->trace_log.n - TRACE_LINES : 0;

	printf("seed %llu, step %lld: %s\n", (unsigned long long)s->seed, (long long)s->step, s->why);
	if (s->options->trace)
		return;
	for (u64 i = from; i < s->trace_log.n; i++)
		printf("  %s\n", s->trace_log.lines[i % TRACE_LINES]);
	printf("  again: simulate --seed %llu --trace\n", (unsigned long long)s->seed);
}

struct engine_stats stats_of(const struct sim *s)
{
	struct engine_stats sum = { 0 };

	for (int i = 0; i < s->n_shards; i++) {
		struct engine_stats one = engine_stats(s->shards[i].engine);

		engine_stats_add(&sum, &one);
	}
	return sum;
}

void engines_start(struct sim *s)
{
	struct engine_settings settings = s->settings;

	settings.shards = (unsigned)s->n_shards;
	for (int i = 0; i < s->n_shards; i++) {
		struct shard *at = &s->shards[i];
		struct err *e;

		settings.shard = (unsigned)i;
		at->busy_until_us = s->now_us;
		e = engine_new(s->a, &s->clock, &s->engine_random, at->store, NULL, &settings, &at->engine);
		if (e)
			violated(s, "start", "the broker does not start: %.*s", STRF(e->text));
	}
}

void engines_free(struct sim *s)
{
	for (int i = 0; i < s->n_shards; i++) {
		engine_free(s->shards[i].engine);
		s->shards[i].engine = NULL;
	}
}

static void set_up(struct sim *s)
{
	s->dice_seed.state = s->seed;
	s->dice = random_seeded(&s->dice_seed);
	s->engine_seed.state = ~s->seed;
	s->engine_random = random_seeded(&s->engine_seed);
	s->now_us = 1000 * SECOND;
	s->wall_offset_us = 1700000000ll * SECOND;
	s->clock = (struct clock){ sim_wall, sim_mono, s };
	s->hash = 0xcbf29ce484222325u;
	make_people(s);
	choose_settings(s);
	make_clients(s);
	disk_make(s);
	disk_open(s);
	engines_start(s);
}

bool simulate(u64 seed, const struct options *options, u64 *ret_hash)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sim *s = NEW(a, struct sim);
	int actions;

	s->a = a;
	s->seed = seed;
	s->options = options;
	set_up(s);
	/* Seeds from a million on make longer runs. */
	actions = seed < 1000000 ? 20 + (int)roll(s, 80) : 40 + (int)roll(s, 300);
	for (int i = 0; i < actions && !s->failed; i++)
		act(s);
	if (!s->failed)
		heal_and_check(s);
	if (options->expect && !str_starts(str_from(s->why), str_from(options->expect)))
		s->failed = false;
	if (s->failed)
		print_failure(s);
	*ret_hash = s->hash;
	free_all(s);
	return !s->failed;
}
