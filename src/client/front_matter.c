#include "client/front_matter.h"

#include <yaml.h>

/* Takes the YAML off the text; false: there is none. */
static bool cut(str *text, str *ret_yaml)
{
	str rest = *text, line, all;

	if (str_starts(rest, S("\xef\xbb\xbf")))
		rest = str_skip(rest, 3);
	*text = rest;
	if (!str_cut(&rest, '\n', &line) || !str_eq(str_trim(line), S("---")))
		return false;
	all = rest;
	while (str_cut(&rest, '\n', &line)) {
		if (!str_eq(line, S("---")) && !str_eq(line, S("---\r")))
			continue;
		*ret_yaml = str_of(all.ptr, (size_t)(line.ptr - all.ptr));
		*text = rest.ptr ? rest : S("");
		return true;
	}
	return false;
}

static str text_of(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE)
		return STR_NONE;
	return str_of(node->data.scalar.value, node->data.scalar.length);
}

static struct err *bad(struct arena *a, const yaml_node_t *node, str key, const char *want)
{
	return FAIL(a, BAD_REQUEST, "front matter, line %zu: '%.*s' %s", node->start_mark.line + 2, STRF(key), want);
}

/* "Read, Bash(git add:*)": at commas, or at spaces that stand outside of parentheses. */
static struct strs split(struct arena *a, str text)
{
	char by = str_index(text, ',') >= 0 ? ',' : ' ';
	struct strs out = { .items = NEW_ARRAY(a, str, text.len / 2 + 1), .present = true };
	size_t start = 0;
	int depth = 0;

	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.ptr[i] : by;

		depth += (c == '(') - (c == ')');
		if (i < text.len && (c != by || depth > 0))
			continue;
		if (str_trim(str_of(text.ptr + start, i - start)).len)
			out.items[out.n++] = arena_dup(a, str_trim(str_of(text.ptr + start, i - start)));
		start = i + 1;
	}
	return out;
}

static struct err *list_of(struct arena *a, yaml_document_t *doc, const yaml_node_t *node, str key,
			   struct strs *ret_list)
{
	const yaml_node_item_t *item = node->data.sequence.items.start, *end = node->data.sequence.items.top;

	if (node->type == YAML_SCALAR_NODE) {
		*ret_list = split(a, text_of(node));
		return NULL;
	}
	if (node->type != YAML_SEQUENCE_NODE || end - item > FRONT_MATTER_ITEMS_MAX)
		return bad(a, node, key, "must be a list of at most 256 texts");
	*ret_list = (struct strs){ .items = NEW_ARRAY(a, str, (size_t)(end - item)), .present = true };
	for (; item < end; item++) {
		const yaml_node_t *text = yaml_document_get_node(doc, *item);

		if (text->type != YAML_SCALAR_NODE)
			return bad(a, text, key, "must be a list of texts");
		ret_list->items[ret_list->n++] = arena_dup(a, text_of(text));
	}
	return NULL;
}

static bool key_is(str key, const char *name)
{
	for (size_t i = 0; i < key.len; i++)
		if (!name[i] || (key.ptr[i] == '-' ? '_' : key.ptr[i]) != name[i])
			return false;
	return !name[key.len];
}

static struct err *take(struct arena *a, yaml_document_t *doc, str key, const yaml_node_t *value,
			struct front_matter *f)
{
	const struct { const char *name; str *to; } texts[] = {
		{ "name", &f->name },   { "description", &f->description }, { "when_to_use", &f->when_to_use },
		{ "model", &f->model }, { "context", &f->context },         { "agent", &f->agent },
		{ "argument_hint", &f->argument_hint },
	};

	if (key_is(key, "tags"))
		return list_of(a, doc, value, key, &f->tags);
	if (key_is(key, "allowed_tools"))
		return list_of(a, doc, value, key, &f->allowed_tools);
	if (key_is(key, "user_invocable")) {
		f->not_user_invocable = str_eq(text_of(value), S("false")) || str_eq(text_of(value), S("no"));
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!key_is(key, texts[i].name))
			continue;
		if (value->type != YAML_SCALAR_NODE || !str_is_utf8(text_of(value)))
			return bad(a, value, key, "must be a text");
		*texts[i].to = arena_dup(a, text_of(value));
	}
	return NULL;
}

static struct err *take_all(struct arena *a, yaml_document_t *doc, struct front_matter *f)
{
	const yaml_node_t *root = yaml_document_get_root_node(doc);
	const yaml_node_pair_t *pair;

	if (!root || (root->type == YAML_SCALAR_NODE && !text_of(root).len))
		return NULL; /* nothing between the lines */
	if (root->type != YAML_MAPPING_NODE)
		return FAIL(a, BAD_REQUEST, "front matter: expected lines of the form 'key: value'");
	for (pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++)
		TRY(take(a, doc, text_of(yaml_document_get_node(doc, pair->key)),
			 yaml_document_get_node(doc, pair->value), f));
	return NULL;
}

static void parser_delete(void *parser)
{
	yaml_parser_delete(parser);
}

static void document_delete(void *document)
{
	yaml_document_delete(document);
}

struct err *front_matter_read(struct arena *a, str text, struct front_matter *ret_front)
{
	yaml_parser_t *parser = NEW(a, yaml_parser_t);
	yaml_document_t *document = NEW(a, yaml_document_t);
	str yaml = STR_NONE;

	*ret_front = (struct front_matter){ 0 };
	if (text.len > FRONT_MATTER_BYTES_MAX)
		return FAIL(a, TOO_LARGE, "%zu bytes; a skill has at most %d", text.len, FRONT_MATTER_BYTES_MAX);
	if (!str_is_utf8(text))
		return FAIL(a, BAD_REQUEST, "not UTF-8 text");
	if (cut(&text, &yaml)) {
		if (!yaml_parser_initialize(parser))
			abort();
		arena_defer(a, parser_delete, parser);
		yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(parser, (const unsigned char *)yaml.ptr, yaml.len);
		if (!yaml_parser_load(parser, document))
			return FAIL(a, BAD_REQUEST, "front matter, line %zu, column %zu: %s",
				    parser->problem_mark.line + 2, parser->problem_mark.column + 1,
				    parser->problem ? parser->problem : "not YAML");
		arena_defer(a, document_delete, document);
		TRY(take_all(a, document, ret_front));
	}
	while (text.len && (text.ptr[0] == '\n' || text.ptr[0] == '\r'))
		text = str_skip(text, 1);
	ret_front->body = text;
	return NULL;
}
