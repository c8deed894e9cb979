/*
 * skill.c - instructions that the agents of a mesh share.
 *
 * Whoever shares a skill owns its name: only the author or an admin may replace or remove it,
 * where the reference lets every member. Reading and sharing draw from the same allowance as
 * peer lists, by size.
 */
#include "proto/skill.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/req.h"

enum { SKILL_JSON_MAX = 1 << 20 };

static struct err *invalid(struct req *rq, const char *field, const char *want)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "field '%s': %s", field, want), S("invalid"));
}

static struct err *check_allowance(struct req *rq)
{
	i64 kb = rq->engine->settings.lists_kb_per_minute;

	if (bucket_has(&rq->from->member->lists, rq->engine->mono_ms, kb, kb))
		return NULL;
	return FAIL(rq->arena, RATE_LIMIT, "too much at once; wait a minute");
}

static void charge(struct req *rq, size_t bytes)
{
	bucket_take_many(&rq->from->member->lists, (i64)(bytes / 1024 + 1));
}

/* A parsed value, or a list of texts, as text again. */
static str json_text(struct arena *a, const struct json *value, const struct strs *texts)
{
	struct buf b = buf_make(SKILL_JSON_MAX);
	struct json_out o = json_out(&b);
	str text;

	if (texts) {
		json_arr(&o);
		for (size_t i = 0; i < texts->n; i++)
			json_str(&o, texts->items[i]);
		json_arr_end(&o);
	} else {
		json_value(&o, value);
	}
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

static struct err *check(struct req *rq, const struct share_skill_args *in)
{
	if (!name_is_printable(in->name) || str_index(in->name, '/') >= 0)
		return invalid(rq, "name", "no '/' and no control characters");
	for (size_t i = 0; i < in->tags.n; i++)
		if (in->tags.items[i].len > NAME_BYTES_MAX || !name_is_printable(in->tags.items[i]))
			return invalid(rq, "tags", "texts of at most 128 bytes without control characters");
	if (!in->manifest)
		return NULL;
	if (in->manifest->type != JSON_OBJ)
		return invalid(rq, "manifest", "must be an object");
	if (in->manifest->raw.len > SKILL_MANIFEST_BYTES_MAX)
		return invalid(rq, "manifest", "at most 16384 bytes");
	return NULL;
}

static bool may_change(const struct req *rq, const struct skill_row *s)
{
	return s->author_no == rq->from->member->no || rq->from->member->role == ROLE_ADMIN;
}

/* Of a skill that is new: is there room? */
static struct err *check_room(struct req *rq)
{
	struct skill_row *rows;
	size_t n, own = 0;

	TRY(store_skills(rq->engine->store, rq->arena, rq->from->mesh->no, &rows, &n));
	for (size_t i = 0; i < n; i++)
		own += rows[i].author_no == rq->from->member->no;
	if (n >= SKILLS_PER_MESH_MAX)
		return FAIL(rq->arena, CONFLICT, "the mesh has %zu skills, the most it may; remove one first", n);
	if (own >= SKILLS_PER_MEMBER_MAX)
		return FAIL(rq->arena, CONFLICT, "you share %zu skills, the most one may; remove one first", own);
	return NULL;
}

/* Everybody else who asked to hear of skills. */
static void announce(struct req *rq, str event, str name)
{
	struct buf b = buf_make(SKILL_JSON_MAX);
	struct json_out o = json_out(&b);
	struct mesh *m = rq->from->mesh;
	struct conn_ref *to = NEW_ARRAY(rq->arena, struct conn_ref, (size_t)m->n_presences);
	struct presence *p;
	size_t n = 0;

	json_obj(&o);
	json_put_str(&o, "name", name);
	json_put_str(&o, "by", rq->from->member->name);
	json_obj_end(&o);
	DL_FOREACH(m->presences, p)
		if (p->online && p->skills && p != rq->from)
			to[n++] = p->conn;
	if (n)
		effects_send_many(rq->engine->fx, to, n, push_event(m, event, buf_str(&b)));
	buf_done(&b);
}

static struct err *share_skill_run(struct req *rq, const void *args)
{
	const struct share_skill_args *in = args;
	struct engine *e = rq->engine;
	struct member *member = rq->from->member;
	struct skill_row row = {
		.mesh_no = rq->from->mesh->no, .name = in->name, .description = in->description,
		.instructions = in->instructions, .tags = json_text(rq->arena, NULL, &in->tags),
		.author_no = member->no, .author_name = member->name, .created_ms = e->now_ms,
		.updated_ms = e->now_ms,
	};
	struct skill_ack_args ack = { in->name, S("shared"), in->_reqId };
	struct skill_row *old;

	TRY(check_allowance(rq));
	TRY(check(rq, in));
	if (in->manifest)
		row.manifest = json_text(rq->arena, in->manifest, NULL);
	TRY(store_skill(e->store, rq->arena, row.mesh_no, in->name, &old));
	if (old && !may_change(rq, old))
		return FAIL(rq->arena, FORBIDDEN, "the skill '%.*s' is %.*s's; choose another name",
			    STRF(in->name), STRF(old->author_name));
	if (old) {
		row.created_ms = old->created_ms;
		row.author_no = old->author_no;
		row.author_name = old->author_name;
		if (!in->manifest)
			row.manifest = old->manifest;
	} else {
		TRY(check_room(rq));
	}
	store_skill_put(e->store, &row);
	audit(rq->from->mesh, member, "skill_shared", in->name);
	charge(rq, in->instructions.len);
	req_send(rq, "skill_ack", skill_ack_fields, &ack);
	announce(rq, S("skill_shared"), in->name);
	return NULL;
}

static struct err *remove_skill_run(struct req *rq, const void *args)
{
	const struct remove_skill_args *in = args;
	struct store *st = rq->engine->store;
	struct skill_ack_args ack = { in->name, S("removed"), in->_reqId };
	i64 mesh_no = rq->from->mesh->no;
	struct skill_row *old;

	TRY(store_skill(st, rq->arena, mesh_no, in->name, &old));
	if (!old) {
		ack.action = S("not_found");
		req_send(rq, "skill_ack", skill_ack_fields, &ack);
		return NULL;
	}
	if (!may_change(rq, old))
		return FAIL(rq->arena, FORBIDDEN, "the skill '%.*s' is %.*s's; only its author or an admin "
			    "may remove it", STRF(in->name), STRF(old->author_name));
	store_skill_remove(st, mesh_no, in->name);
	audit(rq->from->mesh, rq->from->member, "skill_removed", in->name);
	req_send(rq, "skill_ack", skill_ack_fields, &ack);
	announce(rq, S("skill_removed"), in->name);
	return NULL;
}

/* What we wrote ourselves. */
static struct strs tags_of(struct arena *a, str text)
{
	struct strs tags = { .present = true };
	const struct json *list;

	if (json_parse(a, text, &list) || !list->count)
		return tags;
	tags.items = NEW_ARRAY(a, str, list->count);
	for (const struct json *item = list->first; item; item = item->next)
		tags.items[tags.n++] = item->s;
	return tags;
}

static struct err *get_skill_run(struct req *rq, const void *args)
{
	const struct get_skill_args *in = args;
	struct skill_data_args out = { ._reqId = in->_reqId };
	const struct json *manifest = NULL;
	struct skill_row *row;

	TRY(check_allowance(rq));
	TRY(store_skill(rq->engine->store, rq->arena, rq->from->mesh->no, in->name, &row));
	if (row) {
		if (row->manifest.len)
			TRY(json_parse(rq->arena, row->manifest, &manifest));
		out.skill = (struct skill_args){
			.present = true, .name = row->name, .description = row->description,
			.instructions = row->instructions, .tags = tags_of(rq->arena, row->tags),
			.author = row->author_name, .manifest = manifest,
			.createdAt = time_iso(rq->arena, row->created_ms),
			.updatedAt = time_iso(rq->arena, row->updated_ms),
		};
		charge(rq, row->instructions.len);
	}
	req_send(rq, "skill_data", skill_data_fields, &out);
	return NULL;
}

/* Without case, as far as ASCII has any; '%' and '_' are what they are. */
static bool has_part(str text, str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (str_eq_nocase(str_of(text.ptr + i, part.len), part))
			return true;
	return false;
}

static bool is_found(const struct skill_entry_args *s, str query)
{
	if (!query.len || has_part(s->name, query) || has_part(s->description, query))
		return true;
	for (size_t i = 0; i < s->tags.n; i++)
		if (has_part(s->tags.items[i], query))
			return true;
	return false;
}

static struct err *list_skills_run(struct req *rq, const void *args)
{
	const struct list_skills_args *in = args;
	struct skill_list_args out = { .skills = { .present = true }, ._reqId = in->_reqId };
	struct skill_row *rows;
	struct block *block;
	size_t n;

	TRY(check_allowance(rq));
	TRY(store_skills(rq->engine->store, rq->arena, rq->from->mesh->no, &rows, &n));
	out.skills.items = NEW_ARRAY(rq->arena, struct skill_entry_args, n);
	for (size_t i = 0; i < n; i++) {
		struct skill_entry_args entry = {
			.name = rows[i].name, .description = rows[i].description,
			.tags = tags_of(rq->arena, rows[i].tags), .author = rows[i].author_name,
			.createdAt = time_iso(rq->arena, rows[i].created_ms),
		};

		if (is_found(&entry, in->query))
			out.skills.items[out.skills.n++] = entry;
	}
	block = message_block("skill_list", skill_list_fields, &out);
	charge(rq, block->len);
	effects_send(rq->engine->fx, rq->event->from, block, 0);
	return NULL;
}

const struct op msg_skill[] = {
	OP("share_skill", OP_FRAME, share_skill, NULL, share_skill_run, "skill_ack", skill_ack_fields,
	   "Shares instructions with the agents of the mesh, or replaces one's own."),
	OP("get_skill", OP_FRAME, get_skill, NULL, get_skill_run, "skill_data", skill_data_fields,
	   "Reads a skill, instructions and all."),
	OP("list_skills", OP_FRAME, list_skills, NULL, list_skills_run, "skill_list", skill_list_fields,
	   "Lists the skills of the mesh by name, or those that a word is found in."),
	OP("remove_skill", OP_FRAME, remove_skill, NULL, remove_skill_run, "skill_ack", skill_ack_fields,
	   "Removes a skill: its author or an admin may."),
	{ 0 }
};
