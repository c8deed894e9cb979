/*
 * sqlite.c - the SQLite driver. The one file that sees sqlite3.h.
 *
 * secure_delete stays on: the bodies of delivered messages are promised to be gone, and an
 * operator who never vacuums would else keep them in free pages. Foreign keys are off: the
 * store deletes what belongs together, and a check per row would cost the hot path.
 */
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "db/driver.h"

enum {
	BUSY_MS = 2000,          /* wait for another program that writes the file */
	CHECKPOINT_PAGES = 4000, /* of the write-ahead log, before it is copied back */
	EXIT_FSYNC = 10,         /* the exit status of IO */
	LOCK_TEXT_MAX = 24,
	CHECK_TEXT_MAX = 256,    /* of what integrity_check finds */
};

struct sqlite {
	struct db_conn conn;
	sqlite3 *handle;
	char *path;             /* for messages */
	int lock_fd;            /* -1 for :memory: */
	bool checkpoint_failed; /* logged; until one succeeds */
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} slots[DB_SLOT_MAX];
};

static const char pragmas[] =
	"PRAGMA synchronous=FULL;"
	"PRAGMA secure_delete=ON;"
	"PRAGMA foreign_keys=OFF;"
	"PRAGMA temp_store=MEMORY;"
	"PRAGMA cache_size=-4096;"             /* KB; grows as used */
	"PRAGMA journal_size_limit=17000000;"; /* of the log, once it was copied back */

static bool is_fsync(int rc)
{
	return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
}

/* After a failed fsync the kernel may have dropped the pages and call them clean. */
static void end_process(const struct sqlite *s)
{
	log_error("the disk failed to make a commit durable, the broker ends",
		  LOG_S("file", str_from(s->path)));
	_exit(EXIT_FSYNC);
}

static struct err *sqlite_error(struct arena *a, const struct sqlite *s, int rc, const char *what)
{
	const char *text = s->handle ? sqlite3_errmsg(s->handle) : sqlite3_errstr(rc);

	if (is_fsync(rc))
		end_process(s);
	switch (rc) {
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_SHMSIZE:
	case SQLITE_IOERR_TRUNCATE:
		return FAIL(a, TRY_AGAIN, "%s: '%s' could not be written, is its disk full? (%s)",
			    what, s->path, text);
	}
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return FAIL(a, TRY_AGAIN, "%s: '%s' is locked by another program", what, s->path);
	case SQLITE_FULL: return FAIL(a, TRY_AGAIN, "%s: the disk of '%s' is full", what, s->path);
	case SQLITE_CONSTRAINT: return FAIL(a, CONFLICT, "%s: %s", what, text);
	case SQLITE_CORRUPT:
		return FAIL(a, INTERNAL,
			    "%s: '%s' is damaged (%s): keep a copy of it and restore a backup",
			    what, s->path, text);
	case SQLITE_NOTADB: return FAIL(a, IO, "%s: '%s' is not a SQLite database", what, s->path);
	case SQLITE_NOMEM: abort();
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM: return FAIL(a, IO, "%s: '%s': %s", what, s->path, text);
	}
	return FAIL(a, INTERNAL, "%s: '%s': %s", what, s->path, text);
}

static void close_handle(struct db_conn *c)
{
	struct sqlite *s = (struct sqlite *)c;

	for (size_t i = 0; i < DB_SLOT_MAX; i++)
		sqlite3_finalize(s->slots[i].stmt);
	sqlite3_close(s->handle);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->path);
	free(s);
}

/* Copies the log back in the commit that filled it. SQLite's own hook hides a failed fsync. */
static int after_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct sqlite *s = arg;
	int rc;

	if (pages < CHECKPOINT_PAGES)
		return SQLITE_OK;
	rc = sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (is_fsync(rc))
		end_process(s);
	if (rc != SQLITE_OK && !s->checkpoint_failed)
		log_warn("the database's log could not be copied back and grows",
			 LOG_S("file", str_from(s->path)),
			 LOG_S("reason", str_from(sqlite3_errstr(rc))));
	s->checkpoint_failed = rc != SQLITE_OK;
	return SQLITE_OK; /* the commit itself is done */
}

