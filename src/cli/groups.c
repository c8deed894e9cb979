#include "cli/groups.h"

struct err *groups_read(struct cli *c, str text, struct group_list *ret)
{
	str word;

	*ret = (struct group_list){ .items = NEW_ARRAY(c->arena, struct group_args, GROUPS_GIVEN_MAX),
				    .present = text.ptr != NULL };
	while (str_cut(&text, ',', &word)) {
		str rest = str_trim(word), name = STR_NONE;

		if (str_starts(rest, S("@")))
			rest = str_skip(rest, 1);
		if (!rest.len)
			continue;
		str_cut(&rest, ':', &name);
		if (!name.len || ret->n == GROUPS_GIVEN_MAX)
			return cli_invalid(c, S("groups"), "bad_format", S("a group has no name, or there are too many"),
					   S("NAME or NAME:ROLE, at most 32, with commas between"));
		ret->items[ret->n++] = (struct group_args){ .name = name, .role = rest };
	}
	return NULL;
}

str groups_text(struct arena *a, const struct group_list *groups)
{
	str all = STR_NONE;

	for (size_t i = 0; i < groups->n; i++) {
		const struct group_args *g = &groups->items[i];

		all = arena_printf(a, "%.*s%s@%.*s%s%.*s", STRF(all), i ? ", " : "", STRF(g->name),
				   g->role.len ? ":" : "", STRF(g->role));
	}
	return all;
}
