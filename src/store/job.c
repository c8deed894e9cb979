#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, job_row, no),       FIELD(TEXT, job_row, kind),    FIELD(I64, job_row, mesh_no),
	FIELD(I64, job_row, about_no), FIELD(OPT, job_row, payload),  FIELD(TEXT, job_row, state),
	FIELD(I64, job_row, tries),    FIELD(I64, job_row, due_ms),   FIELD(I64, job_row, until_ms),
	FIELD(I64, job_row, created_ms), FIELD(I64, job_row, ended_ms), { 0 },
};

void store_job_add(struct store *st, const struct job_row *j)
{
	row_queue(st, Q_JOB_ADD, fields, j);
}

struct err *store_job(struct store *st, struct arena *a, i64 no, struct job_row **ret_job)
{
	return row_get(st, a, Q_JOB, DB_VALUES(V(no)), fields, sizeof(**ret_job), (void **)ret_job);
}

struct err *store_jobs_due(struct store *st, struct arena *a, i64 now_ms, size_t limit,
			   struct job_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_JOBS_DUE, DB_VALUES(V(now_ms), V((i64)limit)), fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

struct err *store_jobs_of(struct store *st, struct arena *a, i64 mesh_no, struct job_row **ret_rows,
			  size_t *ret_n)
{
	return rows_get(st, a, Q_JOBS_OF, DB_VALUES(V(mesh_no)), fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_job_claim(struct store *st, i64 no, i64 tries, i64 due_ms)
{
	QUEUE(st, JOB_CLAIM, V(tries), V(due_ms), V(no));
}

void store_job_end(struct store *st, i64 no, str state, i64 ended_ms)
{
	QUEUE(st, JOB_END, text_value(state), V(INT64_MAX), V(ended_ms), V(no));
}

void store_jobs_prune(struct store *st, i64 before_ms)
{
	QUEUE(st, JOBS_PRUNE, V(INT64_MAX), V(before_ms));
}
