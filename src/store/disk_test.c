/*
 * disk_test.c - the store on a file: a disk that fills up, and what is left of a message.
 */
#include "store/fixture_test.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char body[] = "b29wcyB0aGlzIGlzIHByaXZhdGU";

static void send(struct fixture *f, size_t bytes)
{
	i64 no = store_next(f->st, NUMBER_MESSAGE);
	char *text = arena_alloc(f->a, bytes);

	for (size_t at = 0; at + sizeof(body) <= bytes; at += sizeof(body))
		memcpy(text + at, body, sizeof(body) - 1);
	for (size_t at = 0; at < bytes; at++)
		text[at] = text[at] ? text[at] : 'A';
	store_message_add(f->st, &(struct message_row){ .no = no,
							.mesh_no = 1,
							.id = S("x"),
							.sender_pubkey = S("k"),
							.target = S("t"),
							.nonce = S("n"),
							.ciphertext = str_of(text, bytes),
							.expires_ms = 10 });
	store_delivery_add(f->st, 1, &(struct delivery_row){ 5, no, 0, false, 1, 10 });
}

static bool file_holds(struct fixture *f, const char *suffix)
{
	str path = arena_printf(f->a, "%.*s%s", STRF(f->where), suffix);
	struct stat st;
	char *bytes;
	int fd = open(path.ptr, O_RDONLY);

	if (fd < 0)
		return false;
	assert_int_equal(fstat(fd, &st), 0);
	bytes = arena_alloc(f->a, (size_t)st.st_size);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	return memmem(bytes, (size_t)st.st_size, body, sizeof(body) - 1) != NULL;
}

static struct fixture *file_fixture(struct arena *a)
{
	struct fixture *f = NEW(a, struct fixture);

	f->a = a;
	f->where = test_file(a);
	fixture_open(f);
	arena_defer(a, fixture_close, f);
	return f;
}

TEST(nothing_is_left_of_an_ended_message)
{
	static const size_t sizes[] = { 100, 900, 3900, 70000 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = file_fixture(a);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		send(f, sizes[i]);
	commit(f);
	assert_true(file_holds(f, "") || file_holds(f, "-wal"));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		store_delivery_end(f->st, 1, &(struct delivery_row){ 5, (i64)i + 1, 0, false, 1, 10 },
				   &(struct delivery_end){ 1, DELIVERY_DELIVERED, 5 });
	commit(f);
	assert_ok(db_exec(f->db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	assert_false(file_holds(f, ""));
	assert_false(file_holds(f, "-wal"));
	assert_ok(db_exec(f->db, a, S("VACUUM")));
	assert_ok(db_exec(f->db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	assert_false(file_holds(f, ""));
}

TEST(a_full_disk_stores_nothing_and_passes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = file_fixture(a);

	send(f, 100);
	commit(f);
	assert_ok(db_exec(f->db, a, S("PRAGMA max_page_count=40")));
	for (int i = 0; i < 10; i++)
		send(f, 70000);
	assert_err(store_commit(f->st, a), TRY_AGAIN);
	assert_int_equal(count(f, "message"), 1);
	assert_int_equal(count(f, "delivery"), 1);
	send(f, 50); /* what fits still goes */
	commit(f);
	assert_ok(db_exec(f->db, a, S("PRAGMA max_page_count=100000")));
	for (int i = 0; i < 10; i++)
		send(f, 70000);
	commit(f);
	assert_int_equal(count(f, "message"), 12);
}

TEST_MAIN("store/disk")
