/*
 * checkpoint.c - the file of a checkpoint, which somebody else may have written; and pages of an audit
 * log as a broker may hand them out.
 */
#include "client/audit_walk.h"
#include "client/checkpoint.h"
#include "crypto/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_checkpoint(struct arena *a, str text)
{
	struct audit_checkpoint_result_args c, again;
	str written;

	if (checkpoint_read(a, text, &c))
		return;
	written = checkpoint_write(a, &c);
	if (checkpoint_read(a, written, &again) || !str_eq(written, checkpoint_write(a, &again)))
		abort();
}

static void walk_page(struct arena *a, str text)
{
	struct audit_rows_result_args page;
	struct audit_walk w = { .seq = 0 };
	const struct json *obj;

	if (json_parse(a, text, &obj) || obj->type != JSON_OBJ ||
	    json_decode(a, obj, audit_rows_result_fields, &page, sizeof(page), NULL))
		return;
	w.mesh_id = page.meshId;
	if (audit_walk_page(&w, a, &page) && w.seq != (i64)page.rows.n)
		abort();
	if (audit_walk_end(&w, page.last) && (w.bad_seq || w.seq < page.last))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str text = str_of((const char *)data, size);

	if (!crypto_start())
		abort();
	read_checkpoint(a, text);
	walk_page(a, text);
	return 0;
}
