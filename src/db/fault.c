#include "db/fault.h"

#include "db/driver.h"

struct fault {
	struct db_conn conn;
	struct db_driver driver; /* the inner one's name and tokens, our calls */
	struct db_conn *inner;
	struct db_fault *plan;
};

enum call { CALL_COMMIT, CALL_READ, CALL_OTHER };

/* True if this call is to fail. */
static bool due(struct fault *f, enum call call)
{
	struct db_fault *plan = f->plan;

	if ((plan->commits_only && call != CALL_COMMIT) || (plan->spare_reads && call == CALL_READ))
		return false;
	plan->calls++;
	return plan->calls == plan->fail_at ||
	       (plan->stays && plan->fail_at && plan->calls > plan->fail_at);
}

static struct err *failure(struct fault *f, struct arena *a)
{
	return err_word(err_make(a, f->plan->code, __FILE__, __LINE__,
				 "database: the call fails on request"),
			str_from(f->plan->word));
}

/* Expands in a function with f, a and (if not NULL) the inner call. */
#define CALL(f, a, kind, call) \
	do { \
		bool due_ = due(f, kind); \
		if (due_ && (!(f)->plan->after || (f)->plan->calls > (f)->plan->fail_at)) \
			return failure(f, a); \
		TRY(call); \
		return due_ ? failure(f, a) : NULL; \
	} while (0)

static void fault_close(struct db_conn *c)
{
	struct fault *f = (struct fault *)c;

	f->inner->driver->close(f->inner);
	free(f);
}

static struct err *fault_begin(struct db_conn *c, struct arena *a)
{
	struct fault *f = (struct fault *)c;

	CALL(f, a, CALL_OTHER, f->inner->driver->begin(f->inner, a));
}

static struct err *fault_commit(struct db_conn *c, struct arena *a)
{
	struct fault *f = (struct fault *)c;

	CALL(f, a, CALL_COMMIT, f->inner->driver->commit(f->inner, a));
}

static void fault_rollback(struct db_conn *c)
{
	struct fault *f = (struct fault *)c;

	f->inner->driver->rollback(f->inner);
}

static struct err *fault_prepare(struct db_conn *c, struct arena *a, const struct db_query *q)
{
	struct fault *f = (struct fault *)c;

	return f->inner->driver->prepare(f->inner, a, q);
}

static struct err *fault_run(struct db_conn *c, struct arena *a, const struct db_query *q,
			     const struct db_value *values, struct db_rows *ret_rows)
{
	struct fault *f = (struct fault *)c;

	CALL(f, a, CALL_READ, f->inner->driver->run(f->inner, a, q, values, ret_rows));
}

static struct err *write_one(struct fault *f, struct arena *a, const struct db_write *w)
{
	CALL(f, a, CALL_OTHER, f->inner->driver->write(f->inner, a, w, 1));
}

static struct err *fault_write(struct db_conn *c, struct arena *a, const struct db_write *writes,
			       size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(write_one((struct fault *)c, a, &writes[i]));
	return NULL;
}

static struct err *fault_exec(struct db_conn *c, struct arena *a, const char *script)
{
	struct fault *f = (struct fault *)c;

	CALL(f, a, CALL_OTHER, f->inner->driver->exec(f->inner, a, script));
}

static struct db_conn *wrap(struct db_conn *inner, void *arg)
{
	struct fault *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->driver = (struct db_driver){
		.name = inner->driver->name,
		.tokens = inner->driver->tokens,
		.close = fault_close,
		.begin = fault_begin,
		.commit = fault_commit,
		.rollback = fault_rollback,
		.prepare = fault_prepare,
		.run = fault_run,
		.write = fault_write,
		.exec = fault_exec,
	};
	f->conn.driver = &f->driver;
	f->inner = inner;
	f->plan = arg;
	return &f->conn;
}

void db_fault(struct db *db, struct db_fault *plan)
{
	db_wrap(db, wrap, plan);
}
