/*
 * preload.c - stands between a program and libc (LD_PRELOAD) and fails one call as plan.h says.
 *
 * Counts what goes to sockets and to plain files, but not to standard output and error. A
 * call is failed as the kernel would: nothing, or only half of it, has happened.
 */
#undef _FILE_OFFSET_BITS /* it gives pwrite() the name of pwrite64(), and here both are wanted */
#include "fault/plan.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct fault_plan *plan;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv(FAULT_PLAN_ENV);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		plan = at;
}

/* libc's own. */
#define REAL(name, type, ...) \
	static type (*real_##name)(__VA_ARGS__); \
	if (!real_##name) \
		*(void **)&real_##name = dlsym(RTLD_NEXT, #name)

static bool is(int fd, mode_t type)
{
	struct stat st;

	return fd > STDERR_FILENO && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* The planned fault if this call has it, one of first to last; otherwise FAULT_NONE. */
static enum fault_kind due(enum fault_kind first, enum fault_kind last)
{
	enum fault_kind kind = plan ? (enum fault_kind)plan->kind : FAULT_NONE;

	if (kind < first || kind > last || atomic_fetch_add(&plan->calls, 1) + 1 != plan->fail_at)
		return FAULT_NONE;
	plan->fired = 1;
	return kind;
}

static ssize_t fail(int code)
{
	errno = code;
	return -1;
}

/* Of a call that may take less than it was given. */
static enum fault_kind due_write(int fd)
{
	if (!plan || plan->kind == FAULT_NONE)
		return FAULT_NONE;
	if (is(fd, S_IFSOCK))
		return due(FAULT_SOCKET_RESET, FAULT_SOCKET_FULL);
	return is(fd, S_IFREG) ? due(FAULT_FILE_FULL, FAULT_FILE_TORN) : FAULT_NONE;
}

static int code_of(enum fault_kind kind)
{
	return kind == FAULT_SOCKET_RESET ? ECONNRESET : kind == FAULT_SOCKET_FULL ? EAGAIN
	     : kind == FAULT_FILE_FULL ? ENOSPC : EIO;
}

static bool is_partial(enum fault_kind kind)
{
	return kind == FAULT_SOCKET_SHORT || kind == FAULT_FILE_TORN;
}

#define FAULTY(name, type, whole, half) do { \
	enum fault_kind kind = due_write(fd); \
	ssize_t taken; \
	if (kind == FAULT_NONE) \
		return whole; \
	if (!is_partial(kind)) \
		return (type)fail(code_of(kind)); \
	taken = half; \
	return kind == FAULT_SOCKET_SHORT ? (type)taken : (type)fail(EIO); \
} while (0)

ssize_t write(int fd, const void *bytes, size_t n)
{
	REAL(write, ssize_t, int, const void *, size_t);
	FAULTY(write, ssize_t, real_write(fd, bytes, n), real_write(fd, bytes, (n + 1) / 2));
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	REAL(pwrite, ssize_t, int, const void *, size_t, off_t);
	FAULTY(pwrite, ssize_t, real_pwrite(fd, bytes, n, at), real_pwrite(fd, bytes, (n + 1) / 2, at));
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t);
	FAULTY(pwrite64, ssize_t, real_pwrite64(fd, bytes, n, at),
	       real_pwrite64(fd, bytes, (n + 1) / 2, at));
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	REAL(writev, ssize_t, int, const struct iovec *, int);
	FAULTY(writev, ssize_t, real_writev(fd, parts, n),
	       real_writev(fd, &(struct iovec){ parts->iov_base, (parts->iov_len + 1) / 2 }, 1));
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	REAL(send, ssize_t, int, const void *, size_t, int);
	FAULTY(send, ssize_t, real_send(fd, bytes, n, flags), real_send(fd, bytes, (n + 1) / 2, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct iovec half = { m->msg_iov->iov_base, (m->msg_iov->iov_len + 1) / 2 };
	struct msghdr less = *m;

	less.msg_iov = &half;
	less.msg_iovlen = 1;
	REAL(sendmsg, ssize_t, int, const struct msghdr *, int);
	FAULTY(sendmsg, ssize_t, real_sendmsg(fd, m, flags), real_sendmsg(fd, &less, flags));
}

static bool is_file_full(int fd)
{
	return plan && is(fd, S_IFREG) && due(FAULT_FILE_FULL, FAULT_FILE_TORN) != FAULT_NONE;
}

int ftruncate(int fd, off_t size)
{
	REAL(ftruncate, int, int, off_t);
	return is_file_full(fd) ? (int)fail(ENOSPC) : real_ftruncate(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	REAL(ftruncate64, int, int, off64_t);
	return is_file_full(fd) ? (int)fail(ENOSPC) : real_ftruncate64(fd, size);
}

int rename(const char *from, const char *to)
{
	REAL(rename, int, const char *, const char *);
	if (due(FAULT_FILE_FULL, FAULT_FILE_TORN) != FAULT_NONE)
		return (int)fail(ENOSPC);
	return real_rename(from, to);
}

int fsync(int fd)
{
	REAL(fsync, int, int);
	return due(FAULT_SYNC, FAULT_SYNC) != FAULT_NONE ? (int)fail(EIO) : real_fsync(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync, int, int);
	return due(FAULT_SYNC, FAULT_SYNC) != FAULT_NONE ? (int)fail(EIO) : real_fdatasync(fd);
}
