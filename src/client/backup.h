/*
 * backup.h - the files that make us who we are, as one sealed file (client.md 5.6).
 *
 * CMB2 is ours: config.json, keys/ (owner and root keys, pinned owners) and brokers.json
 * (pinned brokers), with the cost of the key in the head, which is sealed too. CMB1 is the
 * reference's: config.json alone, cost fixed. Both are read, CMB2 is written.
 *   CMB1 ‖ salt 16 ‖ nonce 24 ‖ box        CMB2 ‖ ops u32 ‖ memory u64 ‖ salt 16 ‖ nonce 24 ‖ box
 * Numbers are big-endian. The box of CMB2 holds {"version":2,"createdAt","files":[{"name","content"}]}.
 */
#ifndef CLIENT_BACKUP_H
#define CLIENT_BACKUP_H

#include "base/clock.h"
#include "client/paths.h"
#include "crypto/passphrase.h"

enum {
	BACKUP_PASSPHRASE_MIN = 12,  /* characters */
	BACKUP_FILES_MAX = 1024,
	BACKUP_BYTES_MAX = 32 << 20,
	BACKUP_BYTES_MIN = 61,       /* the shortest that may hold something */
};

struct backup_file {
	str name;                    /* "config.json", "brokers.json", "keys/ID.json" */
	str content;
};

struct backup {
	const struct backup_file *files;
	size_t n;
	int version;                 /* 1 or 2 */
	str created_at;              /* empty if unknown */
};

/* All files there are. NOT_FOUND if there is no config.json. */
struct err *backup_collect(struct arena *a, const struct paths *p, const struct clock *clock,
			   struct backup *ret_backup) MUST_CHECK;
struct err *backup_seal(struct arena *a, const struct backup *b, str passphrase,
			struct passphrase_cost cost, str *ret_bytes) MUST_CHECK;
/* BAD_REQUEST for what is no backup; INTERNAL, word decrypt_failed, for another passphrase or
 * changed bytes. Every name and the configuration are checked. */
struct err *backup_open(struct arena *a, str bytes, str passphrase, struct backup *ret_backup) MUST_CHECK;

struct backup_restored {
	size_t written, same;        /* files */
	const str *kept;             /* copies of what was there before */
	size_t kept_n;
};
/* Writes the files, the configuration last; makes the directory (0700) and files (0600). What
 * is there and differs is kept beside it as NAME.before-restore.MS. */
struct err *backup_restore(struct arena *a, const struct paths *p, const struct backup *b, i64 now_ms,
			   struct backup_restored *ret_restored) MUST_CHECK;

#endif
