#include "crypto/keyfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/test_keys.h"

/* A directory that goes with the arena, and the path of a key file in it. */
static void dir_remove(void *obj)
{
	char *dir = obj;
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

static char *test_path(struct arena *a)
{
	char *dir = arena_cstr(a, S("/tmp/claudemesh-keyfile-XXXXXX"));

	assert_non_null(mkdtemp(dir));
	arena_defer(a, dir_remove, dir);
	return arena_cstr(a, arena_printf(a, "%s/key", dir));
}

static size_t dir_count(struct arena *a, const char *path)
{
	str dir = str_of(path, strlen(path) - 4);
	DIR *d = opendir(arena_cstr(a, dir));
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2; /* "." and ".." */
}

static void file_write(const char *path, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(write(fd, "k", 1), 1);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

TEST(made_once_and_read_again)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *path = test_path(a);
	struct keyfile one, two, other;
	static const struct keyfile zero;
	struct stat st;

	assert_ok(keyfile_open(a, str_from(path), &one));
	assert_ok(keyfile_open(a, str_from(path), &two));
	assert_memory_equal(&one, &two, sizeof(one));
	assert_memory_not_equal(&one, &zero, sizeof(one));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(dir_count(a, path), 1);
	assert_ok(keyfile_open(a, str_from(test_path(a)), &other));
	assert_memory_not_equal(&one, &other, sizeof(one));
	keyfile_wipe(&one);
	assert_memory_equal(&one, &zero, sizeof(one));
}

TEST(open_to_others_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0644, 0666, 0610, 0601, 0620, 0602 };

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct keyfile f = { { 9 } };
		char *path = test_path(a);
		struct err *e;

		file_write(path, 32, modes[i]);
		e = keyfile_open(a, str_from(path), &f);
		assert_err(e, FORBIDDEN);
		assert_true(str_contains(e->text, S("open to other users")));
		assert_int_equal(f.key[0], 9);
	}
}

TEST(wrong_length_is_refused)
{
	static const size_t sizes[] = { 0, 1, 31, 33, 64 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct keyfile f;
		char *path = test_path(a);

		file_write(path, sizes[i], 0600);
		assert_err(keyfile_open(a, str_from(path), &f), IO);
	}
}

/* Only root can give a file away; others find one of root's. */
TEST(another_owner_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct keyfile f;
	char *path = test_path(a);
	struct err *e;

	if (geteuid() == 0) {
		file_write(path, 32, 0600);
		assert_int_equal(chown(path, 65534, 65534), 0);
	}
	e = keyfile_open(a, geteuid() == 0 ? str_from(path) : S("/etc/passwd"), &f);
	assert_err(e, FORBIDDEN);
	assert_true(str_contains(e->text, S("belongs to another user")));
}

TEST(links_pipes_and_directories_are_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *target = test_path(a), *link = test_path(a), *pipe = test_path(a);
	struct keyfile f;

	file_write(target, 32, 0600);
	assert_int_equal(symlink(target, link), 0);
	assert_err(keyfile_open(a, str_from(link), &f), FORBIDDEN);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/nonexistent/key", link), 0);
	assert_err(keyfile_open(a, str_from(link), &f), FORBIDDEN);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_err(keyfile_open(a, str_from(pipe), &f), FORBIDDEN);
	assert_err(keyfile_open(a, str_of(pipe, strlen(pipe) - 4), &f), FORBIDDEN);
}

TEST(bad_paths_are_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct keyfile f;
	char *path = test_path(a);

	assert_err(keyfile_open(a, arena_printf(a, "%s/no/key", path), &f), IO);
	assert_err(keyfile_open(a, STR_NONE, &f), BAD_REQUEST);
	assert_err(keyfile_open(a, str_of("a\0b", 3), &f), BAD_REQUEST);
}

/* A full disk, by way of a limit on file size: no half-written file stays behind. */
TEST(a_full_disk_leaves_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct rlimit before, none;
	char *path = test_path(a);
	struct keyfile f;
	struct err *e;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	e = keyfile_open(a, str_from(path), &f);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_err(e, IO);
	assert_int_equal(dir_count(a, path), 0);
	assert_ok(keyfile_open(a, str_from(path), &f));
}

TEST(secrets_open_under_their_label_and_file_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct keyfile f = { { 1 } }, other = { { 2 } };
	str sealed = keyfile_seal(a, &f, S("owner_key|mesh1"), S("the secret")), got = S("unset");
	struct err *e;

	assert_false(str_eq(sealed, keyfile_seal(a, &f, S("owner_key|mesh1"), S("the secret"))));
	e = keyfile_unseal(a, &f, S("owner_key|mesh2"), sealed, &got);
	assert_err(e, UNAUTHORIZED);
	assert_err(keyfile_unseal(a, &f, S("root_key|mesh1"), sealed, &got), UNAUTHORIZED);
	assert_err(keyfile_unseal(a, &f, STR_NONE, sealed, &got), UNAUTHORIZED);
	assert_err(keyfile_unseal(a, &other, S("owner_key|mesh1"), sealed, &got), UNAUTHORIZED);
	assert_str(got, S("unset"));
	assert_ok(keyfile_unseal(a, &f, S("owner_key|mesh1"), sealed, &got));
	assert_str(got, S("the secret"));
}

TEST(changed_secrets_do_not_open)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct keyfile f = { { 1 } };
	str label = S("root_key|mesh1"), sealed = keyfile_seal(a, &f, label, S("k")), raw, got;

	assert_true(base64_decode(a, sealed, &raw));
	for (size_t bit = 0; bit < 8 * raw.len; bit++)
		assert_err(keyfile_unseal(a, &f, label,
					  base64_encode(a, test_flip(a, raw, bit)), &got),
			   UNAUTHORIZED);
	for (size_t n = 0; n < raw.len; n++)
		assert_err(keyfile_unseal(a, &f, label, base64_encode(a, str_of(raw.ptr, n)), &got),
			   UNAUTHORIZED);
	assert_err(keyfile_unseal(a, &f, label, S("not base64"), &got), BAD_REQUEST);
	assert_err(keyfile_unseal(a, &f, label, str_of(sealed.ptr, sealed.len - 1), &got),
		   BAD_REQUEST);
}

TEST_MAIN("crypto/keyfile")
