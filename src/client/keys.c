#include "client/keys.h"

#include <dirent.h>

#include "base/ids.h"
#include "client/file.h"
#include "client/json_file.h"

/* The id becomes a file name; a hostile broker must not choose a path with it. */
static struct err *keys_path(struct arena *a, const struct paths *p, str mesh_id, str *ret_path)
{
	if (str_empty(mesh_id) || mesh_id.len > 64)
		return FAIL(a, BAD_REQUEST, "a mesh id has 1 to 64 characters, not %zu",
			    mesh_id.len);
	for (size_t i = 0; i < mesh_id.len; i++) {
		char c = mesh_id.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '-' || c == '_'))
			return FAIL(
				a, BAD_REQUEST,
				"mesh id has characters other than letters, digits, '-' and '_'");
	}
	*ret_path = arena_printf(a, "%.*s/%.*s.json", STRF(p->keys), STRF(mesh_id));
	return NULL;
}

struct err *keys_load(struct arena *a, const struct paths *p, str mesh_id,
		      struct mesh_keys_args *ret_keys)
{
	struct mesh_keys_args keys;
	str path;
	bool found;

	TRY(keys_path(a, p, mesh_id, &path));
	TRY(json_file_load(a, path, mesh_keys_fields, &keys, sizeof(keys), &found));
	if (found && !str_eq(keys.mesh_id, mesh_id))
		return FAIL(a, BAD_REQUEST, "'%.*s' belongs to another mesh", STRF(path));
	*ret_keys = keys;
	return NULL;
}

struct err *keys_save(struct arena *a, const struct paths *p, const struct mesh_keys_args *keys)
{
	str path;

	TRY(keys_path(a, p, keys->mesh_id, &path));
	TRY(paths_make(a, p));
	return json_file_save(a, path, mesh_keys_fields, keys);
}

bool keys_is_confirmed(const struct mesh_keys_args *keys, str pubkey)
{
	for (size_t i = 0; i < keys->confirmed.n; i++)
		if (str_eq(keys->confirmed.items[i], pubkey))
			return true;
	return false;
}

static struct err *confirm(struct arena *a, const struct paths *p, str mesh_id, str pubkey)
{
	struct mesh_keys_args keys;
	str *items;

	TRY(keys_load(a, p, mesh_id, &keys));
	if (keys_is_confirmed(&keys, pubkey))
		return NULL;
	if (keys.confirmed.n >= CONFIRMED_MAX)
		return FAIL(a, TOO_LARGE, "%d confirmed keys are kept already", CONFIRMED_MAX);
	items = NEW_ARRAY(a, str, keys.confirmed.n + 1);
	for (size_t i = 0; i < keys.confirmed.n; i++)
		items[i] = keys.confirmed.items[i];
	items[keys.confirmed.n] = pubkey;
	keys.confirmed = (struct strs){ items, keys.confirmed.n + 1, true };
	keys.mesh_id = mesh_id;
	return keys_save(a, p, &keys);
}

static struct err *put_root(struct arena *a, const struct paths *p, str mesh_id, str root_key)
{
	struct mesh_keys_args keys;

	TRY(keys_load(a, p, mesh_id, &keys));
	if (str_empty(keys.mesh_id) || !str_empty(keys.root_key))
		return NULL;
	keys.root_key = root_key;
	return keys_save(a, p, &keys);
}

/* Alone with the file, so that nothing is lost that another process writes there. */
static struct err *change(struct arena *a, const struct paths *p, str mesh_id, str key,
			  struct err *(*fn)(struct arena *a, const struct paths *p, str mesh_id, str key))
{
	struct file_lock *lock;
	struct err *e;

	TRY(paths_make(a, p));
	TRY(file_lock(a, p->lock, FILE_LOCK_MS, &lock));
	e = fn(a, p, mesh_id, key);
	file_unlock(lock);
	return e;
}

struct err *keys_confirm(struct arena *a, const struct paths *p, str mesh_id, str pubkey)
{
	return change(a, p, mesh_id, pubkey, confirm);
}

struct err *keys_put_root(struct arena *a, const struct paths *p, str mesh_id, str root_key)
{
	return change(a, p, mesh_id, root_key, put_root);
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

struct err *keys_find_code(struct arena *a, const struct paths *p, str code,
			   struct mesh_keys_args *ret_keys)
{
	CLEANUP(close_dir) DIR *dir = opendir(arena_cstr(a, p->keys));
	const struct dirent *entry;

	*ret_keys = (struct mesh_keys_args){ 0 };
	while (dir && (entry = readdir(dir))) {
		str name = str_from(entry->d_name);
		struct mesh_keys_args keys;

		if (!str_ends(name, S(".json")) || str_starts(name, S(".")))
			continue;
		TRY(keys_load(a, p, arena_dup(a, str_of(name.ptr, name.len - 5)), &keys));
		if (!str_empty(keys.join_code) && str_eq(keys.join_code, code)) {
			*ret_keys = keys;
			return NULL;
		}
	}
	return NULL;
}

struct err *keys_remove(struct arena *a, const struct paths *p, str mesh_id)
{
	str path;

	TRY(keys_path(a, p, mesh_id, &path));
	return file_remove(a, path);
}

struct err *keys_owner_pair(struct arena *a, const struct mesh_keys_args *keys, str slug,
			    struct sign_pair *ret_pair)
{
	if (str_empty(keys->owner_secret))
		return FAIL(a, FORBIDDEN,
			    "only the owner of '%.*s' can do that: the owner key is not on this "
			    "machine (it is where 'claudemesh create' was run)",
			    STRF(slug));
	if (!sign_pair_from_hex(keys->owner_secret, ret_pair))
		return FAIL(a, BAD_REQUEST, "the owner key of '%.*s' on this machine is damaged",
			    STRF(slug));
	return NULL;
}
