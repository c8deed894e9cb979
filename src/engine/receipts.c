#include "engine/receipts.h"

#include "engine/archive.h"
#include "engine/dedupe.h"
#include "engine/req.h"

enum {
	LOAD_ROWS = 4096,             /* a page when starting */
	PRUNE_ROWS = 1000,            /* receipts that one sweep deletes at most */
	PRUNE_RECIPIENTS = 20000,     /* and their recipients */
};
static const i64 DAY_MS = (i64)24 * 3600 * 1000, KEEP_MS = (i64)RECEIPT_DAYS * 24 * 3600 * 1000;

struct recent { u64 hash; i64 no, mesh_no; };

struct receipts {
	/* Those that no run of the archive has: by client_id, and by the times of their ids. */
	struct dedupe *dedupe;
	struct id_map ids;
	i64 n_ids;
	struct archive *archive;
	/* Accepted, and not known to be stored: first those of failed batches, then the running's. */
	struct recent *recent;
	size_t n_recent, n_doubtful, cap_recent;
	i64 pruned_no, pruned_with;   /* the walk of receipts_prune(): stored, with the running batch */
};

/* ---- starting ---- */

/* The numbers of this shard's meshes, when it matters. */
struct owned { struct mesh_number *all; size_t n; };

static struct err *owned_load(struct engine *e, struct arena *a, struct owned *ret_owned)
{
	*ret_owned = (struct owned){ 0 };
	if (e->settings.shards == 1 && !archive_was_shared(e->receipts->archive))
		return NULL;
	return store_mesh_numbers(e->store, a, &ret_owned->all, &ret_owned->n);
}

static int by_number(const void *no, const void *mesh)
{
	const i64 *left = no;
	const struct mesh_number *right = mesh;

	return (*left > right->no) - (*left < right->no);
}

/* Is the receipt this engine's to remember? */
static bool is_ours(const struct engine *e, const struct owned *owned, const struct receipt_key *key)
{
	const struct mesh_number *mesh = NULL;
	str id = STR_NONE;

	if (owned->n)
		mesh = bsearch(&key->mesh_no, owned->all, owned->n, sizeof(*owned->all), by_number);
	if (mesh)
		id = mesh->id;
	return (e->settings.shards == 1 || (mesh && engine_owns(e, id))) &&
	       !archive_covers(e->receipts->archive, key->no, id);
}

static void make_room(struct engine *e)
{
	if (e->receipts->n_ids > e->settings.receipts_in_memory)
		sweep_soon(e, SWEEP_ARCHIVE);
}

static void remember(struct receipts *r, const struct receipt_key *key)
{
	i64 first_us, last_us;

	id_times(key->id, &first_us, &last_us);
	id_map_add(&r->ids, key->no, first_us);
	if (key->client_id.len)
		dedupe_add(r->dedupe, dedupe_hash(r->dedupe, key->mesh_no, key->sender_no, key->client_id),
			   key->no);
}

static struct err *load(struct engine *e, struct arena *a)
{
	CLEANUP(arena_freep) struct arena *page = arena_new();
	struct receipts *r = e->receipts;
	i64 last = archive_end(r->archive);
	struct receipt_key *rows;
	struct owned owned;
	size_t n;

	TRY(owned_load(e, a, &owned));
	do {
		struct err *failed;

		arena_reset(page);
		failed = store_receipt_keys(e->store, page, last, LOAD_ROWS, &rows, &n);
		if (failed)
			return err_copy(a, failed);
		for (size_t i = 0; i < n; i++)
			if (is_ours(e, &owned, &rows[i]))
				remember(r, &rows[i]);
		if (n)
			last = rows[n - 1].no;
	} while (n == LOAD_ROWS);
	r->n_ids = id_map_count(r->ids.items, r->ids.n);
	make_room(e);
	return NULL;
}

struct err *receipts_load(struct engine *e, struct arena *a)
{
	struct receipts *r = calloc(1, sizeof(*r));
	u8 fresh[HASH_KEY_BYTES];
	str key;

	if (!r)
		abort();
	e->receipts = r;
	e->endings = endings_new();
	r->archive = archive_new(e->store, (struct archive_owner){ e->settings.shard, e->settings.shards });
	random_fill(e->random, fresh, sizeof(fresh));
	TRY(store_secret(e->store, a, S("receipt_hash"), str_of(fresh, sizeof(fresh)), &key));
	if (key.len != HASH_KEY_BYTES)
		return FAIL(a, INTERNAL, "secret 'receipt_hash' has %zu bytes", key.len);
	r->dedupe = dedupe_new((const u8 *)key.ptr);
	TRY(archive_load(r->archive, a));
	return load(e, a);
}

