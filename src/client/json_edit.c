#include "client/json_edit.h"

enum { INDENT_MAX = 8 };

/* ---- reading ---- */

static struct err *parse(struct arena *a, str text, const struct json **ret_root)
{
	if (text.len > JSON_EDIT_BYTES_MAX)
		return FAIL(a, TOO_LARGE, "%zu bytes; at most %d", text.len, JSON_EDIT_BYTES_MAX);
	TRY(json_parse(a, text, ret_root));
	if ((*ret_root)->type != JSON_OBJ)
		return FAIL(a, BAD_JSON, "expected an object at the top");
	return NULL;
}

static const struct json *item_get(const struct json *list, str name)
{
	const struct json *item = list->first;
	i64 index;

	if (!str_to_i64(name, &index) || index < 0)
		return NULL;
	while (item && index--)
		item = item->next;
	return item;
}

static const struct json *walk(const struct json *root, const struct json_path *path)
{
	const struct json *at = root;

	for (size_t i = 0; i < path->n && at; i++)
		at = at->type == JSON_ARR ? item_get(at, path->names[i]) : json_get(at, path->names[i]);
	return at;
}

struct err *json_edit_get(struct arena *a, str text, struct json_path path, const struct json **ret_value)
{
	const struct json *root;

	*ret_value = NULL;
	if (!str_trim(text).len)
		return NULL;
	TRY(parse(a, text, &root));
	*ret_value = walk(root, &path);
	return NULL;
}

/* ---- indentation ---- */

/* One level, as the first indented line has it; two spaces if there is none. Absent: all that
 * the file has stands in one line, and so does what is added. */
static str unit_of(str text, const struct json *root)
{
	if (root->count && str_index(str_trim(text), '\n') < 0)
		return STR_NONE;
	for (size_t i = 0; i + 1 < text.len; i++) {
		size_t n = 0;

		if (text.ptr[i] != '\n')
			continue;
		while (i + 1 + n < text.len && n < INDENT_MAX &&
		       (text.ptr[i + 1 + n] == ' ' || text.ptr[i + 1 + n] == '\t'))
			n++;
		if (n)
			return str_of(text.ptr + i + 1, n);
	}
	return S("  ");
}

static void new_line(struct buf *b, str unit, size_t level)
{
	if (!unit.ptr)
		return;
	buf_add_byte(b, '\n');
	for (size_t i = 0; i < level; i++)
		buf_add(b, unit);
}

static void add_key(struct buf *b, str unit, str key)
{
	struct json_out o = json_out(b);

	json_str(&o, key);
	buf_add(b, unit.ptr ? S(": ") : S(":"));
}

static void pretty(struct buf *b, const struct json *v, str unit, size_t level)
{
	bool is_obj = v->type == JSON_OBJ;
	struct json_out o = json_out(b);

	if ((!is_obj && v->type != JSON_ARR) || !v->count) {
		json_value(&o, v);
		return;
	}
	buf_add_byte(b, is_obj ? '{' : '[');
	for (const struct json *item = v->first; item; item = item->next) {
		new_line(b, unit, level + 1);
		if (is_obj)
			add_key(b, unit, item->key);
		pretty(b, item, unit, level + 1);
		if (item->next)
			buf_add_byte(b, ',');
	}
	new_line(b, unit, level);
	buf_add_byte(b, is_obj ? '}' : ']');
}

/* ---- changing the text ---- */

struct edit {
	struct arena *a;
	str text, unit;
	size_t from, to;      /* this part of the text is replaced */
	struct buf in;        /* by this */
};

static size_t at_of(const struct edit *e, const char *p)
{
	return (size_t)(p - e->text.ptr);
}

static str result(struct edit *e)
{
	str in = buf_str(&e->in), rest = str_skip(e->text, e->to), out;
	struct buf b = buf_make(2 * JSON_EDIT_BYTES_MAX);

	buf_add(&b, str_of(e->text.ptr, e->from));
	buf_add(&b, in);
	buf_add(&b, rest);
	out = arena_dup(e->a, buf_str(&b));
	buf_done(&b);
	buf_done(&e->in);
	return out;
}

/* "a": {"b": value}, from the i-th name of the path on. */
static void nested(struct edit *e, const struct json_path *path, size_t i, const struct json *value,
		   bool in_array, size_t level)
{
	add_key(&e->in, e->unit, path->names[i]);
	if (i + 1 < path->n) {
		buf_add_byte(&e->in, '{');
		new_line(&e->in, e->unit, level + 1);
		nested(e, path, i + 1, value, in_array, level + 1);
		new_line(&e->in, e->unit, level);
		buf_add_byte(&e->in, '}');
	} else if (in_array) {
		buf_add_byte(&e->in, '[');
		new_line(&e->in, e->unit, level + 1);
		pretty(&e->in, value, e->unit, level + 1);
		new_line(&e->in, e->unit, level);
		buf_add_byte(&e->in, ']');
	} else {
		pretty(&e->in, value, e->unit, level);
	}
}

static const struct json *last_of(const struct json *parent)
{
	const struct json *last = parent->first;

	while (last && last->next)
		last = last->next;
	return last;
}

