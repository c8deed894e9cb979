/*
 * output_json.c - the envelope of --json, and the choice of its fields.
 *
 * Rows are chosen from as they leave, so that a list may be written while it arrives.
 */
#include "cli/output_internal.h"

#include "cli/text.h"

struct json_out *out_json(struct output *o)
{
	o->json_out = json_out(&o->json_buf);
	o->json_open = true;
	o->json_had_list = false;
	json_obj(&o->json_out);
	json_put_str(&o->json_out, "schema_version", S("1.0"));
	return &o->json_out;
}

/* Puts what was chosen of each row in the place of the rows since `json_list_start`. */
static void project_rows(struct output *o)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf chosen = buf_make(OUTPUT_BYTES_MAX);
	str rows = str_skip(buf_str(&o->json_buf), o->json_list_start);
	bool goes_on = str_starts(rows, S(","));
	struct json_out j = json_out(&chosen);
	const struct json *list;

	if (str_empty(rows) || json_parse(a, arena_printf(a, "[%.*s]", STRF(str_skip(rows, goes_on))), &list))
		return;
	for (const struct json *row = list->first; row; row = row->next) {
		if (row->type != JSON_OBJ) {
			json_value(&j, row);
			continue;
		}
		json_obj(&j);
		projection_members(o->projection, row, &j);
		json_obj_end(&j);
	}
	o->json_buf.len = o->json_list_start;
	if (goes_on)
		buf_add_byte(&o->json_buf, ',');
	buf_add(&o->json_buf, buf_str(&chosen));
	o->json_list_start = o->json_buf.len;
}

/* The whole document, which is complete; the envelope's own members stay. */
static void project_document(struct output *o)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf chosen = buf_make(OUTPUT_BYTES_MAX);
	struct json_out j = json_out(&chosen);
	const struct json *doc;

	if (json_parse(a, buf_str(&o->json_buf), &doc))
		return;
	json_obj(&j);
	json_put_str(&j, "schema_version", json_get_str(doc, S("schema_version")));
	projection_members(o->projection, doc, &j);
	json_put_bool(&j, "ok", json_get_bool(doc, S("ok")));
	json_obj_end(&j);
	buf_clear(&o->json_buf);
	buf_add(&o->json_buf, buf_str(&chosen));
}

void out_json_list(struct output *o, const char *key)
{
	json_key(&o->json_out, str_from(key));
	json_arr(&o->json_out);
	o->json_in_list = o->json_had_list = true;
	o->json_list_start = o->json_buf.len;
}

void out_json_list_end(struct output *o)
{
	if (o->projection)
		project_rows(o);
	json_arr_end(&o->json_out);
	o->json_in_list = false;
}

void out_json_move(struct output *o)
{
	if (o->projection && o->json_in_list)
		project_rows(o);
	text_add_json(&o->buf, buf_str(&o->json_buf));
	o->buf.full |= o->json_buf.full;
	buf_clear(&o->json_buf);
	o->json_list_start = 0;
}

void out_json_close(struct output *o)
{
	json_obj_end(&o->json_out);
	if (o->projection && !o->json_had_list)
		project_document(o);
	out_json_move(o);
	buf_add_byte(&o->buf, '\n');
	o->json_open = false;
}

void out_json_end(struct output *o)
{
	json_put_bool(&o->json_out, "ok", true);
	out_json_close(o);
}
