/*
 * test_dir.h - a directory for one test, removed with the arena, and keys from seeds.
 * Only *_test.c includes this.
 */
#ifndef CLIENT_TEST_DIR_H
#define CLIENT_TEST_DIR_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "client/paths.h"
#include "crypto/keys.h"
#include "crypto/secret.h"

static inline int test_remove_one(const char *path, const struct stat *st, int kind,
				  struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static inline void test_dir_remove(void *path)
{
	nftw(path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline str test_dir(struct arena *a)
{
	str path = arena_dup(a, S("/tmp/claudemesh-client-XXXXXX"));

	assert_non_null(mkdtemp((char *)path.ptr));
	arena_defer(a, test_dir_remove, (void *)path.ptr);
	return path;
}

static inline struct paths test_paths(struct arena *a)
{
	struct paths p;

	assert_true(crypto_start());
	assert_ok(paths_find(a, test_dir(a), STR_NONE, &p));
	return p;
}

/* 0 if the file is not there. */
static inline unsigned test_mode(struct arena *a, str path)
{
	struct stat st;

	return stat(arena_cstr(a, path), &st) == 0 ? (unsigned)(st.st_mode & 07777) : 0;
}

static inline void test_write(struct arena *a, str path, str content, mode_t mode)
{
	FILE *f = fopen(arena_cstr(a, path), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(content.ptr, 1, content.len, f), content.len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(arena_cstr(a, path), mode), 0);
}

/* The pair whose seed is 32 times one byte. */
static inline struct sign_pair test_pair(u8 seed_byte)
{
	struct sign_pair pair;
	u8 seed[SIGN_SEED_BYTES];

	memset(seed, seed_byte, sizeof(seed));
	sign_pair_from_seed(seed, &pair);
	return pair;
}

#define assert_says(e, part) test_assert_says(e, part, __FILE__, __LINE__)
static inline void test_assert_says(const struct err *e, const char *part, const char *file,
				    int line)
{
	if (!e || !str_contains(e->text, str_from(part))) {
		print_error("got '%.*s', which does not say '%s'\n",
			    STRF(e ? e->text : S("success")), part);
		_fail(file, line);
	}
}

#endif
