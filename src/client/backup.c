#include "client/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/config.h"
#include "client/file.h"
#include "crypto/secret.h"
#include "json/json.h"

enum { MAGIC_BYTES = 4, COST_BYTES = 12 };

#define MAGIC_1 S("CMB1")
#define MAGIC_2 S("CMB2")

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Only these names are ever read or written: a backup of somebody must not choose a path. */
static bool name_is_ours(str name)
{
	if (str_eq(name, S("config.json")) || str_eq(name, S("brokers.json")))
		return true;
	if (!str_starts(name, S("keys/")) || !str_ends(name, S(".json")) || name.len > 5 + 64 + 5 ||
	    name.len == 5 + 5)
		return false;
	for (size_t i = 5; i < name.len - 5; i++) {
		char c = name.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '-' || c == '_'))
			return false;
	}
	return true;
}

static str path_of(struct arena *a, const struct paths *p, str name)
{
	return arena_printf(a, "%.*s/%.*s", STRF(p->dir), STRF(name));
}

static struct err *collect_one(struct arena *a, const struct paths *p, str name, struct backup_file *files,
			       size_t *n)
{
	str content;

	if (*n == BACKUP_FILES_MAX)
		return FAIL(a, TOO_LARGE, "there are more than %d files", BACKUP_FILES_MAX);
	TRY(file_read_private(a, path_of(a, p, name), &content));
	if (!content.ptr)
		return NULL;
	if (!str_is_utf8(content) || str_index(content, '\0') >= 0)
		return FAIL(a, BAD_REQUEST, "'%.*s' is damaged", STRF(path_of(a, p, name)));
	files[(*n)++] = (struct backup_file){ arena_dup(a, name), content };
	return NULL;
}

struct err *backup_collect(struct arena *a, const struct paths *p, const struct clock *clock,
			   struct backup *ret_backup)
{
	struct backup_file *files = NEW_ARRAY(a, struct backup_file, BACKUP_FILES_MAX);
	CLEANUP(close_dir) DIR *dir = opendir(arena_cstr(a, p->keys));
	struct dirent *entry;
	size_t n = 0;

	TRY(collect_one(a, p, S("config.json"), files, &n));
	if (n == 0)
		return FAIL(a, NOT_FOUND, "there is nothing to back up: no '%.*s'", STRF(p->config));
	TRY(collect_one(a, p, S("brokers.json"), files, &n));
	while (dir && (entry = readdir(dir))) {
		str name = arena_printf(a, "keys/%s", entry->d_name);

		if (name_is_ours(name))
			TRY(collect_one(a, p, name, files, &n));
	}
	*ret_backup = (struct backup){ files, n, 2, time_iso(a, clock_ms(clock)) };
	return NULL;
}

static void put_number(u8 *p, u64 value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (u8)(value >> 8 * (n - 1 - i));
}

static u64 get_number(const u8 *p, size_t n)
{
	u64 value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | p[i];
	return value;
}

static void write_plain(const struct backup *b, struct buf *out)
{
	struct json_out j = json_out(out);

	json_obj(&j);
	json_put_int(&j, "version", 2);
	json_put_str(&j, "createdAt", b->created_at);
	json_key(&j, S("files"));
	json_arr(&j);
	for (size_t i = 0; i < b->n; i++) {
		json_obj(&j);
		json_put_str(&j, "name", b->files[i].name);
		json_put_str(&j, "content", b->files[i].content);
		json_obj_end(&j);
	}
	json_arr_end(&j);
	json_obj_end(&j);
}