/* Takes FILE.lock for this process, or says who has it. */
static struct err *take_lock(struct arena *a, struct sqlite *s)
{
	const char *name = arena_cstr(a, arena_printf(a, "%s.lock", s->path));
	char holder[LOCK_TEXT_MAX] = "";

	s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return FAIL(a, IO, "open database: '%s': %s", name, strerror(errno));
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = pread(s->lock_fd, holder, sizeof(holder) - 1, 0);

		return FAIL(a, CONFLICT,
			    "open database: '%s' is in use by another broker (process %.*s): "
			    "stop it first, or give this one another data directory",
			    s->path, (int)MAX(n, 0), holder);
	}
	snprintf(holder, sizeof(holder), "%ld", (long)getpid());
	if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, holder, strlen(holder), 0) < 0)
		return FAIL(a, TRY_AGAIN, "open database: '%s' could not be written: %s", name,
			    strerror(errno));
	return NULL;
}

/* Makes the file with mode 0600; its log and index get the same mode from SQLite. Only under
 * the lock: closing any descriptor of the file would drop the locks that SQLite holds. */
static struct err *make_file(struct arena *a, const struct sqlite *s)
{
	int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return FAIL(a, IO, "open database: '%s': %s", s->path, strerror(errno));
	close(fd);
	return NULL;
}

static struct err *exec(struct db_conn *c, struct arena *a, const char *script)
{
	struct sqlite *s = (struct sqlite *)c;
	int rc = sqlite3_exec(s->handle, script, NULL, NULL, NULL);

	return rc == SQLITE_OK ? NULL : sqlite_error(a, s, rc, "run script");
}

static struct err *use_wal(struct arena *a, struct sqlite *s)
{
	static const struct db_query wal = { "open database", 0, "", "s",
					     "PRAGMA journal_mode=WAL" };
	struct db_rows rows = { .columns = 1 };

	TRY(db_sqlite.run(&s->conn, a, &wal, NULL, &rows));
	if (s->lock_fd >= 0 && (rows.n != 1 || !str_eq(db_row(&rows, 0)[0].s, S("wal"))))
		return FAIL(a, IO,
			    "open database: '%s' cannot be written safely there "
			    "(its file system does not allow a write-ahead log)",
			    s->path);
	return NULL;
}

static struct err *setup(struct arena *a, struct sqlite *s)
{
	int rc;

	if (strcmp(s->path, ":memory:") != 0) {
		TRY(take_lock(a, s));
		TRY(make_file(a, s));
	}
	rc = sqlite3_open_v2(s->path, &s->handle,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			     NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(a, s, rc, "open database");
	sqlite3_busy_timeout(s->handle, BUSY_MS);
	TRY(use_wal(a, s));
	TRY(exec(&s->conn, a, pragmas));
	sqlite3_wal_hook(s->handle, after_commit, s);
	return NULL;
}

static struct err *open_handle(struct arena *a, str where, struct db_conn **ret_conn)
{
	struct sqlite *s = calloc(1, sizeof(*s));
	struct err *e;

	if (!s || !(s->path = strndup(where.ptr, where.len)))
		abort();
	s->conn.driver = &db_sqlite;
	s->lock_fd = -1;
	/* It counts every allocation under a lock, for nobody. Later ones than the first change nothing. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	e = setup(a, s);
	if (e) {
		close_handle(&s->conn);
		return e;
	}
	*ret_conn = &s->conn;
	return NULL;
}

/* Parameters must be $1, $2 ... in the order in which SQLite numbers them. */
static struct err *check_statement(struct arena *a, sqlite3_stmt *stmt, const struct db_query *q)
{
	int params = sqlite3_bind_parameter_count(stmt);
	char name[16];

	if ((size_t)params != strlen(q->binds))
		return FAIL(a, INTERNAL, "query %s has %d parameters, its row says '%s'", q->name,
			    params, q->binds);
	if ((size_t)sqlite3_column_count(stmt) != strlen(q->columns))
		return FAIL(a, INTERNAL, "query %s gives %d columns, its row says '%s'", q->name,
			    sqlite3_column_count(stmt), q->columns);
	for (int i = 1; i <= params; i++) {
		const char *got = sqlite3_bind_parameter_name(stmt, i);

		snprintf(name, sizeof(name), "$%d", i);
		if (!got || strcmp(got, name) != 0)
			return FAIL(a, INTERNAL,
				    "query %s: number the parameters in order of first appearance",
				    q->name);
	}
	return NULL;
}

static struct err *prepare(struct db_conn *c, struct arena *a, const struct db_query *q)
{
	struct sqlite *s = (struct sqlite *)c;
	sqlite3_stmt *stmt = NULL;
	const char *rest;
	struct err *e;
	int rc;

