#include "client/audit_walk.h"

#include "crypto/encode.h"

enum { PAYLOAD_BYTES_MAX = 1 << 20 };

static bool bad(struct audit_walk *w, i64 seq, const char *why)
{
	w->bad_seq = seq;
	w->why = why;
	return false;
}

/* Whoever reads the payload as JSON computes the same hash. */
static bool is_canonical(struct arena *a, str payload)
{
	CLEANUP(buf_done) struct buf b = buf_make(PAYLOAD_BYTES_MAX);
	struct json_out o = json_out(&b);
	const struct json *value;

	if (json_parse(a, payload, &value) || value->type != JSON_OBJ)
		return false;
	json_canonical_audit(&o, value);
	return str_eq(buf_str(&b), payload);
}

static bool fits_marks(const struct audit_walk *w, str hash)
{
	for (size_t i = 0; i < AUDIT_MARKS_MAX; i++)
		if (w->marks[i] && w->marks[i]->seq == w->seq && !str_eq(w->marks[i]->hash, hash))
			return false;
	return true;
}

static bool take(struct audit_walk *w, struct arena *a, const struct audit_stored_args *row)
{
	const struct audit_link link = { w->mesh_id, row->event, row->actor, row->payload, row->createdMs };
	u8 hash[AUDIT_HASH_BYTES];

	if (row->seq != w->seq + 1)
		return bad(w, w->seq + 1, row->seq > w->seq ? "the row is missing" : "the rows are out of order");
	audit_hash(a, &link, w->seq ? w->hash : NULL, hash);
	if (!str_eq(row->hash, hex_encode(a, str_of(hash, sizeof(hash)))))
		return bad(w, row->seq, "its hash is not that of its content and of the row before it");
	if (!is_canonical(a, row->payload))
		return bad(w, row->seq, "its payload is not canonical JSON");
	memcpy(w->hash, hash, sizeof(hash));
	w->seq = row->seq;
	if (!fits_marks(w, row->hash))
		return bad(w, row->seq, "it is not the row that the checkpoint was made of: the log was written anew");
	return true;
}

bool audit_walk_page(struct audit_walk *w, struct arena *a, const struct audit_rows_result_args *page)
{
	if (w->bad_seq)
		return false;
	if (!str_eq(page->meshId, w->mesh_id))
		return bad(w, w->seq + 1, "the broker gave rows of another mesh");
	for (size_t i = 0; i < page->rows.n; i++)
		if (!take(w, a, &page->rows.items[i]))
			return false;
	return true;
}

bool audit_walk_end(struct audit_walk *w, i64 last)
{
	if (w->bad_seq)
		return false;
	for (size_t i = 0; i < AUDIT_MARKS_MAX; i++)
		if (w->marks[i])
			last = MAX(last, w->marks[i]->seq);
	return w->seq >= last || bad(w, w->seq + 1, "rows were taken off the end");
}
