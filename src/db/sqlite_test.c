/*
 * sqlite_test.c - the file: who may open it, what a failing disk does, what stays in it.
 */
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/test.h"

static const struct db_query add = { "ADD", 0, "b", "", "INSERT INTO t (bytes) VALUES ($1)" };
static const struct db_query count_all = { "COUNT", 1, "", "i", "SELECT COUNT(*) FROM t" };
#define SCHEMA "CREATE TABLE IF NOT EXISTS t (no INTEGER PRIMARY KEY, bytes BLOB)"

/* SQLite's syncs come here; a test makes them fail. */
static bool sync_fails;

static int sync_call(long call, int fd)
{
	if (sync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

int fdatasync(int fd)
{
	return sync_call(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return sync_call(SYS_fsync, fd);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_dir(void *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static str new_file(struct arena *a)
{
	char *dir = arena_cstr(a, S("/tmp/claudemesh-db-XXXXXX"));

	assert_non_null(mkdtemp(dir));
	arena_defer(a, remove_dir, dir);
	return arena_printf(a, "%s/broker.db", dir);
}

static void close_it(void *db)
{
	db_close(db);
}

static struct db *open_at(struct arena *a, str path)
{
	struct db *db;

	assert_ok(db_open(a, &db_sqlite, path, &db));
	assert_ok(db_exec(db, a, S(SCHEMA)));
	return db;
}

/* Open until the arena ends. */
static struct db *open_test(struct arena *a, str *ret_path)
{
	struct db *db;

	*ret_path = new_file(a);
	db = open_at(a, *ret_path);
	arena_defer(a, close_it, db);
	return db;
}

static void put(struct db *db, str bytes)
{
	db_queue(db, &add, DB_VALUES(db_blob(bytes)));
}

static i64 count(struct db *db, struct arena *a)
{
	struct db_rows rows;

	assert_ok(db_run(db, a, &count_all, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

static str filled(struct arena *a, size_t n)
{
	return str_of(memset(arena_alloc(a, n), 'b', n), n);
}

/* The exit status of a child that runs fn, or -1 for a signal. */
static int in_child(void (*fn)(struct arena *a, str path), str path)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(arena_new(), path);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(files_are_the_owners_alone)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	mode_t old = umask(0);
	str path;
	struct db *db = open_test(a, &path);
	struct stat st;

	put(db, S("x"));
	assert_ok(db_commit(db, a));
	umask(old);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		assert_int_equal(stat(arena_printf(a, "%.*s%s", STRF(path), suffixes[i]).ptr, &st),
				 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

TEST(durable_settings)
{
	static const struct db_query settings[] = {
		{ "S", 3, "", "s", "PRAGMA journal_mode" },
		{ "S", 3, "", "s", "PRAGMA synchronous" },
		{ "S", 3, "", "s", "PRAGMA secure_delete" },
	};
	static const char *const want[] = { "wal", "2", "1" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path;
	struct db *db = open_test(a, &path);
	struct db_rows rows;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		assert_ok(db_run(db, a, &settings[i], DB_VALUES(), &rows));
		assert_str(db_row(&rows, 0)[0].s, str_from(want[i]));
	}
}

TEST(a_second_opener_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = new_file(a);
	struct db *first = open_at(a, path), *second = NULL;
	struct err *e = db_open(a, &db_sqlite, path, &second);

	assert_err(e, CONFLICT);
	assert_null(second);
	assert_true(str_contains(e->text, path));
	assert_true(str_contains(e->text,
				 arena_printf(a, "another broker (process %ld)", (long)getpid())));
	put(first, S("x")); /* the first is not disturbed */
	assert_ok(db_commit(first, a));
	db_close(first);
	second = open_at(a, path);
	assert_int_equal(count(second, a), 1);
	db_close(second);
}

static void write_and_die(struct arena *a, str path)
{
	struct db *db = open_at(a, path);

	put(db, S("kept"));
	assert_ok(db_commit(db, a));
	put(db, S("lost"));
	assert_int_equal(count(db, a), 2);
	kill(getpid(), SIGKILL);
}

TEST(after_a_kill_the_committed_is_there_and_the_lock_is_free)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = new_file(a);
	struct db *db;

	assert_int_equal(in_child(write_and_die, path), -1);
	db = open_at(a, path);
	assert_int_equal(count(db, a), 1);
	db_close(db);
}

/* The same file under another name stands for another program, which knows no .lock. */
TEST(locked_by_another_program)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path;
	struct db *db = open_test(a, &path), *other;
	str alias = arena_printf(a, "%.*s.alias", STRF(path));
	struct err *e;

	assert_int_equal(symlink(path.ptr, alias.ptr), 0);
	other = open_at(a, alias);
	assert_ok(db_begin(other, a));
	assert_ok(db_exec(db, a, S("PRAGMA busy_timeout=1")));
	put(db, S("x"));
	e = db_commit(db, a);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, path) &&
		    str_contains(e->text, S("locked by another program")));
	assert_int_equal(count(db, a), 0); /* reading goes on */
	db_close(other);
	put(db, S("x"));
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 1);
}

static void write_file(str path, const char *text, off_t at)
{
	int fd = open(path.ptr, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
	close(fd);
}

TEST(what_cannot_be_opened)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = new_file(a), below = arena_printf(a, "%.*s/deeper.db", STRF(path));
	struct db *db = NULL;
	struct err *e;

	write_file(path,
		   "this is a letter to my aunt, long enough to be no header of a database at all, "
		   "and some more words, so that it has a hundred bytes",
		   0);
	e = db_open(a, &db_sqlite, path, &db);
	assert_err(e, IO);
	assert_true(str_contains(e->text, path) &&
		    str_contains(e->text, S("not a SQLite database")));
	assert_err(db_open(a, &db_sqlite, below, &db), IO);
	assert_null(db);
}

TEST(a_damaged_file)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = new_file(a);
	struct db *db = open_at(a, path);
	struct db_rows rows;

	put(db, S("x"));
	assert_ok(db_commit(db, a));
	db_close(db);
	write_file(path, "garbage where the table's first page should be", 4096);
	db = open_at(a, path);
	assert_err(db_run(db, a, &count_all, DB_VALUES(), &rows), INTERNAL);
	db_close(db);
}

TEST(a_full_disk)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path;
	struct db *db = open_test(a, &path);
	struct err *e;

	put(db, S("x"));
	assert_ok(db_commit(db, a));
	assert_ok(db_exec(db, a, S("PRAGMA max_page_count=8")));
	put(db, S("small"));
	for (int i = 0; i < 20; i++)
		put(db, filled(a, 4000));
	e = db_commit(db, a);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, path) && str_contains(e->text, S("full")));
	assert_int_equal(count(db, a), 1);
	assert_ok(db_exec(db, a, S("PRAGMA max_page_count=100000")));
	for (int i = 0; i < 20; i++)
		put(db, filled(a, 4000));
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 21);
}

