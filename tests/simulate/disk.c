/*
 * disk.c - the database of a run: a file in memory (/dev/shm), made once for the process and
 * copied for each seed, behind the driver that fails on request.
 */
#include <unistd.h>

#include "db/share.h"
#include "db/sqlite.h"
#include "simulate/sim.h"
#include "store/query.h"

/* The image that every run starts from. It outlives the runs. */
static char *image;
static size_t image_len;

static void must(struct err *e, const char *what)
{
	if (!e)
		return;
	fprintf(stderr, "simulate: %s: %.*s\n", what, STRF(e->text));
	abort();
}

static void fill_mesh(struct sim *s, struct store *st, int mesh)
{
	i64 mesh_no = store_next(st, NUMBER_MESH);
	str slug = arena_printf(s->a, "mesh%d", mesh);

	store_mesh_add(st, &(struct mesh_row){ .no = mesh_no, .id = str_from(s->mesh_ids[mesh]),
			.slug = slug, .name = slug, .owner_pubkey = str_from(s->people[0].pubkey),
			.created_ms = 1 });
	for (int i = 0; i < s->n_members; i++) {
		struct member *m = &s->members[i];
		str pubkey = str_from(person_of(s, m)->pubkey);
		i64 no;

		if (m->mesh != mesh)
			continue;
		no = store_next(st, NUMBER_MEMBER);
		store_member_add(st, &(struct member_row){ .no = no, .mesh_no = mesh_no,
				.id = str_from(m->id), .pubkey = pubkey,
				.name = arena_printf(s->a, "p%d", m->person), .role = S("member"),
				.created_ms = 1 });
		store_mailbox_add(st, &(struct mailbox_row){ .no = store_next(st, NUMBER_MAILBOX),
				.mesh_no = mesh_no, .member_no = no, .pubkey = pubkey });
	}
}

static void image_make(struct sim *s)
{
	struct store *st;
	struct db *db;
	FILE *f;

	must(db_open(s->a, &db_sqlite, s->where, &db), "open");
	must(store_migrate(s->a, db), "migrate");
	must(store_open(s->a, db, &st), "open store");
	for (int i = 0; i < s->n_meshes; i++)
		fill_mesh(s, st, i);
	must(store_commit(st, s->a), "commit");
	store_close(st);
	db_close(db);
	f = fopen(arena_cstr(s->a, s->where), "rb");
	if (!f || fseek(f, 0, SEEK_END) != 0)
		abort();
	image_len = (size_t)ftell(f);
	image = malloc(image_len);
	rewind(f);
	if (!image || fread(image, 1, image_len, f) != image_len)
		abort();
	fclose(f);
}

void disk_make(struct sim *s)
{
	const char *room = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char *dir = arena_cstr(s->a, arena_printf(s->a, "%s/claudemesh-sim-XXXXXX", room));
	FILE *f;

	if (!mkdtemp(dir))
		abort();
	s->dir = str_from(dir);
	s->where = arena_printf(s->a, "%s/broker.db", dir);
	if (!image)
		image_make(s);
	f = fopen(arena_cstr(s->a, s->where), "wb");
	if (!f || fwrite(image, 1, image_len, f) != image_len || fclose(f) != 0)
		abort();
}

void disk_open(struct sim *s)
{
	struct shard *first = &s->shards[0];

	must(db_open(s->a, &db_sqlite, s->where, &first->db), "open");
	must(store_open(s->a, first->db, &first->store), "open store");
	s->n_shards = s->options->shards ? 1 + (int)roll(s, SHARDS_MOST) : 1;
	if (s->n_shards > 1)
		db_share(first->db);
	s->turn = first;
	for (int i = 1; i < s->n_shards; i++) {
		must(db_open_beside(s->a, first->db, (unsigned)i, &s->shards[i].db), "open beside");
		s->shards[i].store = store_open_beside(s->shards[i].db, first->store);
	}
	for (int i = 0; i < s->n_shards; i++) {
		s->shards[i].plan = (struct db_fault){ 0 };
		db_fault(s->shards[i].db, &s->shards[i].plan);
	}
}

void disk_close(struct sim *s)
{
	for (int i = s->n_shards; i-- > 0;) {
		store_close(s->shards[i].store);
		db_close(s->shards[i].db);
	}
}

void disk_remove(struct sim *s)
{

	const char *ends[] = { "", "-wal", "-shm", ".lock" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		unlink(arena_cstr(s->a, arena_printf(s->a, "%.*s%s", STRF(s->where), ends[i])));
	rmdir(arena_cstr(s->a, s->dir));
}

void disk_calm(struct sim *s)
{
	for (int i = 0; i < s->n_shards; i++)
		s->shards[i].plan = (struct db_fault){ 0 };
	s->crash_armed = false;
	s->disk_ok_us = 0;
}

bool disk_crashed(const struct sim *s)
{
	bool crashed = false;

	for (int i = 0; i < s->n_shards; i++)
		crashed |= s->shards[i].plan.fail_at && s->shards[i].plan.calls >= s->shards[i].plan.fail_at;
	return s->crash_armed && crashed;
}

i64 disk_count(struct sim *s, const char *sql)
{
	struct shard *at = s->turn;    /* so nobody else's transaction is open */
	struct db_fault plan = at->plan;
	struct db_query *q = NEW(s->a, struct db_query);
	struct db_rows rows;
	struct err *e;

	at->plan = (struct db_fault){ 0 };
	/* A text of its own each time: a slot holds what was prepared under the same pointer. */
	*q = (struct db_query){ "COUNT", QUERY_COUNT, "", "i", arena_cstr(s->a, str_from(sql)) };
	e = db_run(at->db, s->a, q, DB_VALUES(), &rows);
	must(e, sql);
	at->plan = plan;
	return db_row(&rows, 0)[0].i;
}
