#include "broker/install.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "crypto/encode.h"
#include "crypto/hash.h"

#define SUMS "SHA256SUMS"
#define BASE_MARK "@BASE@"

static const struct {
	const char *name;
	bool listed;                  /* SHA256SUMS says what is in it */
	size_t max;
} places[] = {
	{ "install.sh", true, INSTALL_TEXT_MAX },
	{ SUMS, false, INSTALL_TEXT_MAX },
	{ SUMS ".sig", false, INSTALL_TEXT_MAX },
	{ "claudemesh-linux-x64", true, INSTALL_FILE_MAX },
	{ "claudemesh-linux-arm64", true, INSTALL_FILE_MAX },
};
enum { SCRIPT, SUMS_FILE, SUMS_SIG };

struct install {
	struct { struct block *block; char etag[DIGEST_BYTES * 2 + 3]; } files[ARRAY_LEN(places)];
};

static struct err *read_whole(struct arena *a, int fd, const char *path, size_t max, struct block **ret_block)
{
	struct stat st;
	size_t at = 0;
	ssize_t n = 1;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 || (size_t)st.st_size > max)
		return FAIL(a, BAD_REQUEST, "'%s' is no plain file of at most %zu bytes", path, max);
	*ret_block = block_room((size_t)st.st_size);
	while (at < (*ret_block)->len && n > 0) {
		n = read(fd, (*ret_block)->bytes + at, (*ret_block)->len - at);
		at += n > 0 ? (size_t)n : 0;
	}
	if (at == (*ret_block)->len)
		return NULL;
	block_unref(*ret_block);
	*ret_block = NULL;
	return FAIL(a, BAD_REQUEST, "'%s' cannot be read whole", path);
}

/* One that is not there is left out. */
static struct err *read_file(struct arena *a, str dir, size_t i, struct install *in)
{
	const char *path = arena_cstr(a, arena_printf(a, "%.*s/%s", STRF(dir), places[i].name));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct err *failed;
	u8 digest[DIGEST_BYTES];

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0)
		return FAIL(a, BAD_REQUEST, "'%s': %s", path, strerror(errno));
	failed = read_whole(a, fd, path, places[i].max, &in->files[i].block);
	close(fd);
	if (failed)
		return failed;
	digest_sha256(block_str(in->files[i].block), digest);
	snprintf(in->files[i].etag, sizeof(in->files[i].etag), "\"%.*s\"",
		 STRF(hex_encode(a, str_of(digest, sizeof(digest)))));
	return NULL;
}

/* A line "<64 hex>  <name>" of what sha256sum writes. */
static bool is_listed(struct arena *a, str sums, const char *name, const char *etag)
{
	str line;

	while (str_cut(&sums, '\n', &line))
		if (str_eq(line, arena_printf(a, "%.64s  %s", etag + 1, name)))
			return true;
	return false;
}

static struct err *check(struct arena *a, str dir, const struct install *in)
{
	if (!in->files[SCRIPT].block || !in->files[SUMS_FILE].block)
		return FAIL(a, BAD_REQUEST, "--install-dir: '%.*s' has no install.sh and " SUMS "; tools/release makes "
			    "them", STRF(dir));
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (in->files[i].block && places[i].listed &&
		    !is_listed(a, block_str(in->files[SUMS_FILE].block), places[i].name, in->files[i].etag))
			return FAIL(a, BAD_REQUEST, "--install-dir: '%s' is not the one that " SUMS " lists", places[i].name);
	if (!in->files[SUMS_SIG].block)
		log_warn("the release in --install-dir is not signed: there is no " SUMS ".sig");
	return NULL;
}

struct err *install_open(struct arena *a, str dir, struct install **ret_install)
{
	struct install *in = calloc(1, sizeof(*in));
	struct err *failed = NULL;

	if (!in)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(places) && !failed; i++)
		failed = read_file(a, dir, i, in);
	if (!failed)
		failed = check(a, dir, in);
	if (failed) {
		install_free(in);
		return failed;
	}
	*ret_install = in;
	return NULL;
}

void install_free(struct install *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		block_unref(in->files[i].block);
	free(in);
}

/* It stands between single quotes. */
static bool fits_script(str base)
{
	for (size_t i = 0; i < base.len; i++)
		if (base.ptr[i] <= ' ' || base.ptr[i] >= 0x7f || strchr("'\\\"`$", base.ptr[i]))
			return false;
	return base.len > 0;
}

str install_script(struct arena *a, const struct install *in, str base)
{
	str rest = block_str(in->files[SCRIPT].block), script;
	struct buf b = buf_make(4 * (size_t)INSTALL_TEXT_MAX);
	char *at;

	if (!fits_script(base))
		return STR_NONE;
	while ((at = memmem(rest.ptr, rest.len, BASE_MARK, sizeof(BASE_MARK) - 1))) {
		buf_add(&b, str_of(rest.ptr, (size_t)(at - rest.ptr)));
		buf_add(&b, base);
		rest = str_skip(rest, (size_t)(at - rest.ptr) + sizeof(BASE_MARK) - 1);
	}
	buf_add(&b, rest);
	script = b.full ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_done(&b);
	return script;
}

struct block *install_file(const struct install *in, str name, str *ret_etag)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (i == SCRIPT || !in->files[i].block || !str_eq(name, str_from(places[i].name)))
			continue;
		*ret_etag = str_from(in->files[i].etag);
		return in->files[i].block;
	}
	return NULL;
}
