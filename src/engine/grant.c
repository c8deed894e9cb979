#include "engine/grant.h"

#include "engine/audit.h"
#include "engine/permission.h"
#include "engine/req.h"
#include "engine/topic.h"
#include "engine/words.h"
#include "json/text.h"
#include "store/grant.h"

enum { GRANTS_JSON_MAX = 256 << 10, KEY_LEN = 64, KEY_SHOWN_MAX = 80 };

static struct grant *grant_get(const struct member *person, str peer)
{
	struct grant *g = NULL;

	if (peer.len == KEY_LEN)
		HASH_FIND(hh, person->grants, peer.ptr, KEY_LEN, g);
	return g;
}

/* The entry that counts, of the recipient's person; NULL: the default holds. */
static struct grant *grant_for(struct member *to, i64 sender_no, str sender_pubkey)
{
	struct member *person = member_person(to);
	struct member *sender;
	struct grant *g = NULL;

	if (!person->grants)
		return NULL;
	sender = mesh_member_by_no(to->mesh, sender_no);
	if (sender && member_person(sender) == person)
		return NULL;
	if (sender)
		g = grant_get(person, str_of(member_person(sender)->pubkey, KEY_LEN));
	if (!g && sender && sender->device_of)
		g = grant_get(person, str_of(sender->pubkey, KEY_LEN));
	return g ? g : grant_get(person, sender_pubkey);
}

static bool allows(struct member *to, i64 sender_no, str sender_pubkey, enum grant_cap cap)
{
	const struct grant *g = grant_for(to, sender_no, sender_pubkey);

	return (g ? g->caps : (unsigned)GRANT_DEFAULT) & cap;
}

enum grant_cap grant_of_target(str target)
{
	bool many = target.len && (target.ptr[0] == '*' || target.ptr[0] == '@' || target.ptr[0] == '#');

	return many ? GRANT_BROADCAST : GRANT_DM;
}

bool grant_allows_message(struct member *to, const struct message_row *m)
{
	return allows(to, m->sender_no, m->sender_pubkey, grant_of_target(m->target));
}

bool grant_allows_post(struct member *to, const struct post_row *post)
{
	return allows(to, post->sender_no, post->sender_pubkey, GRANT_BROADCAST);
}

static struct grant_row row_of(const struct member *person, const struct grant *g)
{
	return (struct grant_row){ person->mesh->no, person->no, str_of(g->peer, KEY_LEN), g->caps, g->dropped_dm,
				   g->dropped_broadcast, g->dropped_ms };
}

void grant_dropped(struct member *to, i64 sender_no, str sender_pubkey, enum grant_cap cap, i64 no)
{
	struct grant *g = grant_for(to, sender_no, sender_pubkey);
	struct engine *e = to->mesh->engine;
	struct grant_row row;

	if (!g || g->dropped_no == no)
		return;
	to->mesh->touched_in = e->batch_no;
	g->dropped_no = no;
	g->dropped_ms = e->now_ms;
	*(cap == GRANT_DM ? &g->dropped_dm : &g->dropped_broadcast) += 1;
	e->stats.grant_drops[cap != GRANT_DM]++;
	row = row_of(member_person(to), g);
	store_grant_dropped(e->store, &row);
}

void grant_dropped_post(struct topic_sub *sub, const struct post_row *post)
{
	struct grant *g = grant_for(sub->member, post->sender_no, post->sender_pubkey);

	if (post->seq <= sub->withheld_seq)
		return;
	sub->withheld_seq = post->seq;
	if (g && post->created_ms > g->known_ms)
		grant_dropped(sub->member, post->sender_no, post->sender_pubkey, GRANT_BROADCAST, post->no);
}

/* ---- changing ---- */

static struct err *invalid(struct req *rq, str key, const char *why)
{
	str shown = text_quotable(rq->arena, key, KEY_SHOWN_MAX);

	return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'grants': '%.*s' %s", STRF(shown), why), S("invalid"));
}

static struct err *check_key(struct req *rq, const struct member *person, str key)
{
	struct member *peer;

	if (!str_is_hex(key, KEY_LEN / 2, false))
		return invalid(rq, key, "is no public key (64 hex digits)");
	if (!str_is_hex(key, KEY_LEN / 2, true))
		return invalid(rq, key, "is a public key in capitals; write it in lower case");
	peer = mesh_member(person->mesh, key);
	if (peer && member_person(peer) == person)
		return invalid(rq, key, "is your own key");
	return NULL;
}

static struct err *caps_of(struct req *rq, const struct json *list, unsigned *ret_caps)
{
	*ret_caps = 0;
	for (const struct json *word = list->first; word; word = word->next) {
		unsigned bit = word->type == JSON_STR ? word_bit(grant_words, word->s) : 0;

		if (!bit)
			return word_unknown(rq->arena, grant_words, "capability", word->type == JSON_STR ? word->s : word->raw);
		*ret_caps |= bit;
	}
	return NULL;
}

static struct err *check(struct req *rq, const struct member *person, const struct json *changes)
{
	size_t before = HASH_COUNT(person->grants), n = before;
	unsigned caps;

	if (changes->type != JSON_OBJ)
		return err_word(FAIL(rq->arena, BAD_REQUEST,
				     "field 'grants': an object of public keys and lists of capabilities"), S("invalid"));
	for (const struct json *entry = changes->first; entry; entry = entry->next) {
		TRY(check_key(rq, person, entry->key));
		if (entry->type != JSON_ARR && entry->type != JSON_NULL)
			return invalid(rq, entry->key, "is given neither a list nor null");
		TRY(caps_of(rq, entry, &caps));
		n += entry->type == JSON_ARR && !grant_get(person, entry->key);
	}
	if (n > GRANTS_MAX)
		return err_word(FAIL(rq->arena, CONFLICT, "grants for more than %d keys are not kept", GRANTS_MAX),
				S("too_many"));
	if (n > before && person->mesh->n_grants + (i64)(n - before) > GRANTS_PER_MESH_MAX)
		return err_word(FAIL(rq->arena, CONFLICT, "the mesh has as many grants as are kept"), S("too_many"));
	return NULL;
}

