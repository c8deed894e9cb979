#include "broker/install.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "crypto/encode.h"
#include "crypto/hash.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static const char *const names[] = { "install.sh", "SHA256SUMS", "SHA256SUMS.sig", "claudemesh-linux-x64", "secret" };

static str place(struct arena *a)
{
	char *dir = arena_cstr(a, S("/tmp/install-test-XXXXXX"));

	assert_non_null(mkdtemp(dir));
	return str_from(dir);
}

static void put(struct arena *a, str dir, const char *name, str bytes)
{
	FILE *f = fopen(arena_cstr(a, arena_printf(a, "%.*s/%s", STRF(dir), name)), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

static str line(struct arena *a, const char *name, str bytes)
{
	u8 digest[DIGEST_BYTES];

	digest_sha256(bytes, digest);
	return arena_printf(a, "%.*s  %s\n", STRF(hex_encode(a, str_of(digest, sizeof(digest)))), name);
}

static void clean(struct arena *a, str dir)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(arena_cstr(a, arena_printf(a, "%.*s/%s", STRF(dir), names[i])));
	rmdir(arena_cstr(a, dir));
}

static str release(struct arena *a)
{
	str dir = place(a), script = S("#!/bin/sh\nfrom='@BASE@'\n"), program = S("\x7f" "ELF");

	put(a, dir, "install.sh", script);
	put(a, dir, "claudemesh-linux-x64", program);
	put(a, dir, "SHA256SUMS", arena_printf(a, "%.*s%.*s", STRF(line(a, "claudemesh-linux-x64", program)),
					       STRF(line(a, "install.sh", script))));
	put(a, dir, "secret", S("not for others"));
	return dir;
}

TEST(a_release_is_handed_out_by_the_names_of_its_files_and_no_others)
{
	ARENA;
	static const char *const others[] = {
		"secret", "../secret", "install.sh", "claudemesh-linux-arm64", "", ".", "..", "/etc/passwd",
		"./claudemesh-linux-x64", "claudemesh-linux-x64/", "SHA256SUMS.sig",
	};
	str dir = release(a), etag;
	struct install *in;
	struct block *file;

	assert_ok(install_open(a, dir, &in));
	file = install_file(in, S("claudemesh-linux-x64"), &etag);
	assert_non_null(file);
	assert_str(block_str(file), S("\x7f" "ELF"));
	assert_true(etag.len == 66 && str_starts(etag, S("\"")) && str_ends(etag, S("\"")));
	assert_non_null(install_file(in, S("SHA256SUMS"), &etag));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_null(install_file(in, str_from(others[i]), &etag));
	install_free(in);
	clean(a, dir);
}

TEST(what_is_changed_on_the_disk_later_is_not_handed_out)
{
	ARENA;
	str dir = release(a), etag;
	struct install *in;

	assert_ok(install_open(a, dir, &in));
	put(a, dir, "claudemesh-linux-x64", S("changed"));
	assert_str(block_str(install_file(in, S("claudemesh-linux-x64"), &etag)), S("\x7f" "ELF"));
	install_free(in);
	assert_err(install_open(a, dir, &in), BAD_REQUEST);
	clean(a, dir);
}

TEST(a_release_that_is_not_whole_is_refused_at_the_start)
{
	ARENA;
	str dir = place(a);
	struct install *in;

	assert_err(install_open(a, dir, &in), BAD_REQUEST);
	put(a, dir, "install.sh", S("#!/bin/sh\n"));
	assert_err(install_open(a, dir, &in), BAD_REQUEST);
	put(a, dir, "SHA256SUMS", line(a, "install.sh", S("another")));
	assert_err(install_open(a, dir, &in), BAD_REQUEST);
	put(a, dir, "SHA256SUMS", line(a, "install.sh", S("#!/bin/sh\n")));
	assert_ok(install_open(a, dir, &in));
	install_free(in);
	clean(a, dir);
	assert_int_equal(mkdir(arena_cstr(a, dir), 0700), 0);
	assert_int_equal(mkdir(arena_cstr(a, arena_printf(a, "%.*s/install.sh", STRF(dir))), 0700), 0);
	assert_err(install_open(a, dir, &in), BAD_REQUEST);
	rmdir(arena_cstr(a, arena_printf(a, "%.*s/install.sh", STRF(dir))));
	clean(a, dir);
}

TEST(the_script_has_the_broker_s_address_and_nothing_that_ends_its_quotes)
{
	ARENA;
	static const char *const bad[] = { "https://h/'; rm -rf ~; '", "https://h/\"", "https://h/$(x)", "https://h/`x`",
					   "https://h/ x", "https://h/\n", "" };
	str dir = release(a);
	struct install *in;

	assert_ok(install_open(a, dir, &in));
	assert_str(install_script(a, in, S("https://mesh.example.org/p")),
		   S("#!/bin/sh\nfrom='https://mesh.example.org/p'\n"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(install_script(a, in, str_from(bad[i])).len, 0);
	install_free(in);
	clean(a, dir);
}

TEST_MAIN("broker/install")
