#include "client/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PRIVATE_DIR_MODE = 0700, OTHERS_MASK = 077 };

static bool is_dir(struct arena *a, str path)
{
	struct stat st;

	return stat(arena_cstr(a, path), &st) == 0 && S_ISDIR(st.st_mode);
}

static str without_slashes(str s)
{
	while (s.len > 1 && s.ptr[s.len - 1] == '/')
		s.len--;
	return s;
}

struct err *paths_find(struct arena *a, str config_dir, str home, struct paths *ret_paths)
{
	struct paths p = { 0 };

	if (!str_empty(config_dir) && is_dir(a, config_dir)) {
		p.dir = arena_dup(a, without_slashes(config_dir));
	} else if (!str_empty(home)) {
		home = without_slashes(home);
		p.dir = arena_printf(a, "%.*s/.claudemesh", STRF(home));
		p.ignored = arena_dup(a, config_dir);
	} else {
		return FAIL(a, BAD_REQUEST,
			    "no place for the configuration: neither HOME nor "
			    "CLAUDEMESH_CONFIG_DIR names a directory");
	}
	p.config = arena_printf(a, "%.*s/config.json", STRF(p.dir));
	p.lock = arena_printf(a, "%.*s/config.lock", STRF(p.dir));
	p.keys = arena_printf(a, "%.*s/keys", STRF(p.dir));
	p.brokers = arena_printf(a, "%.*s/brokers.json", STRF(p.dir));
	p.sessions = arena_printf(a, "%.*s/sessions", STRF(p.dir));
	p.daemon = arena_printf(a, "%.*s/daemon", STRF(p.dir));
	*ret_paths = p;
	return NULL;
}

static struct err *find_from_env(struct arena *a, str config_dir, struct paths *ret_paths)
{
	const char *home = getenv("HOME");
	char room[4096];
	struct passwd entry, *found = NULL;

	if (!home || !*home) {
		if (getpwuid_r(getuid(), &entry, room, sizeof(room), &found) == 0 && found)
			home = entry.pw_dir;
	}
	return paths_find(a, config_dir, str_from(home), ret_paths);
}

/* Did launch make this directory? */
static bool is_of_session(struct arena *a, str dir)
{
	str token = arena_printf(a, "%.*s/session-token", STRF(dir));
	struct stat st;

	return !str_empty(dir) && stat(arena_cstr(a, token), &st) == 0;
}

struct err *paths_user_from_env(struct arena *a, struct paths *ret_paths)
{
	str dir = str_from(getenv("CLAUDEMESH_CONFIG_DIR"));
	str daemon_dir = str_from(getenv("CLAUDEMESH_DAEMON_DIR"));

	if (is_of_session(a, dir))
		dir = str_from(getenv("CLAUDEMESH_USER_DIR"));
	TRY(find_from_env(a, dir, ret_paths));
	if (!str_empty(daemon_dir))
		ret_paths->daemon = arena_dup(a, without_slashes(daemon_dir));
	return NULL;
}

struct err *paths_from_env(struct arena *a, struct paths *ret_paths)
{
	str dir = str_from(getenv("CLAUDEMESH_CONFIG_DIR"));

	if (!is_of_session(a, dir))
		return find_from_env(a, dir, ret_paths);
	TRY(paths_user_from_env(a, ret_paths));
	ret_paths->config = arena_printf(a, "%.*s/config.json", STRF(without_slashes(dir)));
	return NULL;
}

static struct err *make_private_dir(struct arena *a, str path)
{
	const char *name = arena_cstr(a, path);
	struct stat st;

	if (mkdir(name, PRIVATE_DIR_MODE) < 0 && errno != EEXIST)
		return FAIL(a, IO, "cannot make the directory '%s': %s", name, strerror(errno));
	if (stat(name, &st) < 0)
		return FAIL(a, IO, "cannot look at '%s': %s", name, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return FAIL(a, IO, "'%s' is in the way: it is not a directory", name);
	if (st.st_uid == geteuid() && (st.st_mode & OTHERS_MASK) &&
	    chmod(name, st.st_mode & 07777 & ~(mode_t)OTHERS_MASK) < 0)
		return FAIL(a, IO, "cannot take away the access of others to '%s': %s", name,
			    strerror(errno));
	return NULL;
}

struct err *paths_make(struct arena *a, const struct paths *p)
{
	TRY(make_private_dir(a, p->dir));
	return make_private_dir(a, p->keys);
}
