#include "broker/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "broker/datadir.h"
#include "crypto/secret.h"
#include "db/pg_url.h"
#include "db/sqlite.h"

enum { KEY_FILE_MAX = 64 << 10 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void closep(struct datadir *d)
{
	datadir_close(d);
}

static str path_of(struct arena *a, str dir, const char *name)
{
	return arena_printf(a, "%.*s/%s", STRF(dir), name);
}

static struct err *failed(struct arena *a, const char *what, str path)
{
	return FAIL(a, IO, "%s '%.*s': %s", what, STRF(path), strerror(errno));
}

static bool is_key(const char *name)
{
	return name[0] != '.' && str_ends(str_from(name), S(BACKUP_KEYS));
}

static bool exists(struct arena *a, str path)
{
	return access(arena_cstr(a, path), F_OK) == 0;
}

/* To a new file of mode 0600, or over one that is there. */
static struct err *copy_small(struct arena *a, str from, str to)
{
	CLEANUP(close_fd) int in = open(arena_cstr(a, from), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	CLEANUP(close_fd) int out = -1;
	char *bytes = (char *)secret_alloc(a, KEY_FILE_MAX + 1);
	ssize_t n = in < 0 ? -1 : read(in, bytes, KEY_FILE_MAX + 1);

	if (n < 0)
		return failed(a, "cannot read", from);
	if (n > KEY_FILE_MAX)
		return FAIL(a, TOO_LARGE, "'%.*s' is over %d bytes: no key", STRF(from), KEY_FILE_MAX);
	out = open(arena_cstr(a, to), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0 || write(out, bytes, (size_t)n) != n || fsync(out) != 0)
		return failed(a, "cannot write", to);
	return NULL;
}

/* How many in *ret_n. */
static struct err *copy_keys(struct arena *a, str from, str to, size_t *ret_n)
{
	CLEANUP(close_dir) DIR *dir = opendir(arena_cstr(a, from));
	const struct dirent *each;

	*ret_n = 0;
	if (!dir)
		return failed(a, "cannot read the directory", from);
	while ((each = readdir(dir))) {
		if (!is_key(each->d_name))
			continue;
		TRY(copy_small(a, path_of(a, from, each->d_name), path_of(a, to, each->d_name)));
		(*ret_n)++;
	}
	return NULL;
}

struct err *admin_backup(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	bool pg = pg_url_is(s->database);
	size_t keys;

	if (!pg && !exists(a, s->database))
		return FAIL(a, NOT_FOUND, "there is no database '%.*s'; is --data right?", STRF(s->database));
	if (mkdir(arena_cstr(a, in->operands[0]), 0700) != 0)
		return errno == EEXIST ? FAIL(a, EXISTS, "'%.*s' exists; name a new directory", STRF(in->operands[0]))
				       : failed(a, "cannot make the directory", in->operands[0]);
	/* Keys first: what is sealed by one that is made meanwhile is not in the copy. */
	TRY(copy_keys(a, s->data, in->operands[0], &keys));
	if (!pg)
		TRY(sqlite_copy(a, s->database, path_of(a, in->operands[0], BACKUP_DATABASE)));
	*ret_text = arena_printf(a, "%s and %zu key files are in '%.*s'. Keep it where nobody else reads: it opens what "
				 "the broker keeps sealed.%s\n", pg ? "No database" : "The database", keys,
				 STRF(in->operands[0]),
				 pg ? "\nThe database is PostgreSQL's: pg_dump --format=custom has it." : "");
	return NULL;
}

/* What is there is put aside, never overwritten. */
static struct err *put_aside(struct arena *a, const struct datadir *d, str *ret_aside)
{
	static const char *const files[] = { BACKUP_DATABASE, BACKUP_DATABASE "-wal", BACKUP_DATABASE "-shm" };
	str aside = arena_printf(a, "%.*s/before-restore-%lld", STRF(d->path), (long long)clock_ms(&clock_real) / 1000);
	size_t keys;

