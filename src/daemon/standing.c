#include "daemon/standing.h"

#include "base/log.h"
#include "client/json_file.h"
#include "proto/limits.h"

enum { FILE_VERSION = 1, WHY_MAX = 1000 };

#define KEPT_OUTCAST_ARGS(F, T) \
	F(T, str, meshId, REQ, 1, 64, "mesh") \
	F(T, str, memberPubkey, REQ, 64, 64, "the key that we are there") \
	F(T, str, sessionPubkey, OPT, 0, 64, "of one session; absent: the member") \
	F(T, str, word, REQ, 1, NAME_BYTES_MAX, "kicked, banned or revoked") \
	F(T, str, why, OPT, 0, WHY_MAX, "what the broker said") \
	F(T, i64, atMs, REQ, 0, INT64_MAX, "Unix ms")
JSON_LIST(kept_outcast, KEPT_OUTCAST_ARGS);
#define JSON_C_kept_outcasts struct kept_outcast_list
#define JSON_KIND_kept_outcasts JSON_K_LIST
#define JSON_SUB_kept_outcasts &kept_outcast_list_type

#define KEPT_STANDING_ARGS(F, T) \
	F(T, i64, version, REQ, FILE_VERSION, FILE_VERSION, "1") \
	F(T, kept_outcasts, outcasts, REQ, 0, STANDING_MAX, "oldest first")
JSON_ARGS(kept_standing, KEPT_STANDING_ARGS);

struct entry {
	struct entry *next;
	struct arena *arena;
	struct outcast o;
};

struct standing {
	struct arena *arena;
	str path;
	struct entry *entries; /* oldest first */
	size_t n;
};

static void drop_at(struct standing *st, struct entry **at)
{
	struct entry *en = *at;

	*at = en->next;
	arena_free(en->arena);
	free(en);
	st->n--;
}

static void append(struct standing *st, const struct outcast *o)
{
	struct entry *en = calloc(1, sizeof(*en)), **at = &st->entries;
	struct arena *a = arena_new();

	if (!en)
		abort();
	en->arena = a;
	en->o = (struct outcast){
		.mesh_id = arena_dup(a, o->mesh_id),
		.member_pubkey = arena_dup(a, o->member_pubkey),
		.session_pubkey = arena_dup(a, o->session_pubkey),
		.word = arena_dup(a, o->word),
		.why = arena_dup(a, str_of(o->why.ptr, MIN(o->why.len, (size_t)WHY_MAX))),
		.at_ms = o->at_ms,
	};
	while (*at)
		at = &(*at)->next;
	*at = en;
	if (++st->n > STANDING_MAX)
		drop_at(st, &st->entries);
}

static void save(const struct standing *st)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct kept_standing_args kept = { .version = FILE_VERSION, .outcasts = { .present = true } };
	struct err *e;

	kept.outcasts.items = NEW_ARRAY(a, struct kept_outcast_args, st->n + 1);
	for (const struct entry *en = st->entries; en; en = en->next)
		kept.outcasts.items[kept.outcasts.n++] = (struct kept_outcast_args){
			.meshId = en->o.mesh_id,
			.memberPubkey = en->o.member_pubkey,
			.sessionPubkey = str_empty(en->o.session_pubkey) ? STR_NONE : en->o.session_pubkey,
			.word = en->o.word,
			.why = str_empty(en->o.why) ? STR_NONE : en->o.why,
			.atMs = en->o.at_ms,
		};
	e = json_file_save(a, st->path, kept_standing_fields, &kept);
	if (e)
		log_err(LOG_WARN, "who was put out of a mesh is not remembered", e);
}

struct standing *standing_open(str path)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct standing *st = calloc(1, sizeof(*st));
	struct kept_standing_args kept = { 0 };
	struct err *e;
	bool found;

	if (!st)
		abort();
	st->arena = arena_new();
	st->path = arena_dup(st->arena, path);
	e = json_file_load(a, path, kept_standing_fields, &kept, sizeof(kept), &found);
	if (e)
		log_err(LOG_WARN, "standing.json is not read; links ask their brokers again", e);
	for (size_t i = 0; !e && i < kept.outcasts.n; i++) {
		const struct kept_outcast_args *k = &kept.outcasts.items[i];

		append(st, &(struct outcast){ k->meshId, k->memberPubkey, k->sessionPubkey, k->word, k->why,
					      k->atMs });
	}
	return st;
}

void standing_free(struct standing *st)
{
	if (!st)
		return;
	while (st->entries)
		drop_at(st, &st->entries);
	arena_free(st->arena);
	free(st);
}

static bool is_of(const struct outcast *o, str mesh_id, str session_pubkey)
{
	return str_eq(o->mesh_id, mesh_id) && str_eq(o->session_pubkey, session_pubkey);
}

/* A kick is of one connection, a ban of all. */
static bool covers(const struct outcast *o, str session_pubkey)
{
	return str_eq(o->session_pubkey, session_pubkey) ||
	       (str_empty(o->session_pubkey) && !str_eq(o->word, S("kicked")));
}

const struct outcast *standing_get(const struct standing *st, str mesh_id, str member_pubkey,
				   str session_pubkey)
{
	for (const struct entry *en = st->entries; en; en = en->next)
		if (str_eq(en->o.member_pubkey, member_pubkey) && str_eq(en->o.mesh_id, mesh_id) &&
		    covers(&en->o, session_pubkey))
			return &en->o;
	return NULL;
}

static bool drop(struct standing *st, str mesh_id, str session_pubkey)
{
	size_t before = st->n;

	for (struct entry **at = &st->entries; *at;) {
		if (is_of(&(*at)->o, mesh_id, session_pubkey))
			drop_at(st, at);
		else
			at = &(*at)->next;
	}
	return st->n != before;
}

void standing_put(struct standing *st, const struct outcast *o)
{
	(void)drop(st, o->mesh_id, o->session_pubkey);
	append(st, o);
	save(st);
}

void standing_drop(struct standing *st, str mesh_id, str session_pubkey)
{
	if (drop(st, mesh_id, session_pubkey))
		save(st);
}

bool standing_drop_mesh(struct standing *st, str mesh_id)
{
	size_t before = st->n;

	for (struct entry **at = &st->entries; *at;) {
		if (str_eq((*at)->o.mesh_id, mesh_id))
			drop_at(st, at);
		else
			at = &(*at)->next;
	}
	if (st->n == before)
		return false;
	save(st);
	return true;
}
