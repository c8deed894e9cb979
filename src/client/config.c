#include "client/config.h"

#include <string.h>
#include <unistd.h>

#include "client/file.h"
#include "client/json_file.h"
#include "client/validate.h"

enum { SLUG_TRIES = 1000 };

struct err *config_load(struct arena *a, const struct paths *p, struct config_args *ret_config)
{
	struct config_args c;
	bool found;

	TRY(json_file_load(a, p->config, config_fields, &c, sizeof(c), &found));
	*ret_config = c;
	return NULL;
}

static struct err *config_save(struct arena *a, const struct paths *p, struct config_args *c)
{
	c->version = 1;
	c->meshes.present = true;
	return json_file_save(a, p->config, config_fields, c);
}

/* Under the lock from here to file_unlock(): nobody else changes it meanwhile. */
static struct err *config_open(struct arena *a, const struct paths *p,
			       struct config_args *ret_config, struct file_lock **ret_lock)
{
	struct err *e;

	TRY(paths_make(a, p));
	TRY(file_lock(a, p->lock, FILE_LOCK_MS, ret_lock));
	e = config_load(a, p, ret_config);
	if (e)
		file_unlock(*ret_lock);
	return e;
}

static const struct config_mesh_args *find_slug(const struct config_args *c, str slug,
						str but_mesh_id)
{
	for (size_t i = 0; i < c->meshes.n; i++) {
		const struct config_mesh_args *m = &c->meshes.items[i];

		if (str_eq(m->slug, slug) && !str_eq(m->meshId, but_mesh_id))
			return m;
	}
	return NULL;
}

/* Two brokers may each have a mesh of that name; here a slug names one. */
static struct err *free_slug(struct arena *a, const struct config_args *c,
			     const struct config_mesh_args *mesh, str *ret_slug)
{
	str slug = mesh->slug;

	for (int i = 2; find_slug(c, slug, mesh->meshId); i++) {
		if (i > SLUG_TRIES)
			return FAIL(a, EXISTS, "too many meshes are called '%.*s' here",
				    STRF(mesh->slug));
		slug = arena_printf(a, "%.*s-%d", STRF(mesh->slug), i);
	}
	*ret_slug = slug;
	return NULL;
}

static struct err *add_mesh(struct arena *a, const struct paths *p, struct config_args *c,
			    const struct config_mesh_args *mesh, str *ret_slug)
{
	struct config_mesh_args *items = NEW_ARRAY(a, struct config_mesh_args, c->meshes.n + 1);
	size_t at = c->meshes.n;
	str slug;

	TRY(free_slug(a, c, mesh, &slug));
	for (size_t i = 0; i < c->meshes.n; i++) {
		items[i] = c->meshes.items[i];
		if (str_eq(items[i].meshId, mesh->meshId))
			at = i;
	}
	if (at == FIELD_LIST_MAX)
		return FAIL(a, TOO_LARGE, "already in %d meshes; leave one first", FIELD_LIST_MAX);
	items[at] = *mesh;
	items[at].slug = slug;
	c->meshes.items = items;
	c->meshes.n += at == c->meshes.n;
	TRY(config_save(a, p, c));
	*ret_slug = slug;
	return NULL;
}

struct err *config_add_mesh(struct arena *a, const struct paths *p,
			    const struct config_mesh_args *mesh, str *ret_slug)
{
	struct config_args c;
	struct file_lock *lock;
	struct err *e;

	TRY(config_open(a, p, &c, &lock));
	e = add_mesh(a, p, &c, mesh, ret_slug);
	file_unlock(lock);
	return e;
}

static struct err *remove_mesh(struct arena *a, const struct paths *p, struct config_args *c,
			       str slug)
{
	const struct config_mesh_args *gone;
	size_t n = 0;

	TRY(config_find_mesh(a, c, slug, &gone));
	for (size_t i = 0, at = (size_t)(gone - c->meshes.items); i < c->meshes.n; i++)
		if (i != at)
			c->meshes.items[n++] = c->meshes.items[i];
	c->meshes.n = n;
	return config_save(a, p, c);
}

struct err *config_remove_mesh(struct arena *a, const struct paths *p, str slug)
{
	struct config_args c;
	struct file_lock *lock;
	struct err *e;

	TRY(config_open(a, p, &c, &lock));
	e = remove_mesh(a, p, &c, slug);
	file_unlock(lock);
	return e;
}

static struct err *rename_mesh(struct arena *a, const struct paths *p, struct config_args *c, str old,
			       str slug)
{
	const struct config_mesh_args *mesh;
	struct config_mesh_args *items = NEW_ARRAY(a, struct config_mesh_args, c->meshes.n);

	TRY(config_find_mesh(a, c, old, &mesh));
	if (find_slug(c, slug, mesh->meshId))
		return FAIL(a, EXISTS, "another mesh is called '%.*s' here", STRF(slug));
	for (size_t i = 0; i < c->meshes.n; i++) {
		items[i] = c->meshes.items[i];
		if (&c->meshes.items[i] == mesh)
			items[i].slug = items[i].name = slug;
	}
	c->meshes.items = items;
	return config_save(a, p, c);
}

struct err *config_rename_mesh(struct arena *a, const struct paths *p, str old, str slug)
{
	struct config_args c;
	struct file_lock *lock;
	struct err *e;

