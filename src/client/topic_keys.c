#include "client/topic_keys.h"

#include "client/file.h"
#include "client/json_file.h"
#include "crypto/encode.h"

/* The id becomes a file name; a hostile broker must not choose a path with it. */
static struct err *path_of(struct arena *a, const struct paths *p, str mesh_id, str *ret_path)
{
	if (str_empty(mesh_id) || mesh_id.len > 64)
		return FAIL(a, BAD_REQUEST, "a mesh id has 1 to 64 characters, not %zu", mesh_id.len);
	for (size_t i = 0; i < mesh_id.len; i++) {
		char c = mesh_id.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '-' || c == '_'))
			return FAIL(a, BAD_REQUEST,
				    "mesh id has characters other than letters, digits, '-' and '_'");
	}
	*ret_path = arena_printf(a, "%.*s/topics/%.*s.json", STRF(p->keys), STRF(mesh_id));
	return NULL;
}

struct err *topic_keys_load(struct arena *a, const struct paths *p, str mesh_id,
			    struct topic_keys_args *ret_keys)
{
	struct topic_keys_args keys;
	bool found;
	str path;

	TRY(path_of(a, p, mesh_id, &path));
	TRY(json_file_load(a, path, topic_keys_fields, &keys, sizeof(keys), &found));
	*ret_keys = keys;
	return NULL;
}

static struct err *save(struct arena *a, const struct paths *p, str mesh_id,
			const struct topic_keys_args *keys)
{
	str path;

	TRY(path_of(a, p, mesh_id, &path));
	TRY(file_make_private_dir(a, arena_printf(a, "%.*s/topics", STRF(p->keys))));
	return json_file_save(a, path, topic_keys_fields, keys);
}

/* Newer rows stand behind older ones: what was repeated counts as it was said last. */
const struct topic_key_args *topic_keys_get(const struct topic_keys_args *keys, str topic_id,
					    i64 epoch)
{
	for (size_t i = keys->keys.n; i-- > 0;)
		if (keys->keys.items[i].epoch == epoch && str_eq(keys->keys.items[i].topic_id, topic_id))
			return &keys->keys.items[i];
	return NULL;
}

const struct topic_known_args *topic_keys_get_topic(const struct topic_keys_args *keys, str name_or_id)
{
	for (size_t i = keys->topics.n; i-- > 0;) {
		const struct topic_known_args *t = &keys->topics.items[i];

		if (str_eq(t->topic_id, name_or_id) || str_eq(t->name, name_or_id))
			return t;
	}
	return NULL;
}

bool topic_key_bytes(const struct topic_key_args *row, u8 ret_key[TOPIC_KEY_BYTES])
{
	return decode_secret_hex(row->key, ret_key, TOPIC_KEY_BYTES);
}

/* Room for one more row at the end: the oldest goes when there are max. */
static void *with_room(struct arena *a, const void *items, size_t size, size_t *n, size_t max)
{
	char *grown = arena_array(a, size, *n + 1);
	size_t drop = *n >= max ? *n - max + 1 : 0;

	if (*n)
		memcpy(grown, (const char *)items + drop * size, (*n - drop) * size);
	*n -= drop;
	return grown;
}

static struct err *add_key(struct arena *a, const struct paths *p, str mesh_id,
			   const struct topic_key_args *row)
{
	const struct topic_key_args *old;
	struct topic_keys_args keys;

	TRY(topic_keys_load(a, p, mesh_id, &keys));
	old = topic_keys_get(&keys, row->topic_id, row->epoch);
	if (old && str_eq(old->key, row->key) && (old->trusted || !row->trusted))
		return NULL;
	if (old && old->trusted && !str_eq(old->key, row->key))
		return FAIL(a, CONFLICT, "another key than the one we know was sent for this topic");
	keys.keys.items = with_room(a, keys.keys.items, sizeof(*row), &keys.keys.n, TOPIC_KEYS_MAX);
	keys.keys.items[keys.keys.n++] = *row;
	keys.keys.present = true;
	return save(a, p, mesh_id, &keys);
}

struct err *topic_keys_add(struct arena *a, const struct paths *p, str mesh_id,
			   const struct topic_slot *slot, const u8 key[TOPIC_KEY_BYTES], bool trusted)
{
	struct topic_key_args row = { .topic_id = slot->topic_id,
				      .epoch = slot->epoch,
				      .key = encode_secret_hex(a, key, TOPIC_KEY_BYTES),
				      .trusted = trusted };
	struct file_lock *lock;
	struct err *e;

	TRY(paths_make(a, p));
	TRY(file_lock(a, p->lock, FILE_LOCK_MS, &lock));
	e = add_key(a, p, mesh_id, &row);
	file_unlock(lock);
	return e;
}

static bool is_seen(const struct topic_keys_args *keys, const struct topic_known_args *now)
{
	const struct topic_known_args *old = topic_keys_get_topic(keys, now->topic_id);

	return old && (old->epoch > now->epoch || (old->epoch == now->epoch && str_eq(old->name, now->name)));
}

static struct err *see(struct arena *a, const struct paths *p, str mesh_id,
		       const struct topic_known_args *now)
{
	struct topic_keys_args keys;
	size_t kept = 0;

	TRY(topic_keys_load(a, p, mesh_id, &keys));
	if (is_seen(&keys, now))
		return NULL;
	for (size_t i = 0; i < keys.topics.n; i++)
		if (!str_eq(keys.topics.items[i].topic_id, now->topic_id) &&
		    !str_eq(keys.topics.items[i].name, now->name))
			keys.topics.items[kept++] = keys.topics.items[i];
	keys.topics.n = kept;
	keys.topics.items = with_room(a, keys.topics.items, sizeof(*now), &keys.topics.n, TOPICS_KNOWN_MAX);
	keys.topics.items[keys.topics.n++] = *now;
	keys.topics.present = true;
	return save(a, p, mesh_id, &keys);
}

struct err *topic_keys_see(struct arena *a, const struct paths *p, str mesh_id, str topic_id,
			   str name, i64 epoch)
{
	struct topic_known_args now = { topic_id, name, epoch };
	struct topic_keys_args keys;
	struct file_lock *lock;
	struct err *e;

	/* Without the lock: mostly it is as we know it. */
	TRY(topic_keys_load(a, p, mesh_id, &keys));
	if (is_seen(&keys, &now))
		return NULL;
	TRY(paths_make(a, p));
	TRY(file_lock(a, p->lock, FILE_LOCK_MS, &lock));
	e = see(a, p, mesh_id, &now);
	file_unlock(lock);
	return e;
}

struct err *topic_keys_remove(struct arena *a, const struct paths *p, str mesh_id)
{
	str path;

	TRY(path_of(a, p, mesh_id, &path));
	return file_remove(a, path);
}
