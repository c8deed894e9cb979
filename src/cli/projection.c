#include "cli/projection.h"

#include "cli/cli.h"
#include "client/validate.h"

static str first_part(str name)
{
	ptrdiff_t dot = str_index(name, '.');

	return dot < 0 ? name : str_of(name.ptr, (size_t)dot);
}

/* Is it declared, or a part of what is declared as a whole ("stats.uptime" of "stats")? */
static bool is_declared(str declared, str name)
{
	str known;

	while (str_cut(&declared, ' ', &known))
		if (str_eq(known, name) || str_eq(known, first_part(name)) ||
		    (str_eq(name, S("name")) && str_eq(known, S("displayName"))))
			return true;
	return false;
}

static struct err *unknown_field(struct arena *a, const struct command *cmd, str name)
{
	str declared = str_from(cmd->fields), known, names[PROJECTION_FIELDS_MAX];
	struct invalid why;
	size_t n = 0;

	while (n < ARRAY_LEN(names) && str_cut(&declared, ' ', &known))
		names[n++] = known;
	invalid_because(&why, S("json"), arena_printf(a, "--json=%.*s", STRF(name)),
			str_empty(name) ? "missing" : "unknown",
			str_empty(name) ? S("a field without a name")
					: arena_printf(a, "'%s' has no field '%.*s'", cmd->name, STRF(name)),
			str_from(cmd->fields));
	why.nearest = nearest(name, names, n);
	return invalid_err(a, &why);
}

struct err *projection_parse(struct arena *a, const struct command *cmd, str typed,
			     const struct projection **ret_projection)
{
	struct projection *p = NEW(a, struct projection);
	str *names = NEW_ARRAY(a, str, PROJECTION_FIELDS_MAX), rest = typed, name;
	struct invalid why;

	p->names = names;
	if (!cmd->fields) {
		invalid_because(&why, S("json"), arena_printf(a, "--json=%.*s", STRF(typed)), "not_supported",
				arena_printf(a, "'%s' has no fields to choose from", cmd->name),
				S("--json alone"));
		return invalid_err(a, &why);
	}
	while (str_cut(&rest, ',', &name)) {
		name = str_trim(name);
		if (str_empty(name) || !is_declared(str_from(cmd->fields), name))
			return unknown_field(a, cmd, name);
		if (p->n == PROJECTION_FIELDS_MAX)
			return FAIL(a, BAD_REQUEST, "more than %d fields", PROJECTION_FIELDS_MAX);
		for (size_t i = 0; i < p->n; i++)
			if (str_eq(names[i], name))
				return FAIL(a, BAD_REQUEST, "field '%.*s' is named twice", STRF(name));
		names[p->n++] = name;
	}
	*ret_projection = p;
	return NULL;
}

static const struct json *member(const struct json *obj, str name)
{
	const struct json *value = json_get(obj, name);
	str part;

	if (!value && str_eq(name, S("name")))
		return json_get(obj, S("displayName"));
	while (!value && obj && str_cut(&name, '.', &part))
		obj = json_get(obj, part);
	return value ? value : name.ptr ? NULL : obj;
}

void projection_members(const struct projection *p, const struct json *obj, struct json_out *o)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct json *value = member(obj, p->names[i]);

		json_key(o, p->names[i]);
		if (value)
			json_value(o, value);
		else
			json_null(o);
	}
}
