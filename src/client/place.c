#include "client/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/encode.h"
#include "crypto/hash.h"

enum { HASH_BYTES = 8, PID_BYTES_MAX = 24 };

_Static_assert(PLACE_SOCKET_MAX == sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, "sun_path");

static str below(struct arena *a, str dir, const char *name)
{
	return arena_printf(a, "%.*s/%s", STRF(dir), name);
}

static struct err *find_socket(struct arena *a, str runtime_dir, struct place *pl)
{
	u8 digest[DIGEST_BYTES];
	str hash;

	pl->socket_dir = pl->dir;
	pl->socket = below(a, pl->dir, "daemon.sock");
	if (pl->socket.len <= PLACE_SOCKET_MAX)
		return NULL;
	digest_parts(&pl->dir, 1, digest);
	hash = hex_encode(a, str_of(digest, HASH_BYTES));
	pl->socket_dir = below(a, runtime_dir, "claudemesh");
	pl->socket = arena_printf(a, "%.*s/%.*s.sock", STRF(pl->socket_dir), STRF(hash));
	if (!str_empty(runtime_dir) && pl->socket.len <= PLACE_SOCKET_MAX)
		return NULL;
	return FAIL(a, BAD_REQUEST,
		    "the daemon's directory '%.*s' is too long for a socket (%d bytes with its "
		    "name): set XDG_RUNTIME_DIR, or CLAUDEMESH_DAEMON_DIR to a shorter directory",
		    STRF(pl->dir), PLACE_SOCKET_MAX);
}

struct err *place_find(struct arena *a, const struct paths *p, str runtime_dir,
		       struct place *ret_place)
{
	struct place pl = {
		.config_dir = p->dir,
		.dir = p->daemon,
		.lock = below(a, p->daemon, "daemon.pid"),
		.token = below(a, p->daemon, "local-token"),
		.host = below(a, p->daemon, "host_fingerprint.json"),
		.log = below(a, p->daemon, "daemon.log"),
		.old_log = below(a, p->daemon, "daemon.log.1"),
		.spawn_lock = below(a, p->daemon, ".spawn.lock"),
		.spawn_failure = below(a, p->daemon, ".spawn-failure"),
	};

	TRY(find_socket(a, runtime_dir, &pl));
	*ret_place = pl;
	return NULL;
}

struct err *place_from_env(struct arena *a, const struct paths *p, struct place *ret_place)
{
	return place_find(a, p, str_from(getenv("XDG_RUNTIME_DIR")), ret_place);
}

/* Ours, a directory, closed to others? may_close: takes away what others may do there. */
static struct err *check_dir(struct arena *a, str path, bool may_close)
{
	const char *name = arena_cstr(a, path);
	struct stat st;

	if (lstat(name, &st) < 0 && errno == ENOENT)
		return FAIL(a, NOT_FOUND, "there is no directory '%s'", name);
	if (lstat(name, &st) < 0)
		return FAIL(a, IO, "cannot look at '%s': %s", name, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return FAIL(a, FORBIDDEN,
			    "'%s' is a symbolic link: somebody could redirect the daemon; remove it",
			    name);
	if (!S_ISDIR(st.st_mode))
		return FAIL(a, FORBIDDEN, "'%s' is in the way: it is not a directory; remove it",
			    name);
	if (st.st_uid != geteuid())
		return FAIL(a, FORBIDDEN,
			    "'%s' belongs to another user (%u): the daemon cannot be trusted there; "
			    "remove it",
			    name, (unsigned)st.st_uid);
	if (!(st.st_mode & 077) || (may_close && chmod(name, 0700) == 0))
		return NULL;
	return FAIL(a, FORBIDDEN, "'%s' is open to other users (mode %04o); run: chmod 700 '%s'",
		    name, (unsigned)(st.st_mode & 07777), name);
}

static struct err *make_dir(struct arena *a, str path)
{
	const char *name = arena_cstr(a, path);

	if (mkdir(name, 0700) < 0 && errno != EEXIST)
		return FAIL(a, IO, "cannot make the directory '%s': %s", name, strerror(errno));
	return check_dir(a, path, true);
}

struct err *place_make(struct arena *a, const struct place *pl)
{
	TRY(make_dir(a, pl->dir));
	return str_eq(pl->socket_dir, pl->dir) ? NULL : make_dir(a, pl->socket_dir);
}

struct err *place_check(struct arena *a, const struct place *pl)
{
	TRY(check_dir(a, pl->dir, false));
	return str_eq(pl->socket_dir, pl->dir) ? NULL : check_dir(a, pl->socket_dir, false);
}

bool place_is_locked(struct arena *a, const struct place *pl, i64 *ret_pid)
{
	int fd = open(arena_cstr(a, pl->lock), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[PID_BYTES_MAX];
	ssize_t n;
	bool locked;

	*ret_pid = 0;
	if (fd < 0)
		return false;
	/* A shared lock hinders nobody who also only looks. */
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (!locked || n <= 0 || !str_to_i64(str_trim(str_of(text, (size_t)n)), ret_pid) ||
	    *ret_pid <= 0)
		*ret_pid = 0;
	return locked;
}
