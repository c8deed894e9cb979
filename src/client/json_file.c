#include "client/json_file.h"

#include <string.h>

#include "client/file.h"
#include "crypto/secret.h"

struct err *json_file_load(struct arena *a, str path, const struct json_field *fields, void *args,
			   size_t args_size, bool *ret_found)
{
	const struct json *tree;
	struct err *e;
	str text;

	memset(args, 0, args_size);
	TRY(file_read_private(a, path, &text));
	*ret_found = !str_empty(str_trim(text));
	if (!*ret_found)
		return NULL;
	e = json_parse(a, text, &tree);
	if (!e && tree->type != JSON_OBJ)
		e = FAIL(a, BAD_REQUEST, "it holds no object but %s", json_type_name(tree->type));
	if (!e)
		e = json_decode(a, tree, fields, args, args_size, NULL);
	if (!e)
		return NULL;
	return err_make(a, e->code, e->file, e->line,
			"'%.*s' cannot be used: %.*s; mend it or move it away", STRF(path),
			STRF(e->text));
}

static void wipe_buf(struct buf *b)
{
	if (b->ptr)
		secret_wipe(b->ptr, b->cap);
	buf_done(b);
}

struct err *json_file_save(struct arena *a, str path, const struct json_field *fields,
			   const void *args)
{
	CLEANUP(wipe_buf) struct buf text = buf_make(FILE_BYTES_MAX);
	struct json_out out = json_out(&text);

	/* In one piece, so that growing leaves no unwiped copies behind. */
	(void)buf_room(&text, 64 * 1024);
	json_obj(&out);
	json_encode(&out, fields, args);
	json_obj_end(&out);
	buf_add_byte(&text, '\n');
	if (text.full)
		return FAIL(a, TOO_LARGE, "'%.*s' would have more than %d bytes", STRF(path),
			    FILE_BYTES_MAX);
	return file_write_private(a, path, buf_str(&text));
}
