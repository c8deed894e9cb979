#include "client/daemon_start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/config.h"
#include "client/file.h"

enum { POLL_MS = 50, POLL_MANAGED_MS = 150, MARKER_TEXT_MAX = 400 };

const char *daemon_state_word(enum daemon_state s)
{
	static const char *const words[] = {
		[DAEMON_UP] = "up",
		[DAEMON_STARTED] = "started",
		[DAEMON_OFF] = "down",
		[DAEMON_NO_MESH] = "no-mesh",
		[DAEMON_FOREIGN] = "foreign",
		[DAEMON_STALE] = "stale",
		[DAEMON_SERVICE_NOT_READY] = "service-not-ready",
		[DAEMON_SPAWN_SUPPRESSED] = "spawn-suppressed",
		[DAEMON_SPAWN_FAILED] = "spawn-failed",
	};

	return words[s];
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value && strcmp(value, "0") != 0;
}

enum daemon_policy daemon_policy_from(bool no_daemon, bool strict)
{
	if (no_daemon)
		return DAEMON_NONE;
	if (strict)
		return DAEMON_STRICT;
	if (is_set("CLAUDEMESH_NO_DAEMON"))
		return DAEMON_NONE;
	return is_set("CLAUDEMESH_STRICT_DAEMON") ? DAEMON_STRICT : DAEMON_AUTO;
}

str daemon_service_file(struct arena *a)
{
	static const char *const files[] = {
		".config/systemd/user/claudemesh-daemon.service",
		"Library/LaunchAgents/com.claudemesh.daemon.plist",
	};
	const char *home = getenv("HOME");

	for (size_t i = 0; home && i < ARRAY_LEN(files); i++) {
		str path = arena_printf(a, "%s/%s", home, files[i]);

		if (access(path.ptr, F_OK) == 0)
			return path;
	}
	return STR_NONE;
}

static void pause_ms(i64 ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 }, NULL);
}

/* The real name of a directory; the given one where it has none. */
static str real_path(struct arena *a, str path)
{
	char *real = realpath(arena_cstr(a, path), NULL);
	str copy = real ? arena_dup(a, str_from(real)) : path;

	free(real);
	return copy;
}

/* Is it there? */

enum probe { PROBE_UP, PROBE_ABSENT, PROBE_FOREIGN, PROBE_SILENT };

static enum probe probe(struct arena *a, const struct daemon_start_spec *spec, i64 deadline_ms,
			str *ret_why)
{
	const struct ipc_request rq = { .target = S("/v1/version"), .deadline_ms = deadline_ms };
	struct ipc_reply reply;
	struct err *e = place_check(a, &spec->ipc->place);
	str dir;

	*ret_why = STR_NONE;
	if (e) {
		*ret_why = e->text;
		return e->code == ERR_NOT_FOUND ? PROBE_ABSENT : PROBE_FOREIGN;
	}
	e = ipc_call(a, spec->ipc, &rq, &reply);
	if (ipc_is_unreachable(e))
		return PROBE_ABSENT;
	if (e) {
		*ret_why = e->text;
		return PROBE_SILENT;
	}
	dir = json_get_str(reply.body, S("config_dir"));
	if (reply.status != 200 && reply.status != 401) {
		*ret_why = arena_printf(a, "what answers at %.*s is not our daemon",
					STRF(spec->ipc->place.socket));
		return PROBE_FOREIGN;
	}
	if (!str_empty(dir) && !str_eq(real_path(a, dir), real_path(a, spec->paths->dir))) {
		*ret_why = arena_printf(a, "the daemon there works for %.*s, not for %.*s", STRF(dir),
					STRF(spec->paths->dir));
		return PROBE_FOREIGN;
	}
	return PROBE_UP;
}

/* Probes until somebody answers, at most wait_ms. */
static enum probe probe_until(struct arena *a, const struct daemon_start_spec *spec, i64 wait_ms,
			      i64 every_ms, str *ret_why)
{
	i64 end = clock_mono_ms(&clock_real) + wait_ms;

	for (;;) {
		i64 left = end - clock_mono_ms(&clock_real);
		enum probe p = probe(a, spec, MAX(1, MIN(left, PROBE_MS)), ret_why);

		if (p == PROBE_UP || p == PROBE_FOREIGN || left <= every_ms)
			return p;
		pause_ms(every_ms);
	}
}

/* The marker of a failed attempt: "<epoch ms> <why>". */

static bool failed_lately(struct arena *a, const struct place *pl, str *ret_why)
{
	str content, when = STR_NONE;
	i64 ms, now = clock_ms(&clock_real);

	if (file_read_private(a, pl->spawn_failure, &content) || !content.ptr)
		return false;
	str_cut(&content, ' ', &when);
	*ret_why = str_trim(content);
	return str_to_i64(str_trim(when), &ms) && ms <= now && now - ms < START_SUPPRESS_MS;
}

static void note_failure(struct arena *a, const struct place *pl, str why)
{
	why.len = MIN(why.len, MARKER_TEXT_MAX);
	/* Without a marker the next command tries again: no harm. */
	if (file_write_private(a, pl->spawn_failure,
			       arena_printf(a, "%" PRId64 " %.*s\n", clock_ms(&clock_real), STRF(why))))
		return;
}

