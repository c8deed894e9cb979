/*
 * file.h - small private files: read whole, written atomically, locked between processes.
 *
 * A private file is ours, a plain file, and neither readable nor writable by others; any
 * other is refused with the chmod that mends it. A write goes to a temporary file of mode
 * 0600, is synced and renamed: a crash leaves the old content or the new. Any thread.
 */
#ifndef CLIENT_FILE_H
#define CLIENT_FILE_H

#include "base/err.h"

enum {
	FILE_BYTES_MAX = 4 << 20,
	FILE_LOCK_MS = 10000, /* how long another process may hold the lock */
};

/* The whole content, in memory that is wiped with the arena. A missing file is success with
 * STR_NONE. FORBIDDEN: open to others or not ours; TOO_LARGE; IO. */
struct err *file_read_private(struct arena *a, str path, str *ret_content) MUST_CHECK;
struct err *file_write_private(struct arena *a, str path, str content) MUST_CHECK;
/* Makes the directory with mode 0700 if it is missing, and closes ours to others. FORBIDDEN:
 * a symbolic link, no directory, or another user's. */
struct err *file_make_private_dir(struct arena *a, str path) MUST_CHECK;
/* NOT_FOUND is success. */
struct err *file_remove(struct arena *a, str path) MUST_CHECK;

/* An exclusive lock on a file that is made for it; released with the arena or by
 * file_unlock(), whichever comes first. TRY_AGAIN after wait_ms. */
struct file_lock;
struct err *file_lock(struct arena *a, str path, i64 wait_ms, struct file_lock **ret_lock)
	MUST_CHECK;
void file_unlock(struct file_lock *l);

#endif
