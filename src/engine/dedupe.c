#include "engine/dedupe.h"

#include "proto/limits.h"

enum { PART_SLOTS_MIN = 16 };

/* Linear probing; at most three quarters full. Number 0 is a free slot. */
struct part {
	struct dedupe_entry *slots;
	size_t n, cap;                        /* cap: a power of two, or 0 */
};

struct dedupe {
	u8 key[HASH_KEY_BYTES];
	struct part parts[DEDUPE_PARTS];
};

struct dedupe *dedupe_new(const u8 key[HASH_KEY_BYTES])
{
	struct dedupe *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	memcpy(d->key, key, sizeof(d->key));
	return d;
}

void dedupe_free(struct dedupe *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < DEDUPE_PARTS; i++)
		free(d->parts[i].slots);
	free(d);
}

u64 dedupe_hash(const struct dedupe *d, i64 mesh_no, i64 sender_no, str client_id)
{
	struct { i64 mesh_no, sender_no; char text[CLIENT_ID_BYTES_MAX]; } in = { mesh_no, sender_no, "" };
	size_t n = MIN(client_id.len, sizeof(in.text));

	if (n)
		memcpy(in.text, client_id.ptr, n);
	return hash_keyed(d->key, str_of(&in, offsetof(__typeof__(in), text) + n));
}

/* The part is chosen by other bits than the place in it. */
static struct part *part_of(const struct dedupe *d, u64 hash)
{
	return (struct part *)&d->parts[hash >> 56];
}

static size_t home(const struct part *p, u64 hash)
{
	return (size_t)hash & (p->cap - 1);
}

static void put(struct part *p, struct dedupe_entry e)
{
	size_t i = home(p, e.hash);

	while (p->slots[i].no)
		i = (i + 1) & (p->cap - 1);
	p->slots[i] = e;
}

/* Puts n entries, those behind after_no, into cap new slots. */
static void rebuild(struct part *p, size_t n, size_t cap, i64 after_no)
{
	struct part other = { .n = n, .cap = cap };

	other.slots = calloc(cap, sizeof(*other.slots));
	if (!other.slots)
		abort();
	for (size_t i = 0; i < p->cap; i++)
		if (p->slots[i].no > after_no)
			put(&other, p->slots[i]);
	free(p->slots);
	*p = other;
}

void dedupe_add(struct dedupe *d, u64 hash, i64 no)
{
	struct part *p = part_of(d, hash);

	if (4 * (p->n + 1) > 3 * p->cap)
		rebuild(p, p->n, MAX(2 * p->cap, (size_t)PART_SLOTS_MIN), 0);
	put(p, (struct dedupe_entry){ hash, no });
	p->n++;
}

/* Takes entry i out and moves those behind it that a search would no longer reach. */
static void take_out(struct part *p, size_t i)
{
	size_t mask = p->cap - 1;

	for (size_t k = (i + 1) & mask; p->slots[k].no; k = (k + 1) & mask) {
		if (((k - home(p, p->slots[k].hash)) & mask) < ((k - i) & mask))
			continue;
		p->slots[i] = p->slots[k];
		i = k;
	}
	p->slots[i] = (struct dedupe_entry){ 0 };
	p->n--;
}

void dedupe_drop(struct dedupe *d, u64 hash, i64 no)
{
	struct part *p = part_of(d, hash);

	if (!p->n)
		return;
	for (size_t i = home(p, hash); p->slots[i].no; i = (i + 1) & (p->cap - 1)) {
		if (p->slots[i].no == no && p->slots[i].hash == hash) {
			take_out(p, i);
			return;
		}
	}
}

i64 dedupe_next(const struct dedupe *d, u64 hash, size_t *at)
{
	const struct part *p = part_of(d, hash);

	if (!p->n)
		return 0;
	for (;;) {
		const struct dedupe_entry *e = &p->slots[(home(p, hash) + *at) & (p->cap - 1)];

		if (!e->no)
			return 0;
		++*at;
		if (e->hash == hash)
			return e->no;
	}
}

static int by_hash(const void *left, const void *right)
{
	const struct dedupe_entry *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->no > b->no) - (a->no < b->no);
}

size_t dedupe_list(const struct dedupe *d, struct arena *a, size_t part, i64 up_to_no,
		   struct dedupe_entry **ret_entries)
{
	const struct part *p = &d->parts[part];
	struct dedupe_entry *out = NEW_ARRAY(a, struct dedupe_entry, p->n);
	size_t n = 0;

	for (size_t i = 0; i < p->cap; i++)
		if (p->slots[i].no && p->slots[i].no <= up_to_no)
			out[n++] = p->slots[i];
	if (n)
		qsort(out, n, sizeof(*out), by_hash);
	*ret_entries = out;
	return n;
}

void dedupe_forget(struct dedupe *d, size_t part, i64 up_to_no)
{
	struct part *p = &d->parts[part];
	size_t n = 0, cap = PART_SLOTS_MIN;

	for (size_t i = 0; i < p->cap; i++)
		n += p->slots[i].no > up_to_no;
	if (n == p->n)
		return;
	/* Room to grow again by a half. */
	while (cap < 2 * n)
		cap *= 2;
	rebuild(p, n, cap, up_to_no);
}

size_t dedupe_count(const struct dedupe *d)
{
	size_t n = 0;

	for (size_t i = 0; i < DEDUPE_PARTS; i++)
		n += d->parts[i].n;
	return n;
}

size_t dedupe_bytes(const struct dedupe *d)
{
	size_t n = sizeof(*d);

	for (size_t i = 0; i < DEDUPE_PARTS; i++)
		n += d->parts[i].cap * sizeof(struct dedupe_entry);
	return n;
}