struct err *backup_seal(struct arena *a, const struct backup *b, str passphrase, struct passphrase_cost cost,
			str *ret_bytes)
{
	enum { HEAD = MAGIC_BYTES + COST_BYTES + PASSPHRASE_SALT_BYTES + PASSPHRASE_NONCE_BYTES };
	CLEANUP(buf_done) struct buf plain = buf_make(BACKUP_BYTES_MAX);
	u8 head[HEAD], *salt = head + MAGIC_BYTES + COST_BYTES, *nonce = salt + PASSPHRASE_SALT_BYTES;
	u8 *all;
	str sealed;
	bool ok;

	memcpy(head, "CMB2", MAGIC_BYTES);
	put_number(head + MAGIC_BYTES, cost.ops, 4);
	put_number(head + MAGIC_BYTES + 4, cost.memory, 8);
	secret_random(salt, PASSPHRASE_SALT_BYTES);
	secret_random(nonce, PASSPHRASE_NONCE_BYTES);
	write_plain(b, &plain);
	if (plain.full)
		return FAIL(a, TOO_LARGE, "the files have more than %d bytes", BACKUP_BYTES_MAX);
	ok = passphrase_seal(a, passphrase, cost, salt, nonce, str_of(head, sizeof(head)), buf_str(&plain),
			     &sealed);
	secret_wipe(plain.ptr, plain.len);
	if (!ok)
		return FAIL(a, INTERNAL, "no memory to make the key: %" PRIu64 " MiB are needed",
			    cost.memory >> 20);
	all = arena_alloc(a, sizeof(head) + sealed.len);
	memcpy(all, head, sizeof(head));
	memcpy(all + sizeof(head), sealed.ptr, sealed.len);
	*ret_bytes = str_of(all, sizeof(head) + sealed.len);
	return NULL;
}

/* Whatever is in it is read as the configuration before it may take its place. */
static struct err *check_config(struct arena *a, str content)
{
	struct config_args config;
	const struct json *doc;
	struct err *e = json_parse(a, content, &doc);

	if (!e)
		e = json_decode(a, doc, config_fields, &config, sizeof(config), NULL);
	return e ? FAIL(a, BAD_REQUEST, "the configuration in the backup is damaged: %.*s", STRF(e->text)) : NULL;
}

static struct err *read_files(struct arena *a, const struct json *list, struct backup *b)
{
	struct backup_file *files;
	bool has_config = false;

	if (!list || list->type != JSON_ARR || list->count > BACKUP_FILES_MAX)
		return FAIL(a, BAD_REQUEST, "the backup has no list of files");
	b->files = files = NEW_ARRAY(a, struct backup_file, list->count + 1);
	for (const struct json *item = list->first; item; item = item->next) {
		struct backup_file f = { json_get_str(item, S("name")), json_get_str(item, S("content")) };

		if (!name_is_ours(f.name) || !f.content.ptr)
			return FAIL(a, BAD_REQUEST, "the backup holds a file that is not one of ours");
		for (size_t i = 0; i < b->n; i++)
			if (str_eq(files[i].name, f.name))
				return FAIL(a, BAD_REQUEST, "the backup holds '%.*s' twice", STRF(f.name));
		files[b->n++] = f;
		if (!str_eq(f.name, S("config.json")))
			continue;
		has_config = true;
		TRY(check_config(a, f.content));
	}
	return has_config ? NULL : FAIL(a, BAD_REQUEST, "the backup holds no config.json");
}

static struct err *read_plain(struct arena *a, str plain, int version, struct backup *ret_backup)
{
	struct backup b = { .version = version };
	struct backup_file *only;
	const struct json *doc;

	if (version == 1) {
		only = NEW(a, struct backup_file);
		*only = (struct backup_file){ S("config.json"), plain };
		b.files = only;
		b.n = 1;
		TRY(check_config(a, plain));
	} else {
		TRY(json_parse(a, plain, &doc));
		if (json_get_int(doc, S("version"), 0) != 2)
			return FAIL(a, BAD_REQUEST, "this backup is of a newer version");
		b.created_at = json_get_str(doc, S("createdAt"));
		TRY(read_files(a, json_get(doc, S("files")), &b));
	}
	*ret_backup = b;
	return NULL;
}

