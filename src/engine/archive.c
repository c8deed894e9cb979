#include "engine/archive.h"

#include "engine/filter.h"
#include "engine/shard.h"
#include "proto/limits.h"

enum {
	SLICE_KEYS = 4096,            /* written by one batch, and then some of one part */
	SLICE_PARTS = 64,             /* of the table in memory that one batch looks at */
	MOVED = DEDUPE_PARTS + 1,     /* all parts and the run itself */
	DROP_KEYS = 4096,             /* about, deleted by one batch */
};

struct run {
	struct receipt_run row;
	u8 *filter;                   /* NULL: it is asked each time */
	size_t filter_size;
	struct id_map ids;
	/* How much of it is deleted, in drop_slices() steps: with the running batch, and stored. */
	i64 dropped, dropped_stored;
};

struct archive {
	struct store *store;
	struct archive_owner owner;
	struct run **runs;
	size_t n, cap, filter_bytes;
	/* The move: parts that are written, with the running batch and stored; then forgotten. */
	struct run *next;
	size_t written, stored, forgotten;
};

static void run_free(struct run *run)
{
	if (!run)
		return;
	free(run->filter);
	id_map_done(&run->ids);
	free(run);
}

struct archive *archive_new(struct store *store, struct archive_owner owner)
{
	struct archive *ar = calloc(1, sizeof(*ar));

	if (!ar)
		abort();
	ar->store = store;
	ar->owner = owner;
	return ar;
}

void archive_free(struct archive *ar)
{
	if (!ar)
		return;
	if (ar->next && !ar->next->row.done)
		run_free(ar->next);
	for (size_t i = 0; i < ar->n; i++)
		run_free(ar->runs[i]);
	free(ar->runs);
	free(ar);
}

static struct run *run_new(const struct receipt_run *row, size_t filter_size)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	run->row = *row;
	run->filter_size = filter_size;
	if (!filter_size)
		return run;
	run->filter = aligned_alloc(FILTER_BLOCK, filter_size);
	if (!run->filter)
		abort();
	memset(run->filter, 0, filter_size);
	return run;
}

/* Filters have a bound; a run without one is slower to ask, and right. */
static void add_run(struct archive *ar, struct run *run)
{
	if (ar->n == ar->cap) {
		ar->cap = MAX(2 * ar->cap, (size_t)16);
		ar->runs = reallocarray(ar->runs, ar->cap, sizeof(struct run *));
		if (!ar->runs)
			abort();
	}
	if (ar->filter_bytes + run->filter_size > RECEIPT_FILTER_BYTES_MAX) {
		free(run->filter);
		run->filter = NULL;
		run->filter_size = 0;
	}
	ar->filter_bytes += run->filter_size;
	ar->runs[ar->n++] = run;
}

/* One that was begun and not finished only waits to be deleted. */
static struct err *load_run(struct archive *ar, struct arena *a, const struct receipt_run *row)
{
	str filter = STR_NONE, ids = STR_NONE;
	struct run *run;

	if (row->done)
		TRY(store_run_contents(ar->store, a, row->no, &filter, &ids));
	run = run_new(row, filter.len % FILTER_BLOCK == 0 ? filter.len : 0);
	if (run->filter)
		memcpy(run->filter, filter.ptr, filter.len);
	id_map_unpack(&run->ids, ids);
	if (!row->done)
		run->row.newest_ms = 0;
	add_run(ar, run);
	return NULL;
}

struct err *archive_load(struct archive *ar, struct arena *a)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct receipt_run *rows;
	size_t n;

	TRY(store_runs(ar->store, a, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		struct err *failed;

		arena_reset(scratch);
		failed = load_run(ar, scratch, &rows[i]);
		if (failed)
			return err_copy(a, failed);
	}
	return NULL;
}

i64 archive_end(const struct archive *ar)
{
	i64 end = 0;

	for (size_t i = 0; i < ar->n; i++) {
		const struct receipt_run *row = &ar->runs[i]->row;

		if (row->done && row->shard == ar->owner.shard && row->shards == ar->owner.shards)
			end = MAX(end, row->last_no);
	}
	return end;
}

bool archive_covers(const struct archive *ar, i64 no, str mesh_id)
{
	for (size_t i = 0; i < ar->n; i++) {
		const struct receipt_run *row = &ar->runs[i]->row;

		if (row->done && row->first_no <= no && no <= row->last_no &&
		    (row->shards == 1 || mesh_shard(mesh_id, (unsigned)row->shards) == row->shard))
			return true;
	}
	return false;
}

bool archive_was_shared(const struct archive *ar)
{
	for (size_t i = 0; i < ar->n; i++)
		if (ar->runs[i]->row.shards > 1)
			return true;
	return false;
}

static bool may_hold(const struct run *run, u64 hash)
{
	return run->row.done && (!run->filter || filter_has(run->filter, run->filter_size, hash));
}

struct err *archive_find(const struct archive *ar, struct arena *a, u64 hash, i64 **ret_nos, size_t *ret_n)
{
	i64 *all = NULL;
	size_t n_all = 0;

	for (size_t i = ar->n; i-- > 0;) {
		i64 *nos, *more;
		size_t n;

		if (!may_hold(ar->runs[i], hash))
			continue;
		TRY(store_run_find(ar->store, a, ar->runs[i]->row.no, hash, &nos, &n));
		if (!n)
			continue;
		more = NEW_ARRAY(a, i64, n_all + n);
		if (n_all)
			memcpy(more, all, n_all * sizeof(*more));
		memcpy(more + n_all, nos, n * sizeof(*more));
		all = more;
		n_all += n;
	}
	*ret_nos = all;
	*ret_n = n_all;
	return NULL;
}

