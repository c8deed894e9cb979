/*
 * backup.h - `admin backup`, `restore`, `vacuum`: the broker's data as a whole.
 *
 * A backup is a directory, closed to others: BACKUP_DATABASE, a consistent copy made while the broker
 * runs, and the small files with its keys, without which what is sealed in the database stays
 * sealed. With PostgreSQL it is the keys only; the database has pg_dump. Main thread of a process of
 * its own.
 */
#ifndef BROKER_BACKUP_H
#define BROKER_BACKUP_H

#include "broker/admin.h"

#define BACKUP_DATABASE "broker.db"
#define BACKUP_KEYS ".key"            /* how the names of key files end */

/* Of struct admin_command. */
struct err *admin_backup(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
	MUST_CHECK;
struct err *admin_restore(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
	MUST_CHECK;
struct err *admin_vacuum(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
	MUST_CHECK;

#endif
