#include "store/row.h"

static const struct field fields[] = { FIELD(I64, mesh_row, no),
				       FIELD(TEXT, mesh_row, id),
				       FIELD(TEXT, mesh_row, slug),
				       FIELD(TEXT, mesh_row, name),
				       FIELD(TEXT, mesh_row, owner_pubkey),
				       FIELD(BLOB, mesh_row, owner_secret),
				       FIELD(BLOB, mesh_row, root_key),
				       FIELD(I64, mesh_row, created_ms),
				       FIELD(I64, mesh_row, archived_ms),
				       { 0 } };

void store_mesh_add(struct store *st, const struct mesh_row *m)
{
	row_queue(st, Q_MESH_ADD, fields, m);
}

struct err *store_mesh_by_id(struct store *st, struct arena *a, str id, struct mesh_row **ret_mesh)
{
	return row_get(st, a, Q_MESH_BY_ID, DB_VALUES(text_value(id)), fields, sizeof(**ret_mesh),
		       (void **)ret_mesh);
}

struct err *store_mesh_by_no(struct store *st, struct arena *a, i64 no, struct mesh_row **ret_mesh)
{
	return row_get(st, a, Q_MESH_BY_NO, DB_VALUES(V(no)), fields, sizeof(**ret_mesh),
		       (void **)ret_mesh);
}

struct err *store_mesh_by_slug(struct store *st, struct arena *a, str slug,
			       struct mesh_row **ret_mesh)
{
	return row_get(st, a, Q_MESH_BY_SLUG, DB_VALUES(text_value(slug)), fields,
		       sizeof(**ret_mesh), (void **)ret_mesh);
}

struct err *store_meshes(struct store *st, struct arena *a, i64 after_no, size_t limit, struct mesh_row **ret_rows,
			 size_t *ret_n)
{
	return rows_get(st, a, Q_MESHES, DB_VALUES(V(after_no), V((i64)limit)), fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

struct err *store_mesh_figures(struct store *st, struct arena *a, i64 mesh_no, struct mesh_figures **ret_figures)
{
	static const struct field figures[] = {
		FIELD(I64, mesh_figures, n_members), FIELD(I64, mesh_figures, n_waiting),
		FIELD(TEXT, mesh_figures, owner), FIELD(TEXT, mesh_figures, owner_email), { 0 },
	};

	return row_get(st, a, Q_MESH_FIGURES, DB_VALUES(V(mesh_no)), figures, sizeof(**ret_figures),
		       (void **)ret_figures);
}

void store_mesh_archive(struct store *st, i64 mesh_no, i64 archived_ms)
{
	QUEUE(st, MESH_ARCHIVE, V(archived_ms), V(mesh_no));
}

void store_mesh_rename(struct store *st, i64 mesh_no, str slug, str name)
{
	QUEUE(st, MESH_RENAME, text_value(slug), text_value(name), V(mesh_no));
}

void store_topic_forget(struct store *st, i64 mesh_no, i64 topic_no)
{
	QUEUE(st, NOTIFICATIONS_FORGET, V(topic_no), V(mesh_no));
	QUEUE(st, POSTS_FORGET, V(topic_no), V(mesh_no));
	QUEUE(st, COPIES_FORGET, V(topic_no), V(mesh_no));
}

void store_skills_forget(struct store *st, i64 mesh_no)
{
	QUEUE(st, SKILLS_FORGET, V(mesh_no));
}

void store_mesh_keys_set(struct store *st, const struct mesh_row *m)
{
	QUEUE(st, MESH_KEYS_SET, text_value(m->owner_pubkey), blob_value(m->owner_secret),
	      blob_value(m->root_key), V(m->no));
}

struct err *store_mesh_numbers(struct store *st, struct arena *a, struct mesh_number **ret_rows,
			       size_t *ret_n)
{
	static const struct field number_fields[] = { FIELD(I64, mesh_number, no),
						      FIELD(TEXT, mesh_number, id), { 0 } };

	return rows_get(st, a, Q_MESH_NUMBERS, DB_VALUES(), number_fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}
