#include "db/share.h"

#include "db/driver.h"

/* The one connection below. */
struct share {
	struct db_conn *inner;
	struct db_driver driver;      /* the inner one's name and tokens, our calls */
	const struct user *in_batch;  /* whose transaction is open */
	unsigned users;
};

struct user {
	struct db_conn conn;
	struct share *share;
};

static struct err *may_use(const struct user *u, struct arena *a)
{
	if (!u->share->in_batch || u->share->in_batch == u)
		return NULL;
	return FAIL(a, TRY_AGAIN, "another connection is in the middle of its transaction");
}

static struct db_conn *user_new(struct share *s)
{
	struct user *u = calloc(1, sizeof(*u));

	if (!u)
		abort();
	s->users++;
	u->conn.driver = &s->driver;
	u->share = s;
	return &u->conn;
}

static struct err *share_open_beside(struct arena *a UNUSED, const struct db_conn *first, unsigned no UNUSED,
				     struct db_conn **ret_conn)
{
	*ret_conn = user_new(((const struct user *)first)->share);
	return NULL;
}

static void share_close(struct db_conn *c)
{
	struct share *s = ((struct user *)c)->share;

	free(c);
	if (--s->users)
		return;
	s->inner->driver->close(s->inner);
	free(s);
}

static struct err *share_begin(struct db_conn *c, struct arena *a)
{
	struct user *u = (struct user *)c;

	TRY(may_use(u, a));
	TRY(u->share->inner->driver->begin(u->share->inner, a));
	u->share->in_batch = u;
	return NULL;
}

static struct err *share_commit(struct db_conn *c, struct arena *a)
{
	struct user *u = (struct user *)c;

	TRY(u->share->inner->driver->commit(u->share->inner, a));
	u->share->in_batch = NULL;
	return NULL;
}

static void share_rollback(struct db_conn *c)
{
	struct user *u = (struct user *)c;

	if (u->share->in_batch != u)
		return;
	u->share->inner->driver->rollback(u->share->inner);
	u->share->in_batch = NULL;
}

static struct err *share_prepare(struct db_conn *c, struct arena *a, const struct db_query *q)
{
	struct user *u = (struct user *)c;

	return u->share->inner->driver->prepare(u->share->inner, a, q);
}

static struct err *share_run(struct db_conn *c, struct arena *a, const struct db_query *q,
			     const struct db_value *values, struct db_rows *ret_rows)
{
	struct user *u = (struct user *)c;

	TRY(may_use(u, a));
	return u->share->inner->driver->run(u->share->inner, a, q, values, ret_rows);
}

static struct err *share_write(struct db_conn *c, struct arena *a, const struct db_write *writes, size_t n)
{
	struct user *u = (struct user *)c;

	return u->share->inner->driver->write(u->share->inner, a, writes, n);
}

static struct err *share_exec(struct db_conn *c, struct arena *a, const char *script)
{
	struct user *u = (struct user *)c;

	TRY(may_use(u, a));
	return u->share->inner->driver->exec(u->share->inner, a, script);
}

static struct db_conn *wrap(struct db_conn *inner, void *arg)
{
	struct share *s = arg;

	s->inner = inner;
	s->driver = (struct db_driver){
		.name = inner->driver->name,
		.tokens = inner->driver->tokens,
		.open_beside = share_open_beside,
		.close = share_close,
		.begin = share_begin,
		.commit = share_commit,
		.rollback = share_rollback,
		.prepare = share_prepare,
		.run = share_run,
		.write = share_write,
		.exec = share_exec,
	};
	return user_new(s);
}

void db_share(struct db *db)
{
	struct share *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	db_wrap(db, wrap, s);
}