void receipts_free(struct engine *e)
{
	endings_free(e->endings);
	if (!e->receipts)
		return;
	dedupe_free(e->receipts->dedupe);
	id_map_done(&e->receipts->ids);
	archive_free(e->receipts->archive);
	free(e->receipts->recent);
	free(e->receipts);
}

/* ---- the batch ---- */

void receipts_begin(struct engine *e)
{
	e->receipts->n_recent = e->receipts->n_doubtful;
}

void receipts_stored(struct engine *e)
{
	struct receipts *r = e->receipts;
	size_t archived = archive_stored(r->archive);

	r->pruned_no = r->pruned_with;
	if (!archived)
		return;
	id_map_drop(&r->ids, archived);
	r->n_ids = id_map_count(r->ids.items, r->ids.n);
}

void receipts_undo(struct engine *e)
{
	struct receipts *r = e->receipts;

	r->n_doubtful = r->n_recent;
	r->pruned_with = r->pruned_no;
	archive_undo(r->archive);
	endings_forget(e->endings);
}

struct err *receipts_settle(struct engine *e, struct arena *a)
{
	struct receipts *r = e->receipts;

	while (r->n_doubtful) {
		struct recent *last = &r->recent[r->n_doubtful - 1];
		struct receipt_row *row;

		TRY(store_receipt(e->store, a, last->mesh_no, last->no, &row));
		if (!row)
			dedupe_drop(r->dedupe, last->hash, last->no);
		r->n_doubtful--;
		r->n_recent--;
		memmove(last, last + 1, (r->n_recent - r->n_doubtful) * sizeof(*last));
	}
	return NULL;
}

size_t receipts_count(const struct engine *e)
{
	return dedupe_count(e->receipts->dedupe);
}

/* ---- looking up ---- */

/* The receipt of that number, if it is the one. */
static struct err *get_if(struct member *sender, struct arena *a, i64 no, str client_id,
			  struct receipt_row **ret_receipt)
{
	struct receipt_row *row;

	TRY(store_receipt(sender->mesh->engine->store, a, sender->mesh->no, no, &row));
	if (row && row->sender_no == sender->no && str_eq(row->client_id, client_id))
		*ret_receipt = row;
	return NULL;
}

struct err *receipts_get(struct member *sender, struct arena *a, str client_id,
			 struct receipt_row **ret_receipt)
{
	const struct receipts *r = sender->mesh->engine->receipts;
	u64 hash = dedupe_hash(r->dedupe, sender->mesh->no, sender->no, client_id);
	size_t at = 0, n;
	i64 no, *nos;

	*ret_receipt = NULL;
	while (!*ret_receipt && (no = dedupe_next(r->dedupe, hash, &at)))
		TRY(get_if(sender, a, no, client_id, ret_receipt));
	if (*ret_receipt)
		return NULL;
	TRY(archive_find(r->archive, a, hash, &nos, &n));
	for (size_t i = 0; !*ret_receipt && i < n; i++)
		TRY(get_if(sender, a, nos[i], client_id, ret_receipt));
	return NULL;
}

/* The next numbers that may have ids of these times: in memory, then archived. */
static const struct id_range *next_range(const struct receipts *r, i64 first_us, i64 last_us, size_t *at,
					 struct archive_at *at_archive)
{
	const struct id_range *range = id_map_next(&r->ids, first_us, last_us, at);

	return range ? range : archive_next(r->archive, first_us, last_us, at_archive);
}

struct err *receipts_seen_by(struct member *member, struct arena *a, str id_prefix, size_t limit,
			     struct receipt_row **ret_rows, size_t *ret_n)
{
	const struct engine *e = member->mesh->engine;
	struct receipt_row *all = NEW_ARRAY(a, struct receipt_row, limit), *rows;
	const struct id_range *range;
	struct archive_at at_archive = { 0 };
	size_t at = 0, n, n_all = 0;
	i64 first_us, last_us;

	id_times(id_prefix, &first_us, &last_us);
	while (n_all < limit && (range = next_range(e->receipts, first_us, last_us, &at, &at_archive))) {
		TRY(store_receipts_seen_by(e->store, a, member->mesh->no, member->no, range->first_no,
					   range->last_no, id_prefix, limit - n_all, &rows, &n));
		for (size_t i = 0; i < n; i++)
			all[n_all++] = rows[i];
	}
	*ret_rows = all;
	*ret_n = n_all;
	return NULL;
}