static struct grant *grant_add(struct member *person, str peer)
{
	struct grant *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	memcpy(g->peer, peer.ptr, KEY_LEN);
	HASH_ADD(hh, person->grants, peer, KEY_LEN, g);
	person->mesh->n_grants++;
	return g;
}

static void grant_free(struct member *person, struct grant *g)
{
	HASH_DELETE(hh, person->grants, g);
	person->mesh->n_grants--;
	free(g);
}

/* An entry for a device is its person's; what stood under the device's own key goes. */
static str person_key(const struct member *person, str key)
{
	struct member *peer = mesh_member(person->mesh, key);

	return peer ? str_of(member_person(peer)->pubkey, KEY_LEN) : key;
}

static void apply(struct req *rq, struct member *person, const struct json *entry)
{
	struct store *st = rq->engine->store;
	str key = person_key(person, entry->key);
	struct grant *g = grant_get(person, key), *own = grant_get(person, entry->key);
	struct grant_row row;
	unsigned caps;

	if (own && own != g) {
		store_grant_remove(st, person->mesh->no, person->no, entry->key);
		grant_free(person, own);
	}
	if (entry->type == JSON_NULL) {
		store_grant_remove(st, person->mesh->no, person->no, key);
		if (g)
			grant_free(person, g);
		return;
	}
	if (caps_of(rq, entry, &caps))
		return; /* never: checked */
	if (!g)
		g = grant_add(person, key);
	g->caps = caps;
	row = row_of(person, g);
	store_grant_set(st, &row);
}

struct err *grants_set(struct req *rq, struct member *member, const struct json *changes)
{
	struct member *person = member_person(member);

	TRY(change_may(rq, member));
	TRY(check(rq, person, changes));
	person->mesh->touched_in = rq->engine->batch_no;
	bucket_take_many(&member->lists, (i64)changes->count);
	for (const struct json *entry = changes->first; entry; entry = entry->next)
		apply(rq, person, entry);
	/* Not about whom: others read the log, too. */
	if (changes->count)
		audit(person->mesh, person, "grants_changed", STR_NONE);
	return NULL;
}

/* ---- showing ---- */

const struct json *grants_json(struct arena *a, struct member *member)
{
	struct member *person = member_person(member);
	CLEANUP(buf_done) struct buf b = buf_make(GRANTS_JSON_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	for (const struct grant *g = person->grants; g; g = g->hh.next) {
		json_key(&o, str_of(g->peer, KEY_LEN));
		words_put(&o, grant_words, g->caps);
	}
	json_obj_end(&o);
	return json_of(a, buf_str(&b));
}

static void put_dropped(struct req *rq, struct mesh *m, const struct grant *g, enum grant_cap cap,
			struct grants_dropped_list *list)
{
	i64 count = cap == GRANT_DM ? g->dropped_dm : g->dropped_broadcast;
	const struct member *peer = mesh_member(m, str_of(g->peer, KEY_LEN));

	if (!count)
		return;
	list->items[list->n++] = (struct grants_dropped_args){
		.pubkey = str_of(g->peer, KEY_LEN),
		.memberId = peer ? str_from(peer->id) : STR_NONE,
		.name = peer ? peer->name : STR_NONE,
		.capability = cap == GRANT_DM ? S("dm") : S("broadcast"),
		.count = count,
		.lastAt = time_iso(rq->arena, g->dropped_ms),
	};
}

struct grants_args grants_of(struct req *rq, struct member *member)
{
	struct member *person = member_person(member);
	struct grants_args out = { .grants = grants_json(rq->arena, person) };
	size_t n = HASH_COUNT(person->grants);

	out.dropped = (struct grants_dropped_list){ NEW_ARRAY(rq->arena, struct grants_dropped_args, 2 * n + 1), 0, true };
	for (const struct grant *g = person->grants; g; g = g->hh.next) {
		put_dropped(rq, person->mesh, g, GRANT_DM, &out.dropped);
		put_dropped(rq, person->mesh, g, GRANT_BROADCAST, &out.dropped);
	}
	out.defaults = (struct strs){ NEW_ARRAY(rq->arena, str, ARRAY_LEN(grant_words)), 0, true };
	for (unsigned i = 0; grant_words[i]; i++)
		if (GRANT_DEFAULT & 1u << i)
			out.defaults.items[out.defaults.n++] = str_from(grant_words[i]);
	return out;
}

/* ---- memory ---- */

void member_grants_free(struct member *member)
{
	struct grant *g, *next;

	HASH_ITER(hh, member->grants, g, next)
		grant_free(member, g);
}

struct err *grants_read(struct mesh *m, struct arena *a)
{
	struct member *member, *next;
	struct grant_row *rows;
	size_t n;

	TRY(store_grants(m->engine->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->members, member, next)
		member_grants_free(member);
	for (size_t i = 0; i < n; i++) {
		struct grant *g;

		member = mesh_member_by_no(m, rows[i].member_no);
		if (!member || rows[i].peer.len != KEY_LEN)
			continue;
		g = grant_add(member, rows[i].peer);
		g->caps = (unsigned)rows[i].caps;
		g->dropped_dm = rows[i].dropped_dm;
		g->dropped_broadcast = rows[i].dropped_broadcast;
		g->dropped_ms = g->known_ms = rows[i].dropped_ms;
	}
	return NULL;
}
