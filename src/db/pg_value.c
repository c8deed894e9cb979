#include "db/pg_value.h"

enum type { BYTEA = 17, NAME = 19, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, VARCHAR = 1043 };

enum { I64_BYTES = 8, LENGTH_BYTES = 4, HEAD_WORDS = 5 };

u32 pg_type(char bind)
{
	return bind == 'i' ? INT8 : bind == 's' ? TEXT : BYTEA;
}

bool pg_type_fits(char column, u32 type)
{
	switch (column) {
	case 'i': return type == INT8 || type == INT4 || type == INT2;
	case 's': return type == TEXT || type == VARCHAR || type == NAME;
	}
	return type == BYTEA;
}

static char *put(char *at, u64 value, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; value >>= 8)
		at[i] = (char)(value & 0xff);
	return at + bytes;
}

static size_t size_of(const struct db_value *v)
{
	return v->type == DB_NULL ? 0 : v->type == DB_I64 ? (size_t)I64_BYTES : v->s.len;
}

void pg_params_one(struct arena *a, const struct db_query *q, const struct db_value *values,
		   struct pg_params *ret_params)
{
	struct pg_params *p = ret_params;

	p->n = (int)strlen(q->binds);
	for (int i = 0; i < p->n; i++) {
		const struct db_value *v = &values[i];
		char *number;

		p->formats[i] = 1;
		p->lengths[i] = (int)size_of(v);
		p->values[i] = v->type == DB_NULL ? NULL : v->s.ptr;
		if (v->type == DB_I64) {
			number = arena_alloc(a, I64_BYTES);
			put(number, (u64)v->i, I64_BYTES);
			p->values[i] = number;
		}
	}
}

/* An array of one dimension: head, then each element with its length; -1 is NULL. */
static size_t add_array(struct arena *a, const struct group *g, size_t param,
			const char **ret_bytes)
{
	size_t size = (size_t)HEAD_WORDS * LENGTH_BYTES;
	bool has_null = false;
	char *bytes, *at;

	for (const struct group_row *row = g->first; row; row = row->next) {
		const struct db_value *v = &row->write->values[param];

		size += LENGTH_BYTES + size_of(v);
		has_null = has_null || v->type == DB_NULL;
	}
	bytes = at = arena_alloc(a, size);
	at = put(at, 1, LENGTH_BYTES);
	at = put(at, has_null, LENGTH_BYTES);
	at = put(at, pg_type(g->query->binds[param]), LENGTH_BYTES);
	at = put(at, g->n, LENGTH_BYTES);
	at = put(at, 1, LENGTH_BYTES);
	for (const struct group_row *row = g->first; row; row = row->next) {
		const struct db_value *v = &row->write->values[param];

		at = put(at, v->type == DB_NULL ? UINT32_MAX : size_of(v), LENGTH_BYTES);
		if (v->type == DB_I64)
			at = put(at, (u64)v->i, I64_BYTES);
		else if (size_of(v))
			at = (char *)memcpy(at, v->s.ptr, v->s.len) + v->s.len;
	}
	*ret_bytes = bytes;
	return size;
}

void pg_params_many(struct arena *a, const struct group *g, struct pg_params *ret_params)
{
	struct pg_params *p = ret_params;

	p->n = (int)strlen(g->query->binds);
	for (int i = 0; i < p->n; i++) {
		p->formats[i] = 1;
		p->lengths[i] = (int)add_array(a, g, (size_t)i, &p->values[i]);
	}
}

struct db_value pg_cell(struct arena *a, char column, const char *bytes, size_t len)
{
	u64 n = 0;

	if (!bytes)
		return db_null();
	if (column != 'i')
		return (struct db_value){ .type = column == 's' ? DB_STR : DB_BLOB,
					  .s = arena_dup(a, str_of(bytes, len)) };
	for (size_t i = 0; i < len; i++)
		n = n << 8 | (u8)bytes[i];
	if (len < I64_BYTES && len && (u8)bytes[0] & 0x80)
		n |= UINT64_MAX << (8 * len);
	return db_i64((i64)n);
}
