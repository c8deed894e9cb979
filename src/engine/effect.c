#include "engine/effect.h"

struct effects *effects_new(void)
{
	struct effects *fx = calloc(1, sizeof(*fx));

	if (!fx)
		abort();
	fx->arena = arena_new();
	return fx;
}

/* Nothing was stored of what the code says. */
static struct effect undone(struct effect e)
{
	if (e.kind == EFFECT_CLOSE && e.code >= 4000) {
		e.code = 1013;
		e.reason = S("try_again");
	}
	return e;
}

void effects_undo(struct effects *fx)
{
	size_t kept = 0;

	for (size_t i = 0; i < fx->n; i++) {
		if (fx->items[i].anyway)
			fx->items[kept++] = undone(fx->items[i]);
		else
			block_unref(fx->items[i].block);
	}
	fx->n = kept;
}

void effects_anyway(struct effects *fx)
{
	if (fx->n)
		fx->items[fx->n - 1].anyway = true;
}

void effects_hint(struct effects *fx)
{
	if (!fx->n)
		return;
	fx->items[fx->n - 1].hint = true;
	fx->n_hints++;
}

void effects_hints_last(struct effects *fx)
{
	struct effect *hints;
	size_t kept = 0, n = 0;

	if (!fx->n_hints)
		return;
	hints = NEW_ARRAY(fx->arena, struct effect, fx->n_hints);
	for (size_t i = 0; i < fx->n; i++) {
		if (fx->items[i].hint)
			hints[n++] = fx->items[i];
		else
			fx->items[kept++] = fx->items[i];
	}
	if (n)
		memcpy(&fx->items[kept], hints, n * sizeof(*hints));
}

void effects_free(struct effects *fx)
{
	if (!fx)
		return;
	for (size_t i = 0; i < fx->n; i++)
		block_unref(fx->items[i].block);
	arena_free(fx->arena);
	free(fx);
}

static struct effect *add(struct effects *fx, enum effect_kind kind, const struct conn_ref *to, size_t n)
{
	struct effect *e;

	if (fx->n == fx->cap) {
		size_t cap = fx->cap ? 2 * fx->cap : 32;
		struct effect *items = NEW_ARRAY(fx->arena, struct effect, cap);

		if (fx->n)
			memcpy(items, fx->items, fx->n * sizeof(*items));
		fx->items = items;
		fx->cap = cap;
	}
	e = &fx->items[fx->n++];
	*e = (struct effect){ .kind = kind, .n_to = n };
	e->to = NEW_ARRAY(fx->arena, struct conn_ref, n);
	memcpy(e->to, to, n * sizeof(*to));
	return e;
}

void effects_send_many(struct effects *fx, const struct conn_ref *to, size_t n, struct block *block)
{
	if (n == 0)
		block_unref(block);
	else
		add(fx, EFFECT_SEND, to, n)->block = block;
}

void effects_send(struct effects *fx, struct conn_ref to, struct block *block, u64 mark)
{
	struct effect *e = add(fx, EFFECT_SEND, &to, 1);

	e->block = block;
	e->mark = mark;
}

void effects_close(struct effects *fx, struct conn_ref to, int code, str reason)
{
	struct effect *e = add(fx, EFFECT_CLOSE, &to, 1);

	e->code = code;
	e->reason = arena_dup(fx->arena, reason);
}

void effects_admit(struct effects *fx, struct conn_ref to)
{
	add(fx, EFFECT_ADMIT, &to, 1);
}

void effects_reply(struct effects *fx, struct conn_ref to, int status, struct block *block)
{
	struct effect *e = add(fx, EFFECT_REPLY, &to, 1);

	e->code = status;
	e->block = block;
}

void effects_mail(struct effects *fx, unsigned shard, i64 job_no, struct block *block)
{
	struct conn_ref nobody = { 0 };
	struct effect *e = add(fx, EFFECT_MAIL, &nobody, 1);

	e->code = (int)shard;
	e->mark = (u64)job_no;
	e->block = block;
}

void effects_stream(struct effects *fx, struct conn_ref to, unsigned shard, struct block *first)
{
	struct effect *e = add(fx, EFFECT_STREAM, &to, 1);

	e->code = (int)shard;
	e->block = first;
}

void effects_events(struct effects *fx, const struct conn_ref *to, size_t n, struct block *block)
{
	add(fx, EFFECT_EVENT, to, n)->block = block;
}

void effects_event_last(struct effects *fx, struct conn_ref to, struct block *block)
{
	add(fx, EFFECT_EVENT_LAST, &to, 1)->block = block;
}

void effects_refuse(struct effects *fx, struct conn_ref to, int status, struct block *block,
		    i64 retry_after_s)
{
	effects_reply(fx, to, status, block);
	fx->items[fx->n - 1].mark = (u64)retry_after_s;
}

void effects_forward(struct effects *fx, unsigned shard, const struct event *ev)
{
	struct effect *e = add(fx, EFFECT_FORWARD, &ev->from, 1);

	e->code = (int)shard;
	e->block = block_new(event_bytes(ev));
}

void effects_append(struct effects *fx, struct effects *more)
{
	for (size_t i = 0; i < more->n; i++) {
		struct effect *from = &more->items[i];
		struct effect *e = add(fx, from->kind, from->to, from->n_to);

		e->code = from->code;
		e->mark = from->mark;
		e->anyway = from->anyway;
		e->hint = from->hint;
		e->block = from->block ? block_ref(from->block) : NULL;
		e->reason = arena_dup(fx->arena, from->reason);
	}
	effects_free(more);
}