/* Starting it. */

#define DOWN(state_, why_, ...) \
	((struct daemon_start){ .state = state_, .why = why_, .hint = arena_printf(a, __VA_ARGS__) })

static struct daemon_start stale(struct arena *a, const struct place *pl, str why)
{
	i64 pid;

	if (place_is_locked(a, pl, &pid) && pid)
		return DOWN(DAEMON_STALE,
			    arena_printf(a, "the daemon (pid %" PRId64 ") does not answer", pid),
			    "claudemesh daemon logs; kill %" PRId64 " ends it", pid);
	return DOWN(DAEMON_STALE, str_empty(why) ? S("the daemon does not answer") : why,
		    "claudemesh daemon status");
}

static struct daemon_start spawn(struct arena *a, const struct daemon_start_spec *spec)
{
	struct daemon_spawn_spec how = { .paths = spec->paths,
					 .place = &spec->ipc->place,
					 .start_ms = spec->start_ms };
	struct daemon_start st = { .state = DAEMON_STARTED };
	struct err *e = daemon_spawn(a, &how, &st.pid);

	/* Another one was faster. */
	if (e && e->code == ERR_EXISTS &&
	    probe_until(a, spec, START_MS, POLL_MS, &st.why) == PROBE_UP)
		return (struct daemon_start){ .state = DAEMON_UP };
	if (e) {
		note_failure(a, &spec->ipc->place, e->text);
		return DOWN(DAEMON_SPAWN_FAILED, e->text, "claudemesh daemon up --foreground");
	}
	if (file_remove(a, spec->ipc->place.spawn_failure))
		st.why = STR_NONE;
	return st;
}

/* Nobody is there and nothing forbids to change that. */
static struct daemon_start start_one(struct arena *a, const struct daemon_start_spec *spec)
{
	const struct place *pl = &spec->ipc->place;
	i64 wait_ms = spec->start_ms ? spec->start_ms : START_MS, pid;
	struct file_lock *lock;
	struct daemon_start st;
	str why;
	struct err *e = place_make(a, pl);

	if (e)
		return DOWN(DAEMON_SPAWN_FAILED, e->text, "claudemesh doctor");
	/* One attempt at a time; who waited looks again. */
	e = file_lock(a, pl->spawn_lock, wait_ms, &lock);
	if (e)
		return DOWN(DAEMON_SPAWN_FAILED, e->text, "claudemesh daemon status");
	if (probe(a, spec, PROBE_MS, &why) == PROBE_UP)
		st = (struct daemon_start){ .state = DAEMON_UP };
	else if (place_is_locked(a, pl, &pid))
		st = probe_until(a, spec, wait_ms, POLL_MS, &why) == PROBE_UP
			     ? (struct daemon_start){ .state = DAEMON_UP }
			     : stale(a, pl, why);
	else if (failed_lately(a, pl, &why))
		st = DOWN(DAEMON_SPAWN_SUPPRESSED, arena_printf(a, "it failed to start a moment ago: %.*s",
								STRF(why)),
			  "claudemesh daemon up");
	else
		st = spawn(a, spec);
	file_unlock(lock);
	return st;
}

static bool has_mesh(struct arena *a, const struct paths *p)
{
	struct config_args config;

	return !config_load(a, p, &config) && config.meshes.n > 0;
}

struct daemon_start daemon_ensure(struct arena *a, const struct daemon_start_spec *spec)
{
	str why, service;
	enum probe p;

	if (spec->policy == DAEMON_NONE)
		return DOWN(DAEMON_OFF, S("the daemon is not to be used"), "leave out --no-daemon");
	p = probe(a, spec, PROBE_MS, &why);
	if (p == PROBE_UP)
		return (struct daemon_start){ .state = DAEMON_UP };
	if (p == PROBE_FOREIGN)
		return DOWN(DAEMON_FOREIGN, why, "claudemesh daemon status");
	if (p == PROBE_SILENT)
		return stale(a, &spec->ipc->place, why);
	if (spec->no_spawn || is_set(DAEMON_GUARD_ENV))
		return DOWN(DAEMON_OFF, S("no daemon is running"), "claudemesh daemon up");
	if (!has_mesh(a, spec->paths))
		return DOWN(DAEMON_NO_MESH, S("you are in no mesh yet"), "claudemesh join LINK");
	service = daemon_service_file(a);
	if (str_empty(service))
		return start_one(a, spec);
	if (probe_until(a, spec, START_MANAGED_MS, POLL_MANAGED_MS, &why) == PROBE_UP)
		return (struct daemon_start){ .state = DAEMON_UP };
	return DOWN(DAEMON_SERVICE_NOT_READY, S("its service does not start it"),
		    str_ends(service, S(".plist")) ? "launchctl print gui/%u/com.claudemesh.daemon"
						   : "systemctl --user status claudemesh-daemon # %u",
		    (unsigned)getuid());
}
