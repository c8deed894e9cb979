/*
 * paths.h - where a user's files are (client.md 1.4, 5.1).
 *
 * CLAUDEMESH_CONFIG_DIR, if it names a directory that exists; else ~/.claudemesh. A value
 * that names none is reported in `ignored` and the caller warns once: a typing error must
 * not make a second, empty identity. So scripts make the directory before they name it.
 */
#ifndef CLIENT_PATHS_H
#define CLIENT_PATHS_H

#include "base/err.h"

struct paths {
	str dir;     /* absolute or as given, no trailing '/' */
	str config;  /* dir/config.json: the reference's format */
	str lock;    /* dir/config.lock: held while config.json is rewritten */
	str keys;    /* dir/keys: owner and root keys, a file a mesh */
	str brokers; /* dir/brokers.json: what we remember of brokers */
	str sessions; /* dir/sessions: key pairs of agent sessions, a folder a mesh */
	str daemon;   /* dir/daemon: the daemon's files and its socket */
	str ignored; /* value of CLAUDEMESH_CONFIG_DIR that names no directory */
};

/* config_dir, home: the variables' values, STR_NONE when unset. BAD_REQUEST without both. */
struct err *paths_find(struct arena *a, str config_dir, str home, struct paths *ret_paths)
	MUST_CHECK;
/* The same from this process's environment; home falls back to the password database. In a
 * launched session: its own config.json, which knows its mesh only; keys and all else are the
 * user's, since what lies in the session's directory goes away with it. */
struct err *paths_from_env(struct arena *a, struct paths *ret_paths) MUST_CHECK;
/* The user's own directory, for the daemon and those who look for it: a launched session's
 * CLAUDEMESH_CONFIG_DIR (it holds a session-token and goes away with the session) is passed
 * over, for $CLAUDEMESH_USER_DIR if set, else as if it were unset. $CLAUDEMESH_DAEMON_DIR names
 * another place for the daemon's files. */
struct err *paths_user_from_env(struct arena *a, struct paths *ret_paths) MUST_CHECK;
/* Makes dir and dir/keys with mode 0700 where they are missing, and takes away the access
 * of others where they are ours. */
struct err *paths_make(struct arena *a, const struct paths *p) MUST_CHECK;

#endif
