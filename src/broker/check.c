#include "broker/check.h"

#include <unistd.h>

#include "broker/datadir.h"
#include "db/db.h"
#include "db/pg.h"
#include "db/pg_url.h"
#include "db/sqlite.h"
#include "net/tls.h"

enum { CHECK_BYTES_MAX = 8192 };

static void found(struct buf *b, const char *what, str text)
{
	buf_printf(b, "%-10s %.*s\n", what, STRF(text));
}

static void closep(struct datadir *d)
{
	datadir_close(d);
}

/* True in *ret_free: no broker is at work there, so that the database may be looked at. */
static struct err *check_data(struct arena *a, const struct settings *s, struct buf *b, struct datadir *dir,
			      bool *ret_free)
{
	struct err *e;

	*ret_free = true;
	if (access(arena_cstr(a, s->data), F_OK) != 0) {
		found(b, "data", arena_printf(a, "%.*s, which will be made", STRF(s->data)));
		return NULL;
	}
	e = datadir_open(a, s->data, dir);
	if (e && e->code != ERR_CONFLICT)
		return e;
	*ret_free = !e;
	found(b, "data", e ? arena_printf(a, "%.*s, where a broker is running", STRF(s->data)) : s->data);
	return NULL;
}

static struct err *check_database(struct arena *a, const struct settings *s, struct buf *b)
{
	CLEANUP(db_closep) struct db *db = NULL;

	if (!pg_url_is(s->database) && access(arena_cstr(a, s->database), F_OK) != 0) {
		found(b, "database", arena_printf(a, "%.*s, which will be made", STRF(s->database)));
		return NULL;
	}
	TRY(db_open(a, pg_url_is(s->database) ? &db_pg : &db_sqlite, s->database, &db));
	found(b, "database", pg_url_is(s->database) ? S("PostgreSQL answers") : s->database);
	return NULL;
}

static struct err *check_tls(struct arena *a, const struct settings *s, struct buf *b)
{
	CLEANUP(tls_freep) struct tls *tls = NULL;

	if (s->tls_cert.len)
		TRY(tls_server_new(a, s->tls_cert, s->tls_key, &tls));
	found(b, "TLS", s->tls_cert.len ? s->tls_cert : S("off: programs on this machine, or a proxy before it"));
	return NULL;
}

struct err *check_config(struct arena *a, const struct settings *s, str *ret_text)
{
	CLEANUP(buf_done) struct buf b = buf_make(CHECK_BYTES_MAX);
	CLEANUP(closep) struct datadir dir = { .lock_fd = -1 };
	bool is_free;

	TRY(check_data(a, s, &b, &dir, &is_free));
	if (is_free)
		TRY(check_database(a, s, &b));
	TRY(check_tls(a, s, &b));
	found(&b, "address", s->public_url.len ? s->public_url : S("that it listens on; no --public-url"));
	buf_add(&b, S("The settings are good.\n"));
	*ret_text = arena_dup(a, buf_str(&b));
	return NULL;
}
