#include "engine/mail.h"

#include <utlist.h>

#include "base/email.h"
#include "base/log.h"

enum { MAIL_JSON_MAX = 16 << 10, RETRIES_PER_SWEEP = 16, JOB_KEEP_DAYS = 30 };
static const i64 DAY_MS = 24 * 3600 * 1000, HOUR_MS = 3600 * 1000;
/* Behind the first try, the second ... */
static const i64 pauses_ms[MAIL_TRIES_MAX - 1] = { 60000, 600000, 3600000, 6 * 3600000 };

/* An answer that waits for a first try. */
struct mail_held {
	struct mail_held *prev, *next;
	struct engine *engine;
	i64 job_no, made_in;
	struct conn_ref to;
	int status;
	struct block *sent, *not_sent;
	struct timer timer;
};

bool mail_is_on(const struct engine *e)
{
	return e->settings.mail && e->keys;
}

static str label(struct arena *a, i64 job_no)
{
	return arena_printf(a, "job|%lld", (long long)job_no);
}

static str mail_json(struct arena *a, const struct mail_args *says)
{
	struct buf b = buf_make(MAIL_JSON_MAX);
	struct json_out o = json_out(&b);
	str text;

	json_obj(&o);
	json_encode(&o, mail_fields, says);
	json_obj_end(&o);
	text = b.full ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

struct err *mail_check(struct req *rq, enum mail_kind kind)
{
	struct engine *e = rq->engine;

	if (bucket_has(&e->mails[kind], e->mono_ms, MAILS_PER_HOUR / 60, MAILS_BURST))
		return NULL;
	return FAIL(rq->arena, RATE_LIMIT, "this broker sends no more mails for now; try again later");
}

struct err *mail_add(struct req *rq, const struct mail *mail, i64 *ret_no)
{
	struct engine *e = rq->engine;
	enum mail_kind kind = (enum mail_kind)mail->says.kind;
	i64 no, last_ms = e->now_ms + MAIL_KEEP_DAYS * DAY_MS;
	str json;

	if (!mail_is_on(e))
		return FAIL(rq->arena, NOT_SUPPORTED, "this broker sends no mail");
	if (!email_is_valid(mail->says.to))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'email': not an e-mail address, such as "
				     "bob@example.org"), S("invalid_email"));
	TRY(mail_check(rq, kind));
	json = mail_json(rq->arena, &mail->says);
	if (!json.len)
		return FAIL(rq->arena, BAD_REQUEST, "the mail is too long");
	bucket_take(&e->mails[kind]);
	no = store_next(e->store, NUMBER_JOB);
	store_job_add(e->store, &(struct job_row){
		.no = no, .kind = S("mail"), .mesh_no = mail->mesh_no, .about_no = mail->about_no,
		.payload = keyfile_seal(rq->arena, e->keys, label(rq->arena, no), json), .state = S("waiting"),
		.tries = 1, .due_ms = e->now_ms + MAIL_LEASE_MS, .until_ms = MIN(mail->until_ms, last_ms),
		.created_ms = e->now_ms,
	});
	effects_mail(e->fx, e->settings.shard, no, block_new(json));
	if (ret_no)
		*ret_no = no;
	return NULL;
}

/* ---- answers that wait ---- */

static void held_free(struct mail_held *h)
{
	timer_clear(&h->engine->timers, &h->timer);
	DL_DELETE(h->engine->held_mails, h);
	block_unref(h->sent);
	block_unref(h->not_sent);
	free(h);
}

static void held_answer(struct mail_held *h, bool sent)
{
	struct block *block = block_ref(sent ? h->sent : h->not_sent);

	if (h->status)
		effects_reply(h->engine->fx, h->to, h->status, block);
	else
		effects_send(h->engine->fx, h->to, block, 0);
	held_free(h);
}

static void held_too_long(void *engine UNUSED, void *held)
{
	held_answer(held, false);
}