/* ---- adding ---- */

static void add_recent(struct receipts *r, struct recent recent)
{
	if (r->n_recent == r->cap_recent) {
		r->cap_recent = MAX(2 * r->cap_recent, (size_t)BATCH_EVENTS);
		r->recent = reallocarray(r->recent, r->cap_recent, sizeof(*r->recent));
		if (!r->recent)
			abort();
	}
	r->recent[r->n_recent++] = recent;
}

void receipts_add(struct engine *e, const struct receipt_row *row)
{
	struct receipts *r = e->receipts;
	i64 first_us, last_us;
	u64 hash;

	store_receipt_add(e->store, row);
	id_times(row->id, &first_us, &last_us);
	id_map_add(&r->ids, row->no, first_us);
	r->n_ids++;
	make_room(e);
	if (!row->client_id.len)
		return;
	hash = dedupe_hash(r->dedupe, row->mesh_no, row->sender_no, row->client_id);
	dedupe_add(r->dedupe, hash, row->no);
	add_recent(r, (struct recent){ hash, row->no, row->mesh_no });
}

str delivery_reason(enum delivery_state state)
{
	return state == DELIVERY_EXPIRED ? S("nobody came for it in 7 days")
	     : state == DELIVERY_REVOKED ? S("the recipient was removed from the mesh")
	     : state == DELIVERY_REFUSED ? S("too much waited for the recipient already")
					 : STR_NONE;
}

/* ---- memory's end ---- */

/* How many ranges are to move: the oldest when there are too many, what is of half a day
 * before when the first is of a day before. */
static size_t ranges_due(const struct engine *e)
{
	const struct receipts *r = e->receipts;
	i64 many = r->n_ids - e->settings.receipts_in_memory / 2, taken = 0;
	i64 before_us = (e->now_ms - DAY_MS / 2) * 1000;
	bool full = r->n_ids > e->settings.receipts_in_memory;
	size_t n = 0;

	if (!r->ids.n || (!full && r->ids.items[0].last_us >= (e->now_ms - DAY_MS) * 1000))
		return 0;
	while (n < r->ids.n && taken < RECEIPT_RUN_MAX &&
	       (full ? taken < many : r->ids.items[n].last_us < before_us)) {
		taken += id_map_count(&r->ids.items[n], 1);
		n++;
	}
	return n;
}

struct err *receipts_archive(struct engine *e, bool *ret_more)
{
	struct receipts *r = e->receipts;

	if (!archive_is_moving(r->archive)) {
		size_t n = ranges_due(e);

		if (!n)
			return NULL;
		if (n == r->ids.n)
			id_map_seal(&r->ids);
		archive_start(r->archive, &r->ids, n);
	}
	archive_slice(r->archive, e->batch, r->dedupe);
	*ret_more = true;
	return NULL;
}

/* ---- the end of receipts ---- */

/* A walk by number. One of a day when the clock was wrong is passed over; where none is old
 * the walk ends, and the next one starts from the first again. */
static struct err *prune_rows(struct engine *e, i64 before_ms, bool *ret_more)
{
	struct receipts *r = e->receipts;
	i64 recipients = 0, last = 0;
	struct receipt_age *rows;
	size_t n, i, old = 0, young = 0;

	TRY(store_receipt_ages(e->store, e->batch, r->pruned_no, PRUNE_ROWS, &rows, &n));
	for (i = 0; i < n && recipients < PRUNE_RECIPIENTS; i++) {
		last = rows[i].no;
		young += rows[i].created_ms >= before_ms && rows[i].created_ms <= e->now_ms;
		if (rows[i].created_ms >= before_ms)
			continue;
		old++;
		recipients += rows[i].recipients;
	}
	if (old)
		store_receipts_prune(e->store, r->pruned_no, last, before_ms);
	else
		r->pruned_no = last;
	e->stats.receipts_pruned += (i64)old;
	if (young == n || (i == n && n < PRUNE_ROWS)) {
		r->pruned_no = r->pruned_with = 0;
		return NULL;
	}
	r->pruned_with = last;
	*ret_more = true;
	return NULL;
}

struct err *receipts_prune(struct engine *e, bool *ret_more)
{
	i64 before_ms = e->now_ms - KEEP_MS;

	archive_prune(e->receipts->archive, before_ms, ret_more);
	/* The rows of all shards. */
	return engine_is_house(e) ? prune_rows(e, before_ms, ret_more) : NULL;
}