	if (s->slots[q->slot].sql == q->sql)
		return NULL;
	rc = sqlite3_prepare_v3(s->handle, q->sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &rest);
	if (rc != SQLITE_OK)
		return sqlite_error(a, s, rc, q->name);
	e = *rest ? FAIL(a, INTERNAL, "query %s holds more than one statement", q->name)
		  : check_statement(a, stmt, q);
	if (e) {
		sqlite3_finalize(stmt);
		return e;
	}
	sqlite3_finalize(s->slots[q->slot].stmt);
	s->slots[q->slot].stmt = stmt;
	s->slots[q->slot].sql = q->sql;
	return NULL;
}

/* The values stay where they are until the statement is reset. */
static int bind(sqlite3_stmt *stmt, const char *types, const struct db_value *values)
{
	int rc = SQLITE_OK;

	for (int i = 0; types[i] && rc == SQLITE_OK; i++) {
		const struct db_value *v = &values[i];

		switch (v->type) {
		case DB_NULL: rc = sqlite3_bind_null(stmt, i + 1); break;
		case DB_I64: rc = sqlite3_bind_int64(stmt, i + 1, v->i); break;
		case DB_STR:
			rc = sqlite3_bind_text64(stmt, i + 1, v->s.ptr, v->s.len, SQLITE_STATIC,
						 SQLITE_UTF8);
			break;
		case DB_BLOB:
			rc = sqlite3_bind_blob64(stmt, i + 1, v->s.ptr, v->s.len, SQLITE_STATIC);
			break;
		}
	}
	return rc;
}

static struct db_value cell(struct arena *a, sqlite3_stmt *stmt, int i, char type)
{
	const void *p;
	size_t len;

	if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
		return db_null();
	if (type == 'i')
		return db_i64(sqlite3_column_int64(stmt, i));
	p = type == 's' ? (const void *)sqlite3_column_text(stmt, i) : sqlite3_column_blob(stmt, i);
	len = (size_t)sqlite3_column_bytes(stmt, i);
	/* SQLite gives no pointer for an empty blob, which is not an absent one. */
	p = arena_cstr(a, str_of(p, len));
	return (struct db_value){ .type = type == 's' ? DB_STR : DB_BLOB, .s = str_of(p, len) };
}

static void add_row(struct arena *a, sqlite3_stmt *stmt, const char *types, struct db_rows *rows,
		    size_t *cap)
{
	struct db_value *to;

	if (rows->n == *cap) {
		struct db_value *old = rows->cells;

		*cap = MAX(8, *cap * 2);
		rows->cells = NEW_ARRAY(a, struct db_value, *cap * rows->columns);
		if (rows->n)
			memcpy(rows->cells, old, rows->n * rows->columns * sizeof(*old));
	}
	to = rows->cells + rows->n * rows->columns;
	for (int i = 0; types[i]; i++)
		to[i] = cell(a, stmt, i, types[i]);
	rows->n++;
}

static struct err *run(struct db_conn *c, struct arena *a, const struct db_query *q,
		       const struct db_value *values, struct db_rows *ret_rows)
{
	struct sqlite *s = (struct sqlite *)c;
	struct err *e = NULL;
	sqlite3_stmt *stmt;
	size_t cap = 0;
	int rc;

	TRY(prepare(c, a, q));
	stmt = s->slots[q->slot].stmt;
	rc = bind(stmt, q->binds, values);
	while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		if (!ret_rows)
			continue;
		if (ret_rows->n == DB_ROWS_MAX) {
			e = FAIL(a, INTERNAL, "query %s gives more than %d rows", q->name,
				 DB_ROWS_MAX);
			break;
		}
		add_row(a, stmt, q->columns, ret_rows, &cap);
	}
	if (!e && rc != SQLITE_DONE)
		e = sqlite_error(a, s, rc, q->name);
	sqlite3_reset(stmt);
	return e;
}

static struct err *write_all(struct db_conn *c, struct arena *a, const struct db_write *writes,
			     size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(run(c, a, writes[i].query, writes[i].values, NULL));
	return NULL;
}

static struct err *begin(struct db_conn *c, struct arena *a)
{
	static const struct db_query q = { "begin", DB_SLOT_MAX - 1, "", "", "BEGIN IMMEDIATE" };