void mail_answer(struct req *rq, i64 job_no, int status, struct block *sent, struct block *not_sent)
{
	struct engine *e = rq->engine;
	struct mail_held *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	*h = (struct mail_held){ .engine = e, .job_no = job_no, .made_in = e->batch_no, .to = rq->event->from,
				 .status = status, .sent = sent, .not_sent = not_sent };
	h->timer = (struct timer){ .fn = held_too_long, .owner = h };
	DL_APPEND(e->held_mails, h);
	timer_set(&e->timers, &h->timer, e->mono_ms + MAIL_ANSWER_MS);
}

void mails_undo(struct engine *e)
{
	struct mail_held *h, *next;

	DL_FOREACH_SAFE(e->held_mails, h, next)
		if (h->made_in > e->stored_in)
			held_free(h);
}

void mails_free(struct engine *e)
{
	while (e->held_mails)
		held_free(e->held_mails);
}

/* ---- outcomes and retries ---- */

static void job_end(struct engine *e, const struct job_row *job, bool sent)
{
	store_job_end(e->store, job->no, sent ? S("sent") : S("failed"), e->now_ms);
	log_info(sent ? "mail sent" : "mail given up", LOG_I("job", job->no), LOG_I("tries", job->tries));
}

static struct err *settle(struct engine *e, i64 job_no, enum mail_outcome outcome)
{
	struct job_row *job;
	i64 next_ms;

	TRY(store_job(e->store, e->batch, job_no, &job));
	if (!job || job->ended_ms)
		return NULL;
	next_ms = e->now_ms + pauses_ms[MIN((size_t)MAX(job->tries, 1), ARRAY_LEN(pauses_ms)) - 1];
	if (outcome != MAIL_LATER || job->tries >= MAIL_TRIES_MAX || next_ms > job->until_ms)
		job_end(e, job, outcome == MAIL_SENT);
	else
		store_job_claim(e->store, job->no, job->tries, next_ms);
	return NULL;
}

void mail_outcome(struct engine *e, const struct event *ev)
{
	i64 job_no = (i64)ev->mark;
	struct err *failed = settle(e, job_no, (enum mail_outcome)ev->outcome);
	struct mail_held *h, *next;

	/* Its lease ends, and it is tried again. */
	if (failed)
		log_err(LOG_WARN, "outcome of a mail not stored", failed);
	DL_FOREACH_SAFE(e->held_mails, h, next)
		if (h->job_no == job_no)
			held_answer(h, ev->outcome == MAIL_SENT);
}

static void retry(struct engine *e, const struct job_row *job)
{
	struct err *failed;
	str json;

	if (job->until_ms <= e->now_ms || job->tries >= MAIL_TRIES_MAX) {
		job_end(e, job, false);
		return;
	}
	failed = keyfile_unseal(e->batch, e->keys, label(e->batch, job->no), job->payload, &json);
	if (failed) {
		log_err(LOG_ERROR, "a job cannot be opened", failed);
		job_end(e, job, false);
		return;
	}
	store_job_claim(e->store, job->no, job->tries + 1, e->now_ms + MAIL_LEASE_MS);
	effects_mail(e->fx, e->settings.shard, job->no, block_new(json));
}

struct err *mails_retry(struct engine *e, bool *ret_more)
{
	struct job_row *jobs;
	size_t n;

	if (!mail_is_on(e) || !engine_is_house(e))
		return NULL;
	TRY(store_jobs_due(e->store, e->batch, e->now_ms, RETRIES_PER_SWEEP, &jobs, &n));
	for (size_t i = 0; i < n; i++)
		retry(e, &jobs[i]);
	*ret_more = n == RETRIES_PER_SWEEP;
	if (e->now_ms - e->jobs_pruned_ms > HOUR_MS) {
		store_jobs_prune(e->store, e->now_ms - JOB_KEEP_DAYS * DAY_MS);
		e->jobs_pruned_ms = e->now_ms;
	}
	return NULL;
}