	TRY(config_open(a, p, &c, &lock));
	e = rename_mesh(a, p, &c, old, slug);
	file_unlock(lock);
	return e;
}

struct err *config_set_display_name(struct arena *a, const struct paths *p, str name)
{
	struct config_args c;
	struct file_lock *lock;
	struct err *e;

	TRY(config_open(a, p, &c, &lock));
	c.displayName = str_empty(name) ? STR_NONE : name;
	e = config_save(a, p, &c);
	file_unlock(lock);
	return e;
}

static str list_slugs(struct arena *a, const struct config_args *c)
{
	str all = STR_NONE;

	for (size_t i = 0; i < c->meshes.n; i++)
		all = i ? arena_printf(a, "%.*s, %.*s", STRF(all), STRF(c->meshes.items[i].slug))
			: c->meshes.items[i].slug;
	return all;
}

static struct err *explain_mesh(struct arena *a, const struct config_args *c, struct err *e,
				struct err_tiers *tiers)
{
	str *slugs = NEW_ARRAY(a, str, c->meshes.n + 1);

	for (size_t i = 0; i < c->meshes.n; i++)
		slugs[i] = c->meshes.items[i].slug;
	tiers->field = S("mesh");
	tiers->matches = slugs;
	tiers->matches_n = c->meshes.n;
	return err_explain(a, e, tiers);
}

static struct err *unknown_slug(struct arena *a, const struct config_args *c, str slug)
{
	str *slugs = NEW_ARRAY(a, str, c->meshes.n), all = list_slugs(a, c), near, value;
	struct err_tiers tiers = { .input = slug };
	struct invalid why;

	for (size_t i = 0; i < c->meshes.n; i++)
		slugs[i] = c->meshes.items[i].slug;
	near = nearest(slug, slugs, c->meshes.n);
	/* What cannot be one is told from what only is not here. */
	if (!valid_slug(a, slug, &value, &why)) {
		why.nearest = near;
		return invalid_err(a, &why);
	}
	tiers.nearest = near;
	tiers.reason = arena_printf(a, "no mesh '%.*s' here", STRF(slug));
	tiers.expected = arena_printf(a, "one of those joined: %.*s", STRF(all));
	if (!str_empty(near))
		return explain_mesh(a, c, FAIL(a, NOT_FOUND, "no mesh '%.*s' here; did you mean '%.*s'?",
					       STRF(slug), STRF(near)),
				    &tiers);
	return explain_mesh(a, c, FAIL(a, NOT_FOUND, "no mesh '%.*s' here; joined: %.*s", STRF(slug), STRF(all)),
			    &tiers);
}

struct err *config_find_mesh(struct arena *a, const struct config_args *c, str slug,
			     const struct config_mesh_args **ret_mesh)
{
	if (c->meshes.n == 0)
		return FAIL(
			a, NOT_FOUND,
			"no mesh is joined yet; run 'claudemesh join URL' or 'claudemesh create NAME'");
	if (str_empty(slug) && c->meshes.n > 1) {
		struct err_tiers tiers = { .code = S("missing"),
					   .reason = S("several meshes are joined"),
					   .expected = S("--mesh and one of them") };
		str all = list_slugs(a, c);

		return explain_mesh(a, c, FAIL(a, AMBIGUOUS, "several meshes are joined; say which one with --mesh: %.*s",
					       STRF(all)),
				    &tiers);
	}
	for (size_t i = 0; i < c->meshes.n; i++) {
		if (str_empty(slug) || str_eq(c->meshes.items[i].slug, slug)) {
			*ret_mesh = &c->meshes.items[i];
			return NULL;
		}
	}
	return unknown_slug(a, c, slug);
}

const struct config_mesh_args *config_get_mesh_id(const struct config_args *c, str mesh_id)
{
	for (size_t i = 0; i < c->meshes.n; i++)
		if (str_eq(c->meshes.items[i].meshId, mesh_id))
			return &c->meshes.items[i];
	return NULL;
}

struct err *config_mesh_pair(struct arena *a, const struct config_mesh_args *mesh,
			     struct sign_pair *ret_pair)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };

	if (!sign_pair_from_hex(mesh->secretKey, &pair) ||
	    !str_eq_nocase(sign_pair_pubkey(a, &pair), mesh->pubkey))
		return FAIL(
			a, BAD_REQUEST,
			"the keys of mesh '%.*s' in config.json are damaged: the secret key does "
			"not belong to the public one",
			STRF(mesh->slug));
	*ret_pair = pair;
	return NULL;
}

/* At most max bytes, no half character. */
static str cut_utf8(str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max && ((u8)s.ptr[max] & 0xc0) == 0x80)
		max--;
	return str_of(s.ptr, max);
}

str config_who(struct arena *a, const struct config_args *c, str given)
{
	char host[256] = "";
	str choices[5] = { given, str_from(getenv("CLAUDEMESH_DISPLAY_NAME")), c->displayName,
			   str_from(getenv("USER")) };

	if (gethostname(host, sizeof(host) - 1) == 0)
		choices[4] = str_from(host);
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		str who = str_trim(choices[i]);

		if (!str_empty(who) && str_is_utf8(who))
			return arena_dup(a, cut_utf8(who, NAME_BYTES_MAX));
	}
	return S("someone");
}
