/*
 * settings_file.c - the configuration file: `name = value` lines, '#' comments, nothing else.
 *
 * It may hold secrets, so a file that others can read or write is refused.
 */
#include "broker/settings.h"

#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct err *check_owner(struct arena *a, const char *what, str path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return FAIL(a, IO, "%s '%.*s': %s", what, STRF(path), strerror(errno));
	if (!S_ISREG(st.st_mode))
		return FAIL(a, BAD_REQUEST, "%s '%.*s' is no file", what, STRF(path));
	/* What root lets the broker's group read is meant for it: so systemd hands over credentials. */
	if (st.st_mode & (st.st_uid == 0 && geteuid() != 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO))
		return FAIL(a, FORBIDDEN,
			    "%s '%.*s' can be read or written by others; it may "
			    "hold secrets: chmod 600 '%.*s'",
			    what, STRF(path), STRF(path));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return FAIL(a, FORBIDDEN,
			    "%s '%.*s' belongs to another user (%u): chown it to "
			    "the user of the broker",
			    what, STRF(path), (unsigned)st.st_uid);
	if (st.st_size > CONFIG_BYTES_MAX)
		return FAIL(a, TOO_LARGE, "%s '%.*s' is over %d bytes", what, STRF(path),
			    CONFIG_BYTES_MAX);
	return NULL;
}

/* what: "configuration", for the errors. */
static struct err *read_all(struct arena *a, const char *what, str path, str *ret_text)
{
	CLEANUP(close_fd)
	int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = (char *)secret_alloc(a, CONFIG_BYTES_MAX + 1);
	size_t len = 0;

	if (fd < 0)
		return FAIL(a, IO, "%s '%.*s': %s", what, STRF(path), strerror(errno));
	TRY(check_owner(a, what, path, fd));
	for (;;) {
		ssize_t n = read(fd, text + len, CONFIG_BYTES_MAX + 1 - len);

		if (n < 0)
			return FAIL(a, IO, "%s '%.*s': %s", what, STRF(path), strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > CONFIG_BYTES_MAX)
			return FAIL(a, TOO_LARGE, "%s '%.*s' is over %d bytes", what, STRF(path),
				    CONFIG_BYTES_MAX);
	}
	*ret_text = str_of(text, len);
	if (!str_is_utf8(*ret_text) || str_index(*ret_text, '\0') >= 0)
		return FAIL(a, BAD_REQUEST, "%s '%.*s' is not text", what, STRF(path));
	return NULL;
}

struct err *settings_secret(struct arena *a, str path, str *ret_secret)
{
	str rest, line;

	TRY(read_all(a, "secret", path, &rest));
	str_cut(&rest, '\n', &line);
	*ret_secret = str_trim(line);
	if (str_empty(*ret_secret) || ret_secret->len > SECRET_BYTES_MAX)
		return FAIL(a, BAD_REQUEST, "secret '%.*s': its first line is %s", STRF(path),
			    str_empty(*ret_secret) ? "empty" : "too long");
	return NULL;
}

struct err *settings_file(struct arena *a, str path,
			  struct err *(*found)(void *arg, struct arena *a,
					       const struct setting *row, str value, int line),
			  void *arg)
{
	str rest, line;
	u64 seen = 0;
	int number = 0;

	TRY(read_all(a, "configuration", path, &rest));
	while (str_cut(&rest, '\n', &line)) {
		const struct setting *row;
		str name;
		u64 bit;

		number++;
		line = str_trim(line);
		if (str_empty(line) || line.ptr[0] == '#')
			continue;
		str_cut(&line, '=', &name);
		name = str_trim(name);
		if (!line.ptr)
			return FAIL(a, BAD_REQUEST, "'%.*s' line %d is not 'name = value'",
				    STRF(path), number);
		row = setting_get(name);
		if (!row || row->flags & (SETTING_FLAG_ONLY | SETTING_NOT_IN_FILE))
			return FAIL(a, BAD_REQUEST, "'%.*s' line %d: no setting '%.*s'%.*s",
				    STRF(path), number, STRF(name),
				    STRF(row ? S("") : setting_hint(a, name, "")));
		bit = (u64)1 << (row - settings_table);
		if (seen & bit)
			return FAIL(a, BAD_REQUEST, "'%.*s' line %d: '%s' stands there twice",
				    STRF(path), number, row->name);
		seen |= bit;
		TRY(found(arg, a, row, str_trim(line), number));
	}
	return NULL;
}