const struct id_range *archive_next(const struct archive *ar, i64 first_us, i64 last_us, struct archive_at *at)
{
	for (; at->run < ar->n; at->run++, at->range = 0) {
		const struct id_range *range =
			id_map_next(&ar->runs[at->run]->ids, first_us, last_us, &at->range);

		if (range)
			return range;
	}
	return NULL;
}

/* ---- moving ---- */

bool archive_is_moving(const struct archive *ar)
{
	return ar->next;
}

void archive_start(struct archive *ar, const struct id_map *map, size_t n)
{
	struct receipt_run row = {
		.no = store_next(ar->store, NUMBER_RUN), .shard = ar->owner.shard, .shards = ar->owner.shards,
		.first_no = map->items[0].first_no, .last_no = map->items[n - 1].last_no,
	};

	for (size_t i = 0; i < n; i++)
		row.newest_ms = MAX(row.newest_ms, map->items[i].last_us / 1000);
	ar->next = run_new(&row, filter_size((size_t)id_map_count(map->items, n)));
	for (size_t i = 0; i < n; i++)
		id_map_put(&ar->next->ids, &map->items[i]);
	ar->written = ar->stored = ar->forgotten = 0;
}

/* In the order of the table, where hashes are signed. */
static size_t part_at(size_t i)
{
	return (i + DEDUPE_PARTS / 2) % DEDUPE_PARTS;
}

static size_t write_part(struct archive *ar, struct arena *a, const struct dedupe *d, size_t part)
{
	struct run *run = ar->next;
	struct dedupe_entry *entries;
	size_t n = dedupe_list(d, a, part, run->row.last_no, &entries);

	for (size_t i = 0; i < n; i++) {
		store_run_key_add(ar->store, run->row.no, entries[i].hash, entries[i].no);
		filter_add(run->filter, run->filter_size, entries[i].hash);
	}
	return n;
}

static void write_slice(struct archive *ar, struct arena *a, const struct dedupe *d)
{
	struct run *run = ar->next;
	size_t keys = 0, parts = 0;

	if (ar->written == 0)
		store_run_add(ar->store, &run->row);
	if (ar->written == DEDUPE_PARTS) {
		store_run_done(ar->store, run->row.no, str_of(run->filter, run->filter_size),
			       id_map_pack(a, run->ids.items, run->ids.n));
		ar->written = MOVED;
	}
	for (; ar->written < DEDUPE_PARTS && keys < SLICE_KEYS && parts < SLICE_PARTS; parts++)
		keys += write_part(ar, a, d, part_at(ar->written++));
}

void archive_slice(struct archive *ar, struct arena *a, struct dedupe *d)
{
	if (!ar->next->row.done) {
		write_slice(ar, a, d);
		return;
	}
	for (size_t parts = 0; ar->forgotten < DEDUPE_PARTS && parts < SLICE_PARTS; parts++)
		dedupe_forget(d, ar->forgotten++, ar->next->row.last_no);
	if (ar->forgotten == DEDUPE_PARTS)
		ar->next = NULL;
}

/* ---- what the batch became ---- */

static void remove_run(struct archive *ar, size_t i)
{
	ar->filter_bytes -= ar->runs[i]->filter_size;
	run_free(ar->runs[i]);
	ar->n--;
	memmove(&ar->runs[i], &ar->runs[i + 1], (ar->n - i) * sizeof(ar->runs[0]));
}

static i64 drop_slices(const struct run *run)
{
	return 1 + (run->row.last_no - run->row.first_no) / DROP_KEYS;
}

size_t archive_stored(struct archive *ar)
{
	struct run *run = ar->next;

	for (size_t i = ar->n; i-- > 0;) {
		ar->runs[i]->dropped_stored = ar->runs[i]->dropped;
		if (ar->runs[i]->dropped == drop_slices(ar->runs[i]))
			remove_run(ar, i);
	}
	if (!run || run->row.done)
		return 0;
	ar->stored = ar->written;
	if (ar->stored != MOVED)
		return 0;
	run->row.done = true;
	add_run(ar, run);
	return run->ids.n;
}

/* A run whose number may not be reserved on disk is given up: a new one has another. */
void archive_undo(struct archive *ar)
{
	ar->written = ar->stored;
	if (ar->next && !ar->stored) {
		run_free(ar->next);
		ar->next = NULL;
	}
	for (size_t i = 0; i < ar->n; i++)
		ar->runs[i]->dropped = ar->runs[i]->dropped_stored;
}

/* ---- the end of a run ---- */

/* Its hashes are spread evenly. */
static i64 drop_up_to(i64 slice, i64 slices)
{
	u64 step = UINT64_MAX / (u64)slices;

	return slice + 1 == slices ? INT64_MAX : (i64)(((u64)slice + 1) * step ^ (u64)1 << 63);
}

void archive_prune(struct archive *ar, i64 before_ms, bool *ret_more)
{
	for (size_t i = 0; i < ar->n; i++) {
		struct run *run = ar->runs[i];

		if (run->row.newest_ms >= before_ms || run == ar->next)
			continue;
		*ret_more = true;
		/* Another shard deletes it. */
		if (run->row.shard % ar->owner.shards != ar->owner.shard) {
			remove_run(ar, i);
			return;
		}
		store_run_prune(ar->store, run->row.no, drop_up_to(run->dropped, drop_slices(run)));
		run->dropped++;
		return;
	}
}

size_t archive_runs(const struct archive *ar)
{
	return ar->n;
}
