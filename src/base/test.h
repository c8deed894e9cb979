/*
 * test.h - what a unit test needs beside cmocka: TEST(), str assertions, one main.
 *
 * TEST(name) { ... } defines a test and registers it; `TEST_MAIN("base/arena")` at the
 * end of the file runs all of the file's tests in order. Only *_test.c includes this.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

#define TEST_MAX 256
static struct CMUnitTest test_list[TEST_MAX] UNUSED;
static size_t test_count UNUSED;

/* A constructor each (allowed in tests only), so that a test cannot be written and not run. */
#define TEST(name_) \
	static void test_##name_(void **state UNUSED); \
	__attribute__((constructor)) static void test_add_##name_(void) \
	{ \
		if (test_count == TEST_MAX) \
			abort(); \
		test_list[test_count++] = (struct CMUnitTest){ #name_, test_##name_, NULL, NULL, NULL }; \
	} \
	static void test_##name_(void **state UNUSED)

#define TEST_MAIN(group) \
	int main(void) \
	{ \
		return _cmocka_run_group_tests(group, test_list, test_count, NULL, NULL); \
	}

#define assert_str(got, want) test_assert_str(got, want, __FILE__, __LINE__)
static inline void test_assert_str(str got, str want, const char *file, int line)
{
	if (!str_eq(got, want)) {
		print_error("got  '%.*s'\nwant '%.*s'\n", STRF(got), STRF(want));
		_fail(file, line);
	}
}

/* The call must succeed; prints the error if not. */
#define assert_ok(expr) test_assert_ok(expr, __FILE__, __LINE__)
static inline void test_assert_ok(const struct err *e, const char *file, int line)
{
	if (e) {
		print_error("%.*s: %.*s (%s:%d)\n", STRF(err_wire(e)), STRF(e->text), e->file, e->line);
		_fail(file, line);
	}
}

/* The call must fail with this code: assert_err(f(), NOT_FOUND). */
#define assert_err(expr, code_) test_assert_err(expr, ERR_##code_, __FILE__, __LINE__)
static inline void test_assert_err(const struct err *e, enum err_code code, const char *file, int line)
{
	if (!e || e->code != code) {
		print_error("got %.*s\n", STRF(e ? err_wire(e) : S("success")));
		_fail(file, line);
	}
}

#endif