	return run(c, a, &q, NULL, NULL);
}

static struct err *commit(struct db_conn *c, struct arena *a)
{
	static const struct db_query q = { "commit", DB_SLOT_MAX - 2, "", "", "COMMIT" };

	return run(c, a, &q, NULL, NULL);
}

/* Some failures have already rolled back. What fails here is met again by the next call. */
static void rollback(struct db_conn *c)
{
	struct sqlite *s = (struct sqlite *)c;

	if (!sqlite3_get_autocommit(s->handle) &&
	    is_fsync(sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL)))
		end_process(s);
}

/* ROW_KEY makes the number the row's place in the file; CLUSTERED keeps a table in the
 * order of its primary key, without a second tree. */
static const struct db_token tokens[] = { { "ROW_KEY", "INTEGER" },
					  { "CLUSTERED", "WITHOUT ROWID" },
					  { 0 } };

const struct db_driver db_sqlite = {
	.name = "sqlite",
	.tokens = tokens,
	.open = open_handle,
	.close = close_handle,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.prepare = prepare,
	.run = run,
	.write = write_all,
	.exec = exec,
};

/* ---- files as a whole ---- */

static void close_db(sqlite3 **handle)
{
	sqlite3_close(*handle);
}

static struct err *file_error(struct arena *a, const char *what, str path, const char *text)
{
	return FAIL(a, IO, "%s '%.*s': %s", what, STRF(path), text);
}

/* Without a write: a file that is being written stays as it is. */
static struct err *open_to_read(struct arena *a, str path, sqlite3 **ret_handle)
{
	int rc = sqlite3_open_v2(arena_cstr(a, path), ret_handle, SQLITE_OPEN_READONLY, NULL);

	if (rc != SQLITE_OK)
		return file_error(a, "cannot open", path, sqlite3_errstr(rc));
	sqlite3_busy_timeout(*ret_handle, BUSY_MS);
	return NULL;
}

static struct err *sync_file(struct arena *a, str path)
{
	int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good ? NULL : file_error(a, "cannot make durable", path, strerror(errno));
}

struct err *sqlite_copy(struct arena *a, str from, str to)
{
	CLEANUP(close_db) sqlite3 *handle = NULL;
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (access(arena_cstr(a, to), F_OK) == 0)
		return FAIL(a, EXISTS, "'%.*s' exists; name a new file", STRF(to));
	TRY(open_to_read(a, from, &handle));
	rc = sqlite3_prepare_v2(handle, "VACUUM INTO ?", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, to.ptr, (int)to.len, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	if (rc != SQLITE_DONE) {
		struct err *failed = file_error(a, "cannot copy", from, sqlite3_errmsg(handle));

		unlink(arena_cstr(a, to));
		return failed;
	}
	return sync_file(a, to);
}

static int first_text(void *arg, int n, char **values, char **names UNUSED)
{
	char *text = arg;

	if (n && values[0] && !text[0])
		snprintf(text, CHECK_TEXT_MAX, "%s", values[0]);
	return 0;
}

struct err *sqlite_check(struct arena *a, str path)
{
	CLEANUP(close_db) sqlite3 *handle = NULL;
	char found[CHECK_TEXT_MAX] = "";
	int rc;

	TRY(open_to_read(a, path, &handle));
	rc = sqlite3_exec(handle, "PRAGMA integrity_check(1)", first_text, found, NULL);
	if (rc == SQLITE_OK && strcmp(found, "ok") == 0)
		return NULL;
	return FAIL(a, BAD_REQUEST, "'%.*s' is damaged, or no database: %s", STRF(path),
		    rc == SQLITE_OK ? found : sqlite3_errmsg(handle));
}

struct err *sqlite_vacuum(struct arena *a, str path)
{
	CLEANUP(db_closep) struct db *db = NULL;

	TRY(db_open(a, &db_sqlite, path, &db));
	return db_exec(db, a, S("VACUUM"));
}
