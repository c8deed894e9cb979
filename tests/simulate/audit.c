/*
 * audit.c - at the end of a run: the audit log of each mesh is one whole chain, whatever failed, and tells of
 * every message that was acked.
 */
#include "crypto/audit.h"
#include "simulate/sim.h"
#include "store/audit.h"

enum { PAGE_ROWS = 500 };

/* Messages that a row tells of. */
static i64 messages_of(struct sim *s, const struct audit_row *row)
{
	const struct json *payload;

	if (!str_eq(row->event, S("message_sent")) || json_parse(s->a, row->payload, &payload))
		return 0;
	return json_get_int(payload, S("count"), 1);
}

static void check_chain(struct sim *s, int mesh, i64 mesh_no, i64 *ret_messages)
{
	u8 hash[AUDIT_HASH_BYTES];
	struct audit_row *rows;
	i64 seq = 0;
	size_t n;

	do {
		if (store_audit_after(s->shards[0].store, s->a, mesh_no, seq, PAGE_ROWS, &rows, &n)) {
			violated(s, "audit", "the log of mesh %d cannot be read", mesh);
			return;
		}
		for (size_t i = 0; i < n; i++) {
			audit_hash(s->a, &(struct audit_link){ str_from(s->mesh_ids[mesh]), rows[i].event, rows[i].actor,
				   rows[i].payload, rows[i].created_ms }, seq ? hash : NULL, hash);
			if (rows[i].seq != seq + 1 || !str_eq(rows[i].hash, str_of(hash, sizeof(hash)))) {
				violated(s, "audit", "the log of mesh %d does not hold at row %lld", mesh, (long long)seq + 1);
				return;
			}
			seq = rows[i].seq;
			*ret_messages += messages_of(s, &rows[i]);
		}
	} while (n == PAGE_ROWS);
}

void audit_check_all(struct sim *s)
{
	for (int mesh = 0; mesh < s->n_meshes; mesh++) {
		struct mesh_row *row;
		i64 logged = 0, acked = 0;

		if (store_mesh_by_id(s->shards[0].store, s->a, str_from(s->mesh_ids[mesh]), &row) || !row)
			abort();
		check_chain(s, mesh, row->no, &logged);
		for (int i = 0; i < s->n_msgs; i++)
			acked += s->msgs[i]->acked && s->msgs[i]->from->member->mesh == mesh;
		if (logged < acked)
			violated(s, "audit", "%lld messages of mesh %d were acked, its log tells of %lld", (long long)acked, mesh,
				 (long long)logged);
	}
}
