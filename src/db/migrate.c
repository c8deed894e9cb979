#include "db/migrate.h"

#include "base/buf.h"
#include "base/log.h"
#include "db/driver.h"

enum { SCRIPT_MAX = 1 << 20 };

static const char table[] =
	"CREATE TABLE IF NOT EXISTS migration ("
	" name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL)";

enum { Q_APPLIED, Q_ADD };

static const struct db_query queries[] = {
	[Q_APPLIED] = { "MIGRATIONS", Q_APPLIED, "", "ss",
			"SELECT name, checksum FROM migration ORDER BY name" },
	[Q_ADD] = { "MIGRATION_ADD", Q_ADD, "ssi", "",
		    "INSERT INTO migration (name, checksum, applied_ms) VALUES ($1, $2, $3)" },
};

static bool is_word_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The script with this database's words for the tokens. */
static str localize(struct arena *a, const struct db_driver *driver, str sql)
{
	struct buf out = buf_make(SCRIPT_MAX);
	str result;

	while (sql.len) {
		const struct db_token *t = driver->tokens;
		size_t n = 0;

		while (n < sql.len && is_word_byte(sql.ptr[n]))
			n++;
		n = MAX(n, 1);
		while (t->word && !str_eq(str_of(sql.ptr, n), str_from(t->word)))
			t++;
		buf_add(&out, t->word ? str_from(t->text) : str_of(sql.ptr, n));
		sql = str_skip(sql, n);
	}
	if (out.full)
		abort();
	result = arena_dup(a, buf_str(&out));
	buf_done(&out);
	return result;
}

static struct err *refuse_unknown(struct arena *a, str name, const struct migration *list, size_t n)
{
	if (n && str_cmp(name, str_from(list[n - 1].name)) > 0)
		return FAIL(
			a, CONFLICT,
			"the database was made by a newer version: it has migration '%.*s', "
			"which this one does not know; run that version, or restore a backup from before it",
			STRF(name));
	return FAIL(
		a, CONFLICT,
		"migration '%.*s' was applied to the database but is missing from this version; "
		"run the version that made the database",
		STRF(name));
}

/* What was applied must be the beginning of the list, unchanged. */
static struct err *check_applied(struct arena *a, const struct db_rows *applied,
				 const struct migration *list, size_t n)
{
	for (size_t i = 0; i < applied->n; i++) {
		const struct db_value *row = db_row(applied, i);
		size_t at = 0;

		while (at < n && !str_eq(row[0].s, str_from(list[at].name)))
			at++;
		if (at == n)
			return refuse_unknown(a, row[0].s, list, n);
		if (!str_eq(row[1].s, str_from(list[at].checksum)))
			return FAIL(
				a, CONFLICT,
				"migration '%s' was changed after it was applied to the database; "
				"run the version that made the database, or build with the file as it was",
				list[at].name);
		if (at != i)
			return FAIL(
				a, CONFLICT,
				"migration '%s' was never applied to the database, although the later "
				"'%s' was; restore a backup, or run the version that made the database",
				list[i].name, list[at].name);
	}
	return NULL;
}

/* One turn under the lock: checks, applies the next, or finds that nothing is left. */
static struct err *step(struct arena *a, struct db *db, const struct migration *list, size_t n,
			i64 now_ms, bool *ret_done)
{
	struct db_rows applied;
	const struct migration *m;
	struct err *e;

	TRY(db_begin(db, a));
	TRY(db_exec(db, a, localize(a, db_driver(db), str_from(table))));
	TRY(db_run(db, a, &queries[Q_APPLIED], DB_VALUES(), &applied));
	TRY(check_applied(a, &applied, list, n));
	*ret_done = applied.n == n;
	if (*ret_done)
		return NULL;
	m = &list[applied.n];
	e = db_exec(db, a, localize(a, db_driver(db), str_from(m->sql)));
	if (e)
		return err_make(a, e->code, e->file, e->line, "migration '%s': %.*s", m->name,
				STRF(e->text));
	db_queue(db, &queries[Q_ADD],
		 DB_VALUES(V(str_from(m->name)), V(str_from(m->checksum)), V(now_ms)));
	TRY(db_commit(db, a));
	log_info("migration applied", LOG_S("name", str_from(m->name)));
	return NULL;
}

struct err *db_migrate(struct arena *a, struct db *db, const struct migration *list, size_t n,
		       i64 now_ms)
{
	bool done = false;

	for (size_t turn = 0; turn <= n && !done; turn++) {
		struct err *e = step(a, db, list, n, now_ms, &done);

		db_rollback(db);
		TRY(e);
	}
	return NULL;
}

struct err *db_migrated(struct arena *a, struct db *db, str name_or_checksum, bool *ret_is)
{
	struct db_rows applied;

	*ret_is = false;
	TRY(db_run(db, a, &queries[Q_APPLIED], DB_VALUES(), &applied));
	for (size_t i = 0; i < applied.n && !*ret_is; i++)
		*ret_is = str_eq(db_row(&applied, i)[0].s, name_or_checksum) ||
			  str_eq_nocase(db_row(&applied, i)[1].s, name_or_checksum);
	return NULL;
}
