#include "crypto/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/encode.h"
#include "crypto/secret.h"

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct err *failed(struct arena *a, const char *what, str path)
{
	return FAIL(a, IO, "cannot %s key file '%.*s': %s", what, STRF(path), strerror(errno));
}

static struct err *dir_sync(struct arena *a, str path)
{
	char *dir = arena_cstr(a, path);
	char *slash = strrchr(dir, '/');
	CLEANUP(fd_close) int fd = -1;

	if (slash)
		slash[slash == dir] = 0;
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return failed(a, "sync the directory of", path);
	return NULL;
}

static bool write_all(int fd, const u8 *p, size_t n)
{
	while (n > 0) {
		ssize_t got = write(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static struct err *temp_write(struct arena *a, str path, const char *temp)
{
	u8 key[SECRET_KEY_BYTES];
	CLEANUP(fd_close) int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return failed(a, "make", path);
	secret_random(key, sizeof(key));
	done = write_all(fd, key, sizeof(key)) && fsync(fd) == 0;
	secret_wipe(key, sizeof(key));
	if (!done)
		return failed(a, "write", path);
	return NULL;
}

/*
 * The file gets its name only when it is whole: written under another one, then linked,
 * which fails if somebody else was first. Then theirs is the key.
 */
static struct err *keyfile_make(struct arena *a, str path)
{
	struct err *e;
	u8 bytes[8];
	char *temp;
	str suffix;

	secret_random(bytes, sizeof(bytes));
	suffix = hex_encode(a, str_of(bytes, sizeof(bytes)));
	temp = arena_cstr(a, arena_printf(a, "%.*s.%.*s", STRF(path), STRF(suffix)));
	e = temp_write(a, path, temp);
	if (!e && link(temp, arena_cstr(a, path)) != 0 && errno != EEXIST)
		e = failed(a, "make", path);
	unlink(temp);
	return e ? e : dir_sync(a, path);
}

static struct err *file_check(struct arena *a, int fd, str path)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return failed(a, "look at", path);
	if (!S_ISREG(st.st_mode))
		return FAIL(a, FORBIDDEN, "key file '%.*s' is not a plain file", STRF(path));
	if (st.st_uid != geteuid())
		return FAIL(a, FORBIDDEN, "key file '%.*s' belongs to another user (%u): chown it to "
			    "the user of this program", STRF(path), (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return FAIL(a, FORBIDDEN,
			    "key file '%.*s' is open to other users (mode %04o): chmod 600 '%.*s'",
			    STRF(path), (unsigned)st.st_mode & 07777, STRF(path));
	if (st.st_size != SECRET_KEY_BYTES)
		return FAIL(a, IO, "key file '%.*s' has %lld bytes instead of %d: restore it from "
			    "a backup", STRF(path), (long long)st.st_size, SECRET_KEY_BYTES);
	return NULL;
}

struct err *keyfile_open(struct arena *a, str path, struct keyfile *ret_file)
{
	/* O_NONBLOCK: a FIFO in its place must not hang us. */
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(keyfile_wipe) struct keyfile file = { 0 };
	ssize_t got;

	if (str_empty(path) || str_index(path, 0) >= 0)
		return FAIL(a, BAD_REQUEST, "path of the key file is empty or contains NUL");
	fd = open(arena_cstr(a, path), flags);
	if (fd < 0 && errno == ENOENT) {
		TRY(keyfile_make(a, path));
		fd = open(arena_cstr(a, path), flags);
	}
	if (fd < 0 && errno == ELOOP)
		return FAIL(a, FORBIDDEN, "key file '%.*s' is a symbolic link", STRF(path));
	if (fd < 0)
		return failed(a, "open", path);
	TRY(file_check(a, fd, path));
	got = read(fd, file.key, sizeof(file.key));
	if (got < 0)
		return failed(a, "read", path);
	if (got != (ssize_t)sizeof(file.key))
		return FAIL(a, IO, "key file '%.*s' became shorter", STRF(path));
	*ret_file = file;
	return NULL;
}

void keyfile_wipe(struct keyfile *f)
{
	secret_wipe(f, sizeof(*f));
}

static void label_key(const struct keyfile *f, str label, u8 ret_key[SECRET_KEY_BYTES])
{
	crypto_generichash(ret_key, SECRET_KEY_BYTES, (const u8 *)label.ptr, label.len, f->key,
			   sizeof(f->key));
}

str keyfile_seal(struct arena *a, const struct keyfile *f, str label, str secret)
{
	u8 key[SECRET_KEY_BYTES];
	str packed;

	label_key(f, label, key);
	packed = secretbox_pack(a, secret, key);
	secret_wipe(key, sizeof(key));
	return base64_encode(a, packed);
}

struct err *keyfile_unseal(struct arena *a, const struct keyfile *f, str label, str sealed,
			   str *ret_secret)
{
	u8 key[SECRET_KEY_BYTES];
	str packed;
	bool opened;

	if (!base64_decode(a, sealed, &packed))
		return FAIL(a, BAD_REQUEST, "sealed secret '%.*s' is not base64", STRF(label));
	label_key(f, label, key);
	opened = secretbox_unpack(a, packed, key, ret_secret);
	secret_wipe(key, sizeof(key));
	if (!opened)
		return FAIL(a, UNAUTHORIZED,
			    "secret '%.*s' does not open with this key file", STRF(label));
	return NULL;
}
