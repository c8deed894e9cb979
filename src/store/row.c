#include "store/row.h"

#include <assert.h>

struct db_value text_value(str s)
{
	return db_str(s.ptr ? s : S(""));
}

struct db_value opt_value(str s)
{
	return s.len ? db_str(s) : db_null();
}

struct db_value blob_value(str s)
{
	return s.len ? db_blob(s) : db_null();
}

static struct db_value get(const struct field *f, const void *row)
{
	const void *p = (const char *)row + f->offset;

	switch (f->kind) {
	case FIELD_I64: return db_i64(*(const i64 *)p);
	case FIELD_INT: return db_int(*(const int *)p);
	case FIELD_BOOL: return db_bool(*(const bool *)p);
	case FIELD_TEXT: return text_value(*(const str *)p);
	case FIELD_OPT: return opt_value(*(const str *)p);
	case FIELD_BLOB: return blob_value(*(const str *)p);
	case FIELD_END: break;
	}
	return db_null();
}

void row_queue(struct store *st, enum query_no q, const struct field *fields, const void *row)
{
	struct db_value values[ROW_FIELDS_MAX];
	size_t n = 0;

	for (; fields[n].kind != FIELD_END; n++) {
		assert(n < ROW_FIELDS_MAX);
		values[n] = get(&fields[n], row);
	}
	st->urgent = true;
	db_queue(st->db, &store_queries[q], values, n);
}

void row_read(const struct field *fields, const struct db_value *cells, void *row)
{
	for (size_t i = 0; fields[i].kind != FIELD_END; i++) {
		void *p = (char *)row + fields[i].offset;

		switch (fields[i].kind) {
		case FIELD_I64: *(i64 *)p = cells[i].i; break;
		case FIELD_INT: *(int *)p = (int)cells[i].i; break;
		case FIELD_BOOL: *(bool *)p = cells[i].i != 0; break;
		default: *(str *)p = cells[i].s; break;
		}
	}
}

struct err *rows_get(struct store *st, struct arena *a, enum query_no q,
		     const struct db_value *values, size_t n_values, const struct field *fields,
		     size_t size, void **ret_rows, size_t *ret_n)
{
	struct db_rows rows;
	char *out;

	TRY(db_run(st->db, a, &store_queries[q], values, n_values, &rows));
	out = arena_array(a, size, rows.n);
	for (size_t i = 0; i < rows.n; i++)
		row_read(fields, db_row(&rows, i), out + i * size);
	*ret_rows = out;
	*ret_n = rows.n;
	return NULL;
}

struct err *row_get(struct store *st, struct arena *a, enum query_no q,
		    const struct db_value *values, size_t n_values, const struct field *fields,
		    size_t size, void **ret_row)
{
	size_t n;
	void *rows;

	TRY(rows_get(st, a, q, values, n_values, fields, size, &rows, &n));
	*ret_row = n ? rows : NULL;
	return NULL;
}