/* A limit of the process on file sizes: the kernel refuses the write itself. */
TEST(a_write_that_the_kernel_refuses)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path;
	struct db *db = open_test(a, &path);
	struct rlimit old, small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ 64 * 1024, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	put(db, S("x"));
	assert_ok(db_commit(db, a));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 40; i++)
		put(db, filled(a, 4000));
	assert_err(db_commit(db, a), TRY_AGAIN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(count(db, a), 1);
	for (int i = 0; i < 40; i++)
		put(db, filled(a, 4000));
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 41);
}

static void fail_a_sync(struct arena *a, str path)
{
	struct db *db = open_at(a, path);

	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	put(db, S("kept"));
	assert_ok(db_commit(db, a));
	sync_fails = true;
	put(db, S("unknown"));
	if (db_commit(db, a))
		_exit(99); /* an error is not enough: the process must end */
}

TEST(a_failed_fsync_ends_the_process)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = new_file(a);
	struct db *db;

	assert_int_equal(in_child(fail_a_sync, path), 10);
	db = open_at(a, path);
	assert_true(count(db, a) >= 1);
	db_close(db);
}

static void fail_a_checkpoint(struct arena *a, str path)
{
	struct db *db = open_at(a, path);

	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	/* The commits are not synchronous now: what fails is the copy back of their pages. */
	assert_ok(db_exec(db, a, S("PRAGMA synchronous=NORMAL")));
	put(db, S("x"));
	assert_ok(db_commit(db, a));
	sync_fails = true;
	for (int i = 0; i < 4100; i++)
		put(db, filled(a, 3000));
	if (db_commit(db, a))
		_exit(99);
}

TEST(so_does_one_in_a_checkpoint)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_int_equal(in_child(fail_a_checkpoint, new_file(a)), 10);
}

static off_t size_of(struct arena *a, str path, const char *suffix)
{
	struct stat st;

	assert_int_equal(stat(arena_printf(a, "%.*s%s", STRF(path), suffix).ptr, &st), 0);
	return st.st_size;
}

TEST(the_log_is_copied_back)
{
	enum { BATCHES = 60, ROWS = 200, BYTES = 3000 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path;
	struct db *db = open_test(a, &path);

	for (int i = 0; i < BATCHES; i++) {
		for (int k = 0; k < ROWS; k++)
			put(db, filled(a, BYTES));
		assert_ok(db_commit(db, a));
	}
	assert_true(size_of(a, path, "") > (off_t)BATCHES * ROWS * BYTES / 2);
	assert_true(size_of(a, path, "-wal") < (off_t)BATCHES * ROWS * BYTES / 2);
}

static bool file_holds(struct arena *a, str path, str text)
{
	size_t n = (size_t)size_of(a, path, "");
	char *bytes = arena_alloc(a, n);
	int fd = open(path.ptr, O_RDONLY);
	ssize_t got = read(fd, bytes, n);

	close(fd);
	assert_int_equal(got, n);
	return memmem(bytes, n, text.ptr, text.len) != NULL;
}

/* Without any vacuum. Small rows share a page; large ones have pages of their own. */
TEST(deleted_bytes_are_gone_from_the_file)
{
	static const char secret[] = "do not keep me 4711";
	static const size_t sizes[] = { 100, 3000, 60000 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = new_file(a);
	struct db *db = open_at(a, path);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *bytes = arena_alloc(a, sizes[i]);

		for (size_t at = 0; at + sizeof(secret) < sizes[i]; at += sizeof(secret))
			memcpy(bytes + at, secret, sizeof(secret));
		put(db, filled(a, sizes[i]));
		put(db, str_of(bytes, sizes[i]));
	}
	assert_ok(db_commit(db, a));
	assert_ok(db_exec(db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	assert_true(file_holds(a, path, S("do not keep me")));
	assert_ok(db_exec(db, a, S("DELETE FROM t WHERE no IN (2, 4, 6)")));
	assert_ok(db_exec(db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	assert_int_equal(count(db, a), 3);
	db_close(db);
	assert_false(file_holds(a, path, S("do not keep me")));
}

TEST(there_is_one_connection_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_at(a, new_file(a)), *beside = NULL;

	assert_err(db_open_beside(a, db, 1, &beside), NOT_SUPPORTED);
	assert_null(beside);
	db_close(db);
}

TEST_MAIN("db/sqlite")
