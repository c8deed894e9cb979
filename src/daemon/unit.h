/*
 * unit.h - the daemon as a service of the user's session: a systemd user unit with its socket,
 * or a launchd plist (written from the documentation and untested: no Mac at hand).
 */
#ifndef DAEMON_UNIT_H
#define DAEMON_UNIT_H

#include "client/place.h"

enum unit_platform { UNIT_SYSTEMD, UNIT_LAUNCHD };
enum unit_platform unit_platform_here(void);
const char *unit_platform_word(enum unit_platform p); /* linux, darwin */

struct unit_spec {
	enum unit_platform platform;
	str home;    /* whose */
	str program; /* absolute path of claudemesh */
	const struct place *place;
	bool own_config_dir; /* it is not the default one: to be named in the unit */
};

struct unit_file { str path, text; };
enum { UNIT_FILES_MAX = 2 };
/* The files: the first is the service itself. */
size_t unit_files(struct arena *a, const struct unit_spec *spec,
		  struct unit_file ret_files[UNIT_FILES_MAX]);
/* What to type to start it now and at every login, and to end that. */
str unit_boot_command(struct arena *a, const struct unit_spec *spec);
str unit_stop_command(struct arena *a, const struct unit_spec *spec);

/* The variable that says we are in a build machine; NULL if none. */
const char *unit_ci_variable(void);
/* Writes them, mode 0644, making directories. */
struct err *unit_install(struct arena *a, const struct unit_spec *spec) MUST_CHECK;
struct err *unit_remove(struct arena *a, const struct unit_spec *spec, bool *ret_removed) MUST_CHECK;

#endif
