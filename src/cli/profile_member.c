#include "cli/profile.h"

#include "cli/groups.h"
#include "client/validate.h"

bool member_edit_any(const struct member_edit *edit)
{
	return edit->name.ptr || edit->role_tag.ptr || edit->groups.ptr || edit->message_mode;
}

struct err *member_meant(struct cli *c, const struct peers_list_args *list, str own_pubkey, str who,
			 const struct member_args **ret_member)
{
	struct target target;

	for (size_t i = 0; i < list->members.n; i++) {
		*ret_member = &list->members.items[i];
		if (str_eq((*ret_member)->memberId, who))
			return NULL;
	}
	TRY(resolve_target(c->arena, list, own_pubkey, who, &target));
	for (size_t i = 0; i < list->members.n; i++) {
		*ret_member = &list->members.items[i];
		if (str_eq_nocase((*ret_member)->pubkey, target.member_pubkey))
			return NULL;
	}
	return FAIL(c->arena, NOT_FOUND, "no member of this mesh is '%.*s'", STRF(who));
}

static struct err *find_id(struct cli *c, struct wire *w, str who, str *ret_id)
{
	const struct list_peers_args all = { .members = true };
	struct peers_list_args list;
	const struct member_args *m;

	TRY(wire_call(w, c->arena, "list_peers", list_peers_fields, &all, peers_list_fields, &list, sizeof(list)));
	TRY(member_meant(c, &list, w->mesh->pubkey, who, &m));
	*ret_id = m->memberId;
	return NULL;
}

static struct err *update(struct cli *c, struct wire *w, const struct member_edit *edit,
			  struct member_update_args *args, struct member_updated_args *ret)
{
	if (edit->member.ptr)
		TRY(find_id(c, w, edit->member, &args->memberId));
	return wire_call(w, c->arena, "member_update", member_update_fields, args, member_updated_fields, ret,
			 sizeof(*ret));
}

struct err *member_edit(struct cli *c, const struct member_edit *edit, struct member_updated_args *ret, str *ret_slug)
{
	struct member_update_args args = { .roleTag = edit->role_tag, .messageMode = edit->message_mode };
	struct invalid why;
	struct wire w;
	struct err *e;

	if (edit->name.ptr && !valid_name(c->arena, S("name"), edit->name, NAME_BYTES_MAX, &args.displayName, &why))
		return invalid_err(c->arena, &why);
	TRY(groups_read(c, edit->groups, &args.groups));
	for (size_t i = 0; i < args.groups.n; i++)
		if (!valid_group(c->arena, args.groups.items[i].name, &args.groups.items[i].name, &why))
			return invalid_err(c->arena, &why);
	TRY(wire_open(c, &w));
	e = update(c, &w, edit, &args, ret);
	*ret_slug = w.mesh->slug;
	wire_close(&w);
	return e;
}

void member_edit_json(struct json_out *j, const struct member_updated_args *m)
{
	struct member_updated_args all = *m;

	all._reqId = STR_NONE;
	json_encode(j, member_updated_fields, &all);
}
