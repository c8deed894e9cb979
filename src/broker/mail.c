#include "broker/mail.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "json/json.h"

enum { STACK_BYTES = 1 << 20 };

/* One mail, on its way to the thread and back. */
struct parcel {
	struct parcel *next;
	unsigned shard;
	u64 job;
	i64 start_by_ms;              /* mono: no try begins later */
	struct block *block;
	int outcome;
};

struct mailer {
	struct loop *loop;
	struct hub *hub;
	struct mail_way *way;
	pthread_t thread;
	pthread_mutex_t lock;         /* everything below */
	pthread_cond_t wake;
	struct parcel *first, **last; /* to be sent */
	struct parcel *done, **done_last;
	size_t n;
	bool stopping, posted;
};

static void parcel_free(struct parcel *p)
{
	block_unref(p->block);
	free(p);
}

/* What became of them, to the engine. */
static void deliver(struct mailer *m, struct parcel *p)
{
	while (p) {
		struct parcel *next = p->next;
		struct event *ev = event_new(EVENT_MAILED, (struct conn_ref){ 0 }, STR_NONE, STR_NONE);

		ev->mark = p->job;
		ev->outcome = p->outcome;
		if (!hub_submit(m->hub, p->shard, ev))
			log_debug("the engine's queue is full");
		parcel_free(p);
		p = next;
	}
}

static struct parcel *take_done(struct mailer *m)
{
	struct parcel *p;

	pthread_mutex_lock(&m->lock);
	p = m->done;
	m->done = NULL;
	m->done_last = &m->done;
	m->posted = false;
	pthread_mutex_unlock(&m->lock);
	return p;
}

static void on_done(void *arg)
{
	struct mailer *m = arg;

	deliver(m, take_done(m));
}

/* At most one call waits in the loop. */
static void give_back(struct mailer *m, struct parcel *p)
{
	p->next = NULL;
	pthread_mutex_lock(&m->lock);
	*m->done_last = p;
	m->done_last = &p->next;
	if (!m->posted)
		m->posted = loop_post(m->loop, on_done, m);
	pthread_mutex_unlock(&m->lock);
}

static enum mail_outcome try_once(struct mailer *m, struct arena *a, const struct parcel *p)
{
	struct mail_args says;
	const struct json *obj;
	struct mail_text text;
	enum mail_outcome outcome;
	str why;

	if (clock_mono_ms(&clock_real) > p->start_by_ms)
		return MAIL_LATER;
	if (json_parse(a, block_str(p->block), &obj) ||
	    json_decode(a, obj, mail_fields, &says, sizeof(says), NULL))
		return MAIL_REFUSED;
	text = mail_text(a, &says, m->way->installs);
	outcome = mail_send(a, m->way, says.to, &text, &why);
	if (outcome != MAIL_SENT && !atomic_load(&m->way->stop))
		log_warn("a mail was not sent", LOG_I("job", (i64)p->job), LOG_S("error", why),
			 LOG_S("again", outcome == MAIL_LATER ? S("later") : S("never")));
	return outcome;
}

static void *thread_main(void *arg)
{
	struct mailer *m = arg;

	for (;;) {
		struct parcel *p;
		struct arena *a;

		pthread_mutex_lock(&m->lock);
		while (!m->first && !m->stopping)
			pthread_cond_wait(&m->wake, &m->lock);
		p = m->stopping ? NULL : m->first;
		if (p) {
			m->first = p->next;
			if (!m->first)
				m->last = &m->first;
			m->n--;
		}
		pthread_mutex_unlock(&m->lock);
		if (!p)
			return NULL;
		a = arena_new();
		p->outcome = (int)try_once(m, a, p);
		arena_free(a);
		give_back(m, p);
	}
}

struct err *mailer_new(struct arena *a, struct loop *l, struct hub *hub, struct mail_way *way,
		       struct mailer **ret_mailer)
{
	struct mailer *m = calloc(1, sizeof(*m));
	pthread_attr_t attr;
	int failed;

	if (!m)
		abort();
	m->loop = l;
	m->hub = hub;
	m->way = way;
	m->last = &m->first;
	m->done_last = &m->done;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	failed = mail_start() ? pthread_create(&m->thread, &attr, thread_main, m) : ENOMEM;
	pthread_attr_destroy(&attr);
	if (failed) {
		free(m);
		return FAIL(a, INTERNAL, "mail thread: %s", strerror(failed));
	}
	*ret_mailer = m;
	return NULL;
}

void mailer_apply(struct mailer *m, const struct effect *ef)
{
	struct parcel *p = calloc(1, sizeof(*p));
	bool is_full;

	if (!p)
		abort();
	*p = (struct parcel){ .shard = (unsigned)ef->code, .job = ef->mark, .block = block_ref(ef->block),
			      .start_by_ms = clock_mono_ms(&clock_real) + MAIL_LEASE_MS - 2 * MAIL_TRY_MS,
			      .outcome = MAIL_LATER };
	pthread_mutex_lock(&m->lock);
	is_full = m->n == MAIL_QUEUE_MAX;
	if (!is_full) {
		*m->last = p;
		m->last = &p->next;
		m->n++;
		pthread_cond_signal(&m->wake);
	}
	pthread_mutex_unlock(&m->lock);
	if (is_full)
		give_back(m, p);
}

void mailer_free(struct mailer *m)
{
	struct parcel *p;

	if (!m)
		return;
	atomic_store(&m->way->stop, true);
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	/* A call under way must still find the mailer. */
	while (m->posted)
		loop_turn(m->loop, 0);
	while ((p = m->first)) {
		m->first = p->next;
		parcel_free(p);
	}
	while ((p = m->done)) {
		m->done = p->next;
		parcel_free(p);
	}
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->wake);
	mail_way_wipe(m->way);
	free(m);
}