/* Opens the place behind the last member of parent: the text up to its closing bracket is
 * replaced, what is added comes next, and close_place() after it. */
static void open_place(struct edit *e, const struct json *parent, size_t level)
{
	const struct json *last = last_of(parent);

	e->to = at_of(e, parent->raw.ptr) + parent->raw.len - 1;
	e->from = last ? at_of(e, last->raw.ptr) + last->raw.len : at_of(e, parent->raw.ptr) + 1;
	if (last)
		buf_add_byte(&e->in, ',');
	new_line(&e->in, e->unit, level + 1);
}

static struct edit edit_new(struct arena *a, str text, const struct json *root)
{
	return (struct edit){ .a = a, .text = text, .unit = unit_of(text, root), .in = buf_make(JSON_EDIT_BYTES_MAX) };
}

static struct err *change(struct arena *a, str text, struct json_path path, str value, bool append,
			  str *ret_text)
{
	const struct json *root, *parsed, *at, *next;
	struct edit e;
	size_t i = 0;

	if (!str_trim(text).len)
		text = S("{}\n");
	TRY(parse(a, text, &root));
	TRY(json_parse(a, value, &parsed));
	e = edit_new(a, text, root);
	for (at = root; i < path.n && (next = json_get(at, path.names[i])); i++)
		at = next;
	if (i < path.n && at->type != JSON_OBJ)
		return FAIL(a, CONFLICT, "'%.*s' is no object", STRF(i ? path.names[i - 1] : S("")));
	if (i == path.n && append && at->type != JSON_ARR)
		return FAIL(a, CONFLICT, "'%.*s' is no list", STRF(path.names[i - 1]));
	if (i == path.n && !append) {
		e.from = at_of(&e, at->raw.ptr);
		e.to = e.from + at->raw.len;
		pretty(&e.in, parsed, e.unit, i);
	} else {
		open_place(&e, at, i);
		if (i < path.n)
			nested(&e, &path, i, parsed, append, i + 1);
		else
			pretty(&e.in, parsed, e.unit, i + 1);
		new_line(&e.in, e.unit, i);
	}
	*ret_text = result(&e);
	return NULL;
}

struct err *json_edit_set(struct arena *a, str text, struct json_path path, str value, str *ret_text)
{
	return change(a, text, path, value, false, ret_text);
}

struct err *json_edit_append(struct arena *a, str text, struct json_path path, str value, str *ret_text)
{
	return change(a, text, path, value, true, ret_text);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where a child begins: at its key, if it has one. */
static size_t begin_of(const struct edit *e, const struct json *parent, const struct json *child)
{
	size_t at = at_of(e, child->raw.ptr);

	if (parent->type != JSON_OBJ)
		return at;
	while (e->text.ptr[at] != ':')
		at--;
	while (e->text.ptr[at] != '"')
		at--;
	/* The key's first quote: the nearest that no backslash stands before. */
	do {
		at--;
		while (e->text.ptr[at] != '"')
			at--;
	} while (at && e->text.ptr[at - 1] == '\\');
	return at;
}

/* Without the comma that parted it from the next or, of the last one, from the one before. */
static void cut_child(struct edit *e, const struct json *parent, const struct json *child)
{
	const struct json *before = parent->first;

	e->from = begin_of(e, parent, child);
	e->to = at_of(e, child->raw.ptr) + child->raw.len;
	if (child->next) {
		e->to = begin_of(e, parent, child->next);
		return;
	}
	if (before == child) { /* the only one: nothing between the brackets */
		e->from = at_of(e, parent->raw.ptr) + 1;
		e->to = at_of(e, parent->raw.ptr) + parent->raw.len - 1;
		return;
	}
	while (before->next != child)
		before = before->next;
	e->from = at_of(e, before->raw.ptr) + before->raw.len;
	while (e->to < e->text.len && is_space(e->text.ptr[e->to]) && e->text.ptr[e->to] != '\n')
		e->to++;
}

struct err *json_edit_remove(struct arena *a, str text, struct json_path path, str *ret_text)
{
	struct json_path up = path;
	const struct json *root, *parent, *child;
	struct edit e;

	*ret_text = text;
	if (!str_trim(text).len)
		return NULL;
	TRY(parse(a, text, &root));
	up.n--;
	parent = walk(root, &up);
	child = parent ? json_get(parent, path.names[up.n]) : NULL;
	if (!child)
		return NULL;
	e = edit_new(a, text, root);
	cut_child(&e, parent, child);
	*ret_text = result(&e);
	return NULL;
}

struct err *json_edit_remove_item(struct arena *a, str text, struct json_path path, size_t index,
				  str *ret_text)
{
	const struct json *root, *list, *child;
	struct edit e;

	TRY(parse(a, text, &root));
	list = walk(root, &path);
	child = list && list->type == JSON_ARR ? list->first : NULL;
	for (; child && index; index--)
		child = child->next;
	if (!child)
		return FAIL(a, NOT_FOUND, "the list has no such item");
	e = edit_new(a, text, root);
	cut_child(&e, list, child);
	*ret_text = result(&e);
	return NULL;
}