	if (mkdir(arena_cstr(a, aside), 0700) != 0)
		return failed(a, "cannot make the directory", aside);
	TRY(copy_keys(a, d->path, aside, &keys));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		str from = path_of(a, d->path, files[i]);

		if (exists(a, from) && rename(arena_cstr(a, from), arena_cstr(a, path_of(a, aside, files[i]))) != 0)
			return failed(a, "cannot move", from);
	}
	*ret_aside = aside;
	return NULL;
}

/* Files that root puts there are the broker's user's, or it could not open them. */
static struct err *give_away(struct arena *a, str dir_path)
{
	CLEANUP(close_dir) DIR *dir = opendir(arena_cstr(a, dir_path));
	const struct dirent *each;
	struct stat owner, st;

	if (!dir || fstat(dirfd(dir), &owner) != 0)
		return failed(a, "cannot read the directory", dir_path);
	while (owner.st_uid != geteuid() && (each = readdir(dir)))
		if (fstatat(dirfd(dir), each->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == geteuid() &&
		    !str_eq(str_from(each->d_name), S("..")) &&
		    fchownat(dirfd(dir), each->d_name, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
			return failed(a, "cannot give to its owner", path_of(a, dir_path, each->d_name));
	return NULL;
}

struct err *admin_restore(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	CLEANUP(closep) struct datadir dir = { .lock_fd = -1 };
	str copy = path_of(a, in->operands[0], BACKUP_DATABASE), aside = STR_NONE, fresh;
	size_t keys;

	if (pg_url_is(s->database))
		return FAIL(a, NOT_SUPPORTED, "the database is PostgreSQL's: restore it with pg_restore, and copy the "
			    "*" BACKUP_KEYS " files of the backup to '%.*s'", STRF(s->data));
	if (!exists(a, copy))
		return FAIL(a, NOT_FOUND, "'%.*s' is no backup: it has no " BACKUP_DATABASE, STRF(in->operands[0]));
	TRY(sqlite_check(a, copy));
	TRY(datadir_open_admin(a, s->data, &dir));
	if (!str_eq(s->database, datadir_file(a, &dir, BACKUP_DATABASE)))
		return FAIL(a, NOT_SUPPORTED, "--database names another file than '%.*s/" BACKUP_DATABASE "'; copy it there "
			    "yourself", STRF(dir.path));
	/* What may fail for want of room comes first: until then all is as it was. */
	fresh = datadir_file(a, &dir, "restored.db");
	unlink(arena_cstr(a, fresh));
	TRY(sqlite_copy(a, copy, fresh));
	TRY(put_aside(a, &dir, &aside));
	TRY(copy_keys(a, in->operands[0], dir.path, &keys));
	if (rename(arena_cstr(a, fresh), arena_cstr(a, s->database)) != 0)
		return failed(a, "cannot move", fresh);
	TRY(give_away(a, dir.path));
	*ret_text = arena_printf(a, "Restored the database and %zu key files. What was there is in '%.*s'. Start the broker.\n",
				 keys, STRF(aside));
	return NULL;
}

struct err *admin_vacuum(struct arena *a, const struct settings *s, const struct admin_given *in UNUSED, str *ret_text)
{
	CLEANUP(closep) struct datadir dir = { .lock_fd = -1 };
	struct stat before, after;

	if (pg_url_is(s->database))
		return FAIL(a, NOT_SUPPORTED, "the database is PostgreSQL's, which does this by itself");
	TRY(datadir_open_admin(a, s->data, &dir));
	if (stat(arena_cstr(a, s->database), &before) != 0)
		return failed(a, "no database", s->database);
	TRY(sqlite_vacuum(a, s->database));
	TRY(give_away(a, dir.path));
	if (stat(arena_cstr(a, s->database), &after) != 0)
		return failed(a, "no database", s->database);
	*ret_text = arena_printf(a, "%lld kB before, %lld kB now.\n", (long long)before.st_size / 1024,
				 (long long)after.st_size / 1024);
	return NULL;
}
