#include "broker/proving.h"

#include "engine/prove.h"

static void copy_text(char *out, size_t size, str text)
{
	snprintf(out, size, "%.*s", STRF(text));
}

/* On a pool thread: the struct is its alone until done. */
static void run(void *arg)
{
	struct proving *p = arg;
	struct err *e = prove_hello(p->arena, p->frame, str_from(p->challenge), clock_ms(p->clock),
				    &p->proof);
	str word;

	if (!e)
		return;
	word = err_wire(e);
	p->verdict = e->code == ERR_BAD_JSON || str_eq(word, S("no_hello")) ? VERDICT_STRAY
									    : VERDICT_REFUSED;
	p->error = error_message(e, p->frame);
	copy_text(p->word, sizeof(p->word), word);
	copy_text(p->text, sizeof(p->text), e->text);
}

static void done(void *arg)
{
	struct proving *p = arg;

	p->done(p->arg, p);
	block_unref(p->error);
	arena_free(p->arena);
}

void proving_start(struct pool *pool, const struct clock *clock, struct conn_id id, str challenge,
		   str frame, void (*done_fn)(void *arg, const struct proving *p), void *arg)
{
	struct arena *a = arena_new();
	struct proving *p = NEW(a, struct proving);

	p->id = id;
	p->verdict = VERDICT_GOOD;
	p->frame = arena_dup(a, frame);
	p->arena = a;
	p->clock = clock;
	copy_text(p->challenge, sizeof(p->challenge), challenge);
	p->done = done_fn;
	p->arg = arg;
	p->job = (struct pool_job){ .run = run, .done = done, .arg = p };
	pool_start(pool, &p->job);
}
