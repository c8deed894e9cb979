#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, skill_row, mesh_no),      FIELD(TEXT, skill_row, name),
	FIELD(TEXT, skill_row, description), FIELD(TEXT, skill_row, instructions),
	FIELD(TEXT, skill_row, tags),        FIELD(OPT, skill_row, manifest),
	FIELD(I64, skill_row, author_no),    FIELD(TEXT, skill_row, author_name),
	FIELD(I64, skill_row, created_ms),   FIELD(I64, skill_row, updated_ms),
	{ 0 },
};

void store_skill_put(struct store *st, const struct skill_row *s)
{
	row_queue(st, Q_SKILL_PUT, fields, s);
}

struct err *store_skill(struct store *st, struct arena *a, i64 mesh_no, str name,
			struct skill_row **ret_skill)
{
	return row_get(st, a, Q_SKILL, DB_VALUES(V(mesh_no), text_value(name)), fields,
		       sizeof(**ret_skill), (void **)ret_skill);
}

struct err *store_skills(struct store *st, struct arena *a, i64 mesh_no, struct skill_row **ret_rows,
			 size_t *ret_n)
{
	static const struct field entry[] = {
		FIELD(TEXT, skill_row, name),    FIELD(TEXT, skill_row, description),
		FIELD(TEXT, skill_row, tags),    FIELD(I64, skill_row, author_no),
		FIELD(TEXT, skill_row, author_name), FIELD(I64, skill_row, created_ms),
		{ 0 },
	};

	return rows_get(st, a, Q_SKILLS, DB_VALUES(V(mesh_no)), entry, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_skill_remove(struct store *st, i64 mesh_no, str name)
{
	QUEUE(st, SKILL_REMOVE, V(mesh_no), text_value(name));
}
