/*
 * settings.c - fuzz target of broker/settings.h and db/pg_url.h.
 *
 * Input: where it stands (file, flags, environment, a database's address), then text. Settings
 * that were accepted are inside their rows' bounds and the same the second time; a fault is told
 * in text, and never with the password of an address.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/settings.h"
#include "db/pg_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 24, INPUT_MAX = 8192 };
#define SECRET "s3cr3tw0rd"

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* Lines as argv or environ. */
static char **lines(struct arena *a, str text, int *ret_n)
{
	char **list = NEW_ARRAY(a, char *, WORDS_MAX + 2);
	str line;

	*ret_n = 0;
	while (*ret_n < WORDS_MAX && str_cut(&text, '\n', &line))
		if (str_index(line, '\0') < 0)
			list[(*ret_n)++] = arena_cstr(a, line);
	return list;
}

static void check(const struct settings *s)
{
	for (const struct setting *row = settings_table; row->name; row++)
		if (row->kind == SETTING_NUMBER && !s->help && !s->version) {
			i64 n = *(const i64 *)((const char *)s + row->offset);

			require(n >= row->min && n <= row->max);
		}
	if (s->help || s->version)
		return;
	require(s->listen.n >= 1 && s->listen.n <= LISTEN_MAX && s->data.len && s->database.len);
	require(s->create != CREATE_AUTO && !s->tls_cert.ptr == !s->tls_key.ptr);
}

static void read_twice(struct arena *a, int argc, char *const argv[], char *const env[])
{
	struct settings first, second;
	struct err *e = settings_read(a, argc, argv, env, &first), *again;

	again = settings_read(a, argc, argv, env, &second);
	require(!e == !again && (!e || str_eq(e->text, again->text)));
	if (e)
		require(e->text.len > 0);
	else
		check(&first);
}

static void in_file(struct arena *a, str text)
{
	static int fd = -1;
	char *env[] = { arena_cstr(a, S("HOME=/h")), NULL };
	char *argv[] = { arena_cstr(a, S("--config")), NULL, NULL };

	if (fd < 0)
		fd = memfd_create("settings", MFD_CLOEXEC);
	argv[1] = arena_cstr(a, arena_printf(a, "/proc/self/fd/%d", fd));
	require(fd >= 0 && fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0);
	require(pwrite(fd, text.ptr, text.len, 0) == (ssize_t)text.len);
	read_twice(a, 2, argv, env);
}

static void in_flags(struct arena *a, str text)
{
	char *env[] = { arena_cstr(a, S("HOME=/h")), NULL };
	int n;
	char **argv = lines(a, text, &n);

	/* Files of this machine are nobody's input. */
	for (int i = 0; i < n; i++)
		if (strstr(argv[i], "config"))
			return;
	read_twice(a, n, argv, env);
}

static void in_environment(struct arena *a, str text)
{
	int n;
	char **env = lines(a, text, &n);

	for (int i = 0; i < n; i++)
		if (strstr(env[i], "CONFIG"))
			return;
	env[n] = arena_cstr(a, S("HOME=/h"));
	read_twice(a, 0, NULL, env);
}

/* It stands only where an address has its password. */
static bool is_a_password(struct arena *a, str text)
{
	char *at = arena_cstr(a, text), *found;

	while ((found = strstr(at, SECRET))) {
		const char *behind = found + sizeof(SECRET) - 1;
		bool behind_user = found - at >= 1 && found[-1] == ':' && *behind == '@';

		if (!behind_user && (found - at < 9 || strncmp(found - 9, "password=", 9) != 0))
			return false;
		at = found + sizeof(SECRET) - 1;
	}
	return true;
}

static void address(struct arena *a, str text)
{
	struct pg_url u;
	struct err *e;

	if (!str_is_utf8(text) || str_index(text, '\0') >= 0)
		return;
	e = pg_url_read(a, text, &u);
	if (e) {
		require(!is_a_password(a, text) || !str_contains(e->text, S(SECRET)));
		return;
	}
	require(u.schema.len >= 1 && u.schema.len <= PG_SCHEMA_MAX && u.timeout_ms >= 1000);
	require(u.timeout_ms <= PG_TIMEOUT_S_MAX * 1000 && u.url.ptr[u.url.len] == '\0');
	require(!str_contains(u.url, S("schema=")) || str_contains(text, S("%")) || str_contains(text, S("schema=")));
	for (size_t i = 0; i < u.schema.len; i++)
		require(strchr("abcdefghijklmnopqrstuvwxyz0123456789_", u.schema.ptr[i]) != NULL);
}

static void hide(struct arena *a, str text)
{
	str hidden = pg_url_hide(a, text, S(SECRET));

	require(!str_contains(hidden, S(SECRET)) && str_index(hidden, '\n') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const places[])(struct arena *a, str text) = { in_file, in_flags, in_environment, address, hide };
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (size < 1 || size > INPUT_MAX)
		return 0;
	places[data[0] % ARRAY_LEN(places)](a, str_of(data + 1, size - 1));
	return 0;
}
