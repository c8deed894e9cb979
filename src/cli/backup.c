/*
 * backup.c - `backup` and `restore`: who we are, in one sealed file and back.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/passphrase.h"
#include "client/backup.h"
#include "crypto/secret.h"

#define BACKUP_FLAGS(F, T) \
	F(T, str, passphrase_file, "FILE", 1, 4096, "its first line is the passphrase; '-': stdin")
CLI_FLAGS(backup, BACKUP_FLAGS);
CLI_FLAGS(restore, BACKUP_FLAGS);

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* "claudemesh-backup-2026-01-02T03-04-05-678Z.cmb" */
static str default_name(struct arena *a, i64 now_ms)
{
	str iso = arena_printf(a, "claudemesh-backup-%.*s.cmb", STRF(time_iso(a, now_ms)));

	for (size_t i = 0; i < iso.len - 4; i++)
		if (iso.ptr[i] == ':' || iso.ptr[i] == '.')
			((char *)iso.ptr)[i] = '-';
	return iso;
}

/* A new file: an older backup is never replaced. */
static struct err *write_new(struct arena *a, str path, str bytes)
{
	const char *name = arena_cstr(a, path);
	CLEANUP(close_fd) int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return FAIL(a, EXISTS, "'%s' is there already", name);
	if (fd < 0)
		return FAIL(a, IO, "cannot make '%s': %s", name, strerror(errno));
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			unlink(name);
			return FAIL(a, IO, "cannot write '%s': %s", name, strerror(errno));
		}
		bytes = str_skip(bytes, (size_t)n);
	}
	if (fsync(fd) != 0) {
		unlink(name);
		return FAIL(a, IO, "cannot write '%s': %s", name, strerror(errno));
	}
	return NULL;
}

static struct err *backup_run(struct cli *c, const void *flags)
{
	const struct backup_flags *in = flags;
	struct client client;
	struct backup b;
	str path, words, bytes;

	TRY(context_user(c, &client));
	TRY(backup_collect(c->arena, client.paths, client.clock, &b));
	path = c->args_n ? c->args[0] : default_name(c->arena, clock_ms(client.clock));
	TRY(passphrase_get(c, in->passphrase_file, true, BACKUP_PASSPHRASE_MIN, &words));
	out_busy(&c->out, "making a key of the passphrase");
	TRY(backup_seal(c->arena, &b, words, passphrase_moderate, &bytes));
	TRY(write_new(c->arena, path, bytes));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "path", path);
		json_put_int(j, "bytes", (i64)bytes.len);
		json_put_int(j, "files", (i64)b.n);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, arena_printf(c->arena, "%zu files, %zu bytes", b.n, bytes.len), "backed up to %.*s",
	       STRF(path));
	out_hint(&c->out, "without the passphrase nobody can open it, you neither");
	return NULL;
}

static struct err *read_backup(struct arena *a, str path, str *ret_bytes)
{
	CLEANUP(close_fd) int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t used = 0;
	char *bytes;

	if (fd < 0 && errno == ENOENT)
		return FAIL(a, NOT_FOUND, "there is no file '%.*s'", STRF(path));
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return FAIL(a, IO, "'%.*s' cannot be read as a file", STRF(path));
	if (st.st_size > BACKUP_BYTES_MAX + 4096)
		return FAIL(a, TOO_LARGE, "'%.*s' is too large to be a backup", STRF(path));
	bytes = NEW_ARRAY(a, char, (size_t)st.st_size + 1);
	while (used < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + used, (size_t)st.st_size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL(a, IO, "cannot read '%.*s': %s", STRF(path), strerror(errno));
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*ret_bytes = str_of(bytes, used);
	return NULL;
}

static void restore_print(struct cli *c, const struct backup *b, const struct backup_restored *r)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_int(j, "version", b->version);
		json_put_str(j, "createdAt", str_empty(b->created_at) ? STR_NONE : b->created_at);
		json_put_int(j, "written", (i64)r->written);
		json_put_int(j, "same", (i64)r->same);
		json_key(j, S("kept"));
		json_arr(j);
		for (size_t i = 0; i < r->kept_n; i++)
			json_str(j, r->kept[i]);
		json_arr_end(j);
		out_json_end(&c->out);
		return;
	}
	out_ok(&c->out, arena_printf(c->arena, "%zu files, %zu were the same", r->written, r->same), "restored");
	for (size_t i = 0; i < r->kept_n; i++)
		out_info(&c->out, "kept: %.*s", STRF(r->kept[i]));
	if (b->version == 1)
		out_hint(&c->out, "this backup of the other claudemesh holds no owner keys");
}

static struct err *restore_run(struct cli *c, const void *flags)
{
	const struct restore_flags *in = flags;
	struct backup_restored r;
	struct client client;
	struct backup b;
	str bytes, words;

	TRY(context_user(c, &client));
	TRY(read_backup(c->arena, c->args[0], &bytes));
	if (!str_starts(bytes, S("CMB1")) && !str_starts(bytes, S("CMB2")))
		return cli_invalid(c, S("file"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no backup of claudemesh", STRF(c->args[0])),
				   S("a file that 'claudemesh backup' made"));
	TRY(passphrase_get(c, in->passphrase_file, false, 1, &words));
	out_busy(&c->out, "making a key of the passphrase");
	TRY(backup_open(c->arena, bytes, words, &b));
	TRY(backup_restore(c->arena, client.paths, &b, clock_ms(client.clock), &r));
	restore_print(c, &b, &r);
	return NULL;
}

const struct command backup_command = {
	.name = "backup",
	.arguments = "[FILE]",
	.group = GROUP_SECURITY,
	COMMAND_FREE,
	COMMAND_FLAGS(backup),
	.run = backup_run,
	.doc = "Seals your meshes and keys into a file, under a passphrase.",
	.more = "The passphrase has 12 characters or more and is asked twice. The file opens\n"
		"with 'claudemesh restore' on any machine.",
	.fields = "path bytes files",
};

const struct command restore_command = {
	.name = "restore",
	.arguments = "FILE",
	.group = GROUP_SECURITY,
	COMMAND_FREE,
	COMMAND_FLAGS(restore),
	.run = restore_run,
	.doc = "Brings back what 'backup' sealed; what is here is kept beside it.",
	.more = "Backups of the other claudemesh (CMB1) are read, too.",
	.fields = "version createdAt written same kept",
};
