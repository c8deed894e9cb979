#include "daemon/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/fingerprint.h"
#include "db/migrate.h"
#include "db/sqlite.h"

enum { HEADER_LEN = 16, MIGRATIONS_MAX = 16 };

static const char header[HEADER_LEN] = "SQLite format 3";

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct err *damaged(struct arena *a, str path, str why)
{
	return err_word(FAIL(a, INTERNAL, "'%.*s' is damaged: %.*s", STRF(path), STRF(why)),
			S("damaged"));
}

/* Closed to others, before SQLite makes its log with the same mode. A new file is fine. */
static struct err *check_file(struct arena *a, str path)
{
	CLEANUP(close_fd)
	int fd = open(arena_cstr(a, path),
		      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	char begin[HEADER_LEN];
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return FAIL(a, FORBIDDEN, "'%.*s' is a symbolic link", STRF(path));
	if (fd < 0 || fstat(fd, &st) < 0)
		return FAIL(a, IO, "cannot open '%.*s': %s", STRF(path), strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return FAIL(a, FORBIDDEN, "'%.*s' is not a file of yours", STRF(path));
	if ((st.st_mode & 077) && fchmod(fd, 0600) < 0)
		return FAIL(a, IO, "cannot take away the access of others to '%.*s': %s",
			    STRF(path), strerror(errno));
	if (st.st_size == 0)
		return NULL;
	if (pread(fd, begin, sizeof(begin), 0) != sizeof(begin) ||
	    memcmp(begin, header, sizeof(begin)) != 0)
		return damaged(a, path, S("it is not a SQLite database"));
	return NULL;
}

static struct err *check_whole(struct arena *a, struct db *db, str path)
{
	static const struct db_query check = { "INTEGRITY", DATABASE_SLOT - 1, "", "s",
					       "PRAGMA integrity_check(1)" };
	struct db_rows rows;

	TRY(db_run(db, a, &check, DB_VALUES(), &rows));
	if (rows.n != 1 || !str_eq(db_row(&rows, 0)[0].s, S("ok")))
		return damaged(a, path, rows.n ? db_row(&rows, 0)[0].s : S("it has no pages"));
	return NULL;
}

static struct err *prepare(struct arena *a, struct db *db, str path, const struct clock *clock,
			   const struct database_migration *migrations, size_t n)
{
	struct migration list[MIGRATIONS_MAX];

	if (n > MIGRATIONS_MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		str sum = sha256_hex(a, str_from(migrations[i].sql));

		list[i] = (struct migration){ migrations[i].name, arena_cstr(a, sum),
					      migrations[i].sql };
	}
	TRY(db_exec(db, a, arena_printf(a, "PRAGMA cache_size=-%d", DATABASE_CACHE_KB)));
	TRY(check_whole(a, db, path));
	/* It read every page; the daemon rests on little. */
	TRY(db_exec(db, a, S("PRAGMA shrink_memory")));
	return db_migrate(a, db, list, n, clock_ms(clock));
}

struct err *database_open(struct arena *a, str path, const struct clock *clock,
			  const struct database_migration *migrations, size_t n, struct db **ret_db)
{
	struct db *db;
	struct err *e;

	if (!str_eq(path, S(":memory:")))
		TRY(check_file(a, path));
	e = db_open(a, &db_sqlite, path, &db);
	if (!e) {
		e = prepare(a, db, path, clock, migrations, n);
		if (e)
			db_close(db);
	}
	if (e && e->code == ERR_INTERNAL && str_empty(e->word))
		err_word(e, S("damaged"));
	if (!e)
		*ret_db = db;
	return e;
}