struct err *backup_open(struct arena *a, str bytes, str passphrase, struct backup *ret_backup)
{
	struct passphrase_cost cost = passphrase_interactive;
	const u8 *p = (const u8 *)bytes.ptr, *salt, *nonce, *box;
	int version = str_starts(bytes, MAGIC_1) ? 1 : str_starts(bytes, MAGIC_2) ? 2 : 0;
	str head = STR_NONE, plain;

	if (!version)
		return FAIL(a, BAD_REQUEST, "that is no backup of claudemesh");
	if (bytes.len < BACKUP_BYTES_MIN + (version == 2 ? COST_BYTES : 0))
		return FAIL(a, BAD_REQUEST, "the backup is cut off: it has %zu bytes", bytes.len);
	salt = p + MAGIC_BYTES;
	if (version == 2) {
		cost.ops = get_number(salt, 4);
		cost.memory = get_number(salt + 4, 8);
		salt += COST_BYTES;
	}
	nonce = salt + PASSPHRASE_SALT_BYTES;
	box = nonce + PASSPHRASE_NONCE_BYTES;
	if (version == 2)
		head = str_of(p, (size_t)(box - p));
	if (!passphrase_cost_is_sane(cost))
		return FAIL(a, BAD_REQUEST, "the backup asks for more memory or time than a backup of ours does");
	if (!passphrase_open(a, passphrase, cost, salt, nonce, head, str_skip(bytes, (size_t)(box - p)), &plain))
		return err_word(FAIL(a, INTERNAL, "the passphrase is another one, or the backup is damaged"),
				S("decrypt_failed"));
	return read_plain(a, plain, version, ret_backup);
}

/* A file that others could read or write: put aside as it is, and closed to them. */
static struct err *put_aside(struct arena *a, str path, str copy)
{
	const char *to = arena_cstr(a, copy);
	int fd;

	if (rename(arena_cstr(a, path), to) != 0)
		return FAIL(a, IO, "cannot rename '%.*s': %s", STRF(path), strerror(errno));
	fd = open(to, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && fchmod(fd, 0600) != 0) {
		close(fd);
		return FAIL(a, IO, "cannot change the mode of '%s': %s", to, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static struct err *restore_one(struct arena *a, const struct paths *p, const struct backup_file *f, i64 now_ms,
			       struct backup_restored *r, str *kept)
{
	str path = path_of(a, p, f->name), copy, there = STR_NONE;
	/* What cannot be read as ours (open to others, too large) is kept in its place all the same. */
	struct err *unreadable = file_read_private(a, path, &there);

	if (!unreadable && there.ptr && str_eq(there, f->content)) {
		r->same++;
		return NULL;
	}
	if (unreadable || there.ptr) {
		copy = arena_printf(a, "%.*s.before-restore.%" PRId64, STRF(path), now_ms);
		if (unreadable && unreadable->code != ERR_FORBIDDEN)
			return unreadable;
		if (unreadable)
			TRY(put_aside(a, path, copy));
		else
			TRY(file_write_private(a, copy, there));
		kept[r->kept_n++] = copy;
	}
	r->written++;
	return file_write_private(a, path, f->content);
}

struct err *backup_restore(struct arena *a, const struct paths *p, const struct backup *b, i64 now_ms,
			   struct backup_restored *ret_restored)
{
	str *kept = NEW_ARRAY(a, str, b->n + 1);
	struct backup_restored r = { .kept = kept };
	struct file_lock *lock;
	struct err *e = NULL;

	TRY(paths_make(a, p));
	TRY(file_lock(a, p->lock, FILE_LOCK_MS, &lock));
	/* The configuration last: what it names is there by then. */
	for (int last = 0; last < 2; last++)
		for (size_t i = 0; !e && i < b->n; i++)
			if (str_eq(b->files[i].name, S("config.json")) == (last == 1))
				e = restore_one(a, p, &b->files[i], now_ms, &r, kept);
	file_unlock(lock);
	if (!e)
		*ret_restored = r;
	return e;
}
