#include "engine/audit.h"

#include "base/log.h"
#include "json/json.h"

enum { FIELDS_MAX = 8, PAYLOAD_BYTES_MAX = 65536 };

struct err *audit_read(struct mesh *m, struct arena *a)
{
	struct audit_row *rows;
	size_t n;

	TRY(store_audit_before(m->engine->store, a, m->no, INT64_MAX, 1, &rows, &n));
	m->audit = (struct audit_head){ 0 };
	if (!n)
		return NULL;
	if (rows[0].hash.len != AUDIT_HASH_BYTES)
		return FAIL(a, INTERNAL, "the audit log of mesh '%s' is damaged at row %lld", m->id,
			    (long long)rows[0].seq);
	m->audit.seq = rows[0].seq;
	memcpy(m->audit.hash, rows[0].hash.ptr, AUDIT_HASH_BYTES);
	return NULL;
}

void audit_row_hash(struct arena *a, const struct mesh *m, const struct audit_row *row, const u8 *prev,
		    u8 ret_hash[AUDIT_HASH_BYTES])
{
	audit_hash(a, &(struct audit_link){ str_from(m->id), row->event, row->actor, row->payload,
		   row->created_ms }, prev, ret_hash);
}

/* Canonical: members by name, none that is absent (D-12 of the reference). */
static str payload_of(struct arena *a, const struct audit_field *fields)
{
	CLEANUP(buf_done) struct buf b = buf_make(PAYLOAD_BYTES_MAX);
	const struct audit_field *sorted[FIELDS_MAX];
	struct json_out o = json_out(&b);
	size_t n = 0;

	for (; fields->name; fields++) {
		size_t at = n;

		if (!fields->value.ptr)
			continue;
		if (n == FIELDS_MAX)
			abort();
		for (; at > 0 && strcmp(sorted[at - 1]->name, fields->name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = fields;
		n++;
	}
	json_obj(&o);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i]->raw)
			json_put_raw(&o, sorted[i]->name, sorted[i]->value);
		else
			json_put_str(&o, sorted[i]->name, sorted[i]->value);
	}
	json_obj_end(&o);
	return b.full ? S("{\"truncated\":true}") : arena_dup(a, buf_str(&b));
}

/* In memory the end of a stale mesh's chain is not what it is in the store. */
static bool head_is_known(struct mesh *m)
{
	struct err *failed = m->stale ? audit_read(m, m->engine->batch) : NULL;

	if (!failed)
		return true;
	log_err(LOG_ERROR, "not logged", failed);
	return false;
}

static void append(struct mesh *m, const struct member *actor, str event, str payload, bool may_wait)
{
	struct engine *e = m->engine;
	struct audit_row row = { .mesh_no = m->no, .seq = m->audit.seq + 1, .event = event,
				 .actor = actor ? str_from(actor->id) : STR_NONE, .payload = payload,
				 .created_ms = e->now_ms };

	audit_row_hash(e->batch, m, &row, m->audit.seq ? m->audit.hash : NULL, m->audit.hash);
	m->audit.seq = row.seq;
	row.hash = str_of(m->audit.hash, AUDIT_HASH_BYTES);
	store_audit_add(e->store, &row, may_wait);
	m->touched_in = e->batch_no;
}

void audit_with(struct mesh *m, const struct member *actor, const char *event,
		const struct audit_field *fields)
{
	const struct audit_event *row = audit_event_get(str_from(event));
	str payload;

	if (m->engine->quiet || !head_is_known(m))
		return;
	payload = payload_of(m->engine->batch, fields);
	if (!row)
		log_error("an audit event without a row", LOG_S("event", str_from(event)));
	if (!row || !row->frequent)
		log_info("audit", LOG_S("event", str_from(event)), LOG_S("mesh", str_from(m->id)),
			 LOG_S("actor", actor ? str_from(actor->id) : S("null")), LOG_S("payload", payload));
	append(m, actor, str_from(event), payload, row && row->frequent);
}

void audit(struct mesh *m, const struct member *actor, const char *event, str subject)
{
	const struct audit_event *row = audit_event_get(str_from(event));

	audit_with(m, actor, event,
		   AUDIT_FIELDS(AUDIT_TEXT(row && row->subject ? row->subject : "subject", subject)));
}

/* The groups of a presence, as canonical JSON. */
static str groups_json(struct arena *a, const struct groups *groups)
{
	CLEANUP(buf_done) struct buf b = buf_make(PAYLOAD_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_arr(&o);
	for (size_t i = 0; i < groups->n; i++) {
		json_obj(&o);
		json_put_str(&o, "name", groups->items[i].name);
		json_put_opt(&o, "role", groups->items[i].role);
		json_obj_end(&o);
	}
	json_arr_end(&o);
	return b.full ? S("[]") : arena_dup(a, buf_str(&b));
}

void audit_joined(const struct presence *p, bool restored)
{
	struct engine *e = p->mesh->engine;
	str groups, pubkey = str_from(p->member->pubkey);

	if (!e->settings.audit_presence)
		return;
	groups = groups_json(e->batch, &p->groups);
	if (p->session)
		audit_with(p->mesh, p->member, "peer_joined",
			   AUDIT_FIELDS(AUDIT_TEXT("pubkey", pubkey), AUDIT_TEXT("session_pubkey", presence_pubkey(p)),
					AUDIT_RAW("groups", groups), AUDIT_TEXT("via", S("session_hello")),
					AUDIT_TEXT("role", S("session"))));
	else
		audit_with(p->mesh, p->member, "peer_joined",
			   AUDIT_FIELDS(AUDIT_TEXT("pubkey", pubkey), AUDIT_RAW("groups", groups),
					AUDIT_RAW("restored", restored ? S("true") : S("false")),
					AUDIT_TEXT("role", S("control-plane"))));
}

void audit_left(const struct presence *p)
{
	if (!p->mesh->engine->settings.audit_presence)
		return;
	audit_with(p->mesh, p->member, "peer_left",
		   AUDIT_FIELDS(AUDIT_TEXT("session_pubkey", p->session ? presence_pubkey(p) : STR_NONE)));
}
