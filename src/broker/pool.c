#include "broker/pool.h"

struct pool {
	struct loop *loop;
	size_t running;
	struct pool_job *first, **last; /* waiting */
};

struct pool *pool_new(struct loop *l)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->loop = l;
	p->last = &p->first;
	return p;
}

void pool_free(struct pool *p)
{
	if (p && pool_is_busy(p))
		abort();
	free(p);
}

bool pool_is_busy(const struct pool *p)
{
	return p->running || p->first;
}

static void job_run(void *arg)
{
	struct pool_job *job = arg;

	job->run(job->arg);
}

static void job_done(void *arg);

static void start_next(struct pool *p)
{
	while (p->first && p->running < POOL_RUNNING_MAX) {
		struct pool_job *job = p->first;

		/* Refused only if others of this process use the loop's pool too: the next end of
		 * ours tries again. */
		if (!loop_work(p->loop, job_run, job_done, job)) {
			if (!p->running)
				abort();
			return;
		}
		p->running++;
		p->first = job->next;
		if (!p->first)
			p->last = &p->first;
	}
}

static void job_done(void *arg)
{
	struct pool_job *job = arg;
	struct pool *p = job->pool;

	p->running--;
	job->done(job->arg);
	start_next(p);
}

void pool_start(struct pool *p, struct pool_job *job)
{
	job->pool = p;
	job->next = NULL;
	*p->last = job;
	p->last = &job->next;
	start_next(p);
}
