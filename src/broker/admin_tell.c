/*
 * admin_tell.c - the admin commands that ask the running broker, and how its answers look to people.
 * With --json a list is one JSON object with the array that the broker's pages had.
 */
#include "broker/admin.h"

#include "base/buf.h"
#include "json/fields.h"
#include "proto/account.h"
#include "proto/admin.h"

enum {
	ASKED_MAX = 4096,
	TOLD_MAX = 64 << 20,
	PAGES_MAX = 10000,     /* a broker that never ends its list */
	COLUMNS_MAX = 12, CELL_MAX = 48,
};

/* Asks, and decodes what is told. */
static struct err *ask(struct arena *a, const struct settings *s, const char *path, const struct json_field *asked_fields,
		       const void *asked, const struct json_field *fields, void *told, size_t size)
{
	CLEANUP(buf_done) struct buf b = buf_make(ASKED_MAX);
	struct json_out o = json_out(&b);
	const struct json *obj;
	str answer;

	json_obj(&o);
	json_encode(&o, asked_fields, asked);
	json_obj_end(&o);
	TRY(admin_ask(a, s, str_from(path), buf_str(&b), &answer));
	TRY(json_parse(a, answer, &obj));
	return json_decode(a, obj, fields, told, size, NULL);
}

static str as_json(struct arena *a, const struct json_field *fields, const void *told)
{
	CLEANUP(buf_done) struct buf b = buf_make(TOLD_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_encode(&o, fields, told);
	json_obj_end(&o);
	return arena_printf(a, "%.*s\n", STRF(buf_str(&b)));
}

/* Room for more of a list; twice as much each time. */
static void *grown(struct arena *a, void *items, size_t n, size_t more, size_t *room, size_t size)
{
	void *fresh;

	if (n + more <= *room)
		return items;
	*room = MAX(2 * *room, n + more);
	fresh = arena_array(a, size, *room);
	if (n)
		memcpy(fresh, items, n * size);
	return fresh;
}

/* ---- tables ---- */

struct table {
	struct arena *a;
	size_t columns, widths[COLUMNS_MAX]; /* bytes */
	str *cells;
	size_t n;
};

/* What others named must not steer a terminal. */
static str cell_text(struct arena *a, str s)
{
	char *p = (char *)(uintptr_t)arena_dup(a, s).ptr;

	for (size_t i = 0; i < s.len; i++)
		if ((u8)p[i] < 0x20 || (u8)p[i] == 0x7f || ((u8)p[i] == 0xc2 && i + 1 < s.len && (u8)p[i + 1] < 0xa0))
			p[i] = '?';
	s.len = MIN(s.len, CELL_MAX);
	while (s.len && !str_is_utf8(str_of(p, s.len)))
		s.len--;
	return s.len ? str_of(p, s.len) : S("-");
}

static void row(struct table *t, const str *cells)
{
	for (size_t i = 0; i < t->columns; i++) {
		str cell = cell_text(t->a, cells[i]);

		t->cells[t->n++] = cell;
		t->widths[i] = MAX(t->widths[i], cell.len);
	}
}

static struct table table(struct arena *a, size_t columns, size_t rows, const str *head)
{
	struct table t = { .a = a, .columns = columns, .cells = NEW_ARRAY(a, str, columns * (rows + 1)) };

	row(&t, head);
	return t;
}

static str table_text(struct table *t)
{
	CLEANUP(buf_done) struct buf b = buf_make(TOLD_MAX);

	for (size_t i = 0; i < t->n; i++) {
		bool last = i % t->columns == t->columns - 1;

		buf_printf(&b, "%-*.*s%s", last ? 0 : (int)t->widths[i % t->columns], STRF(t->cells[i]), last ? "\n" : "  ");
	}
	return arena_dup(t->a, buf_str(&b));
}

#define CELLS(...) (const str[]){ __VA_ARGS__ }

static str number(struct arena *a, i64 n)
{
	return arena_printf(a, "%lld", (long long)n);
}

/* ---- people ---- */

struct err *admin_login_code(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_email_args asked = { in->operands[0] };
	struct admin_code_made_args made;

	TRY(ask(a, s, "/admin/login-code", admin_email_fields, &asked, admin_code_made_fields, &made, sizeof(made)));
	*ret_text = arena_printf(a, "%.*s\n\nGive this code to %.*s, who enters address and code at\n  %.*s\n"
				 "It is good once, until %.*s.\n", STRF(made.code), STRF(made.email), STRF(made.url),
				 STRF(made.expires_at));
	return NULL;
}

static str users_text(struct arena *a, const struct admin_user_list *users)
{
	struct table t = table(a, 6, users->n, CELLS(S("EMAIL"), S("NAME"), S("SESSIONS"), S("MEMBERS"), S("SINCE"),
						     S("BLOCKED")));

	for (size_t i = 0; i < users->n; i++) {
		const struct admin_user_args *u = &users->items[i];

		row(&t, CELLS(u->email, u->name, number(a, u->sessions), number(a, u->members), u->created_at,
			      u->blocked_at));
	}
	return table_text(&t);
}

struct err *admin_users(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_users_asked_args asked = { 0 };
	struct admin_users_listed_args page, all = { .users = { .present = true } };
	size_t room = 0;

	for (int i = 0; i < PAGES_MAX; i++) {
		TRY(ask(a, s, "/admin/users", admin_users_asked_fields, &asked, admin_users_listed_fields, &page,
			sizeof(page)));
		all.users.items = grown(a, all.users.items, all.users.n, page.users.n, &room,
					     sizeof(*all.users.items));
		for (size_t k = 0; k < page.users.n; k++)
			all.users.items[all.users.n++] = page.users.items[k];
		if (!page.next.len)
			break;
		asked.after = page.next;
	}
	*ret_text = in->json ? as_json(a, admin_users_listed_fields, &all) : users_text(a, &all.users);
	return NULL;
}

static struct err *user_set(struct arena *a, const struct settings *s, const char *path, str email, str *ret_text)
{
	struct admin_email_args asked = { email };
	struct admin_user_set_args set;

	TRY(ask(a, s, path, admin_email_fields, &asked, admin_user_set_fields, &set, sizeof(set)));
	*ret_text = set.blocked
		? arena_printf(a, "%.*s is blocked; %lld session%s ended. Members of theirs stay in their meshes, "
			       "whose admins can ban them.\n", STRF(set.email), (long long)set.sessions_ended,
			       set.sessions_ended == 1 ? "" : "s")
		: arena_printf(a, "%.*s may sign in again.\n", STRF(set.email));
	return NULL;
}

struct err *admin_user_block(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	return user_set(a, s, "/admin/user-block", in->operands[0], ret_text);
}

struct err *admin_user_unblock(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	return user_set(a, s, "/admin/user-unblock", in->operands[0], ret_text);
}

struct err *admin_sessions(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_email_args asked = { in->operands[0] };
	struct session_list_args told;
	struct table t;

	TRY(ask(a, s, "/admin/sessions", admin_email_fields, &asked, session_list_fields, &told, sizeof(told)));
	t = table(a, 6, told.sessions.n, CELLS(S("ID"), S("KIND"), S("HOST"), S("ADDRESS"), S("SEEN"), S("UNTIL")));
	for (size_t i = 0; i < told.sessions.n; i++) {
		const struct session_entry_args *e = &told.sessions.items[i];

		row(&t, CELLS(e->id, e->kind, e->hostname, e->address, e->last_seen_at, e->expires_at));
	}
	*ret_text = in->json ? as_json(a, session_list_fields, &told) : table_text(&t);
	return NULL;
}

struct err *admin_session_revoke(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_session_args asked = { in->operands[0] };
	struct admin_session_ended_args told;

	TRY(ask(a, s, "/admin/session-revoke", admin_session_fields, &asked, admin_session_ended_fields, &told,
		sizeof(told)));
	*ret_text = arena_printf(a, "session %.*s is over.\n", STRF(told.id));
	return NULL;
}

/* ---- meshes ---- */

static str meshes_text(struct arena *a, const struct admin_mesh_row_list *meshes)
{
	struct table t = table(a, 8, meshes->n, CELLS(S("ID"), S("SLUG"), S("NAME"), S("OWNER"), S("MEMBERS"),
						      S("CONNECTED"), S("WAITING"), S("STATE")));

	for (size_t i = 0; i < meshes->n; i++) {
		const struct admin_mesh_row_args *m = &meshes->items[i];
		str state = m->deleted ? S("deleted") : m->archived_at.len ? S("archived") : S("open");

		row(&t, CELLS(m->id, m->slug, m->name, m->owner_email.len ? m->owner_email : m->owner,
			      number(a, m->members), number(a, m->connections), number(a, m->waiting), state));
	}
	return table_text(&t);
}

struct err *admin_meshes(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_meshes_asked_args asked = { 0 };
	struct admin_meshes_listed_args page, all = { .meshes = { .present = true } };
	size_t room = 0;

	for (int i = 0; i < PAGES_MAX; i++) {
		TRY(ask(a, s, "/admin/meshes", admin_meshes_asked_fields, &asked, admin_meshes_listed_fields, &page,
			sizeof(page)));
		all.meshes.items = grown(a, all.meshes.items, all.meshes.n, page.meshes.n, &room,
					      sizeof(*all.meshes.items));
		for (size_t k = 0; k < page.meshes.n; k++)
			all.meshes.items[all.meshes.n++] = page.meshes.items[k];
		if (!page.next)
			break;
		asked.after = page.next;
	}
	*ret_text = in->json ? as_json(a, admin_meshes_listed_fields, &all) : meshes_text(a, &all.meshes);
	return NULL;
}

static struct err *mesh_set(struct arena *a, const struct settings *s, const char *path, str mesh, str *ret_text)
{
	struct admin_mesh_args asked = { mesh };
	struct admin_mesh_set_args set;

	TRY(ask(a, s, path, admin_mesh_fields, &asked, admin_mesh_set_fields, &set, sizeof(set)));
	*ret_text = set.archived
		? arena_printf(a, "mesh %.*s is closed. Open it again with: claudemesh-broker admin mesh-open %.*s\n",
			       STRF(set.slug), STRF(set.id))
		: arena_printf(a, "mesh %.*s is open. A daemon that was told of its end stays away until its user starts it "
			       "anew: claudemesh daemon down, claudemesh daemon up. API keys of before stay dead.\n", STRF(set.slug));
	return NULL;
}

struct err *admin_mesh_archive(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	return mesh_set(a, s, "/admin/mesh-archive", in->operands[0], ret_text);
}

struct err *admin_mesh_open(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	return mesh_set(a, s, "/admin/mesh-open", in->operands[0], ret_text);
}

static str words_text(struct arena *a, const struct strs *words)
{
	str text = S("");

	for (size_t i = 0; i < words->n; i++)
		text = arena_printf(a, "%.*s%s%.*s", STRF(text), i ? "," : "", STRF(words->items[i]));
	return text;
}

struct err *admin_keys(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_mesh_args asked = { in->operands[0] };
	struct admin_keys_listed_args told;
	struct table t;

	TRY(ask(a, s, "/admin/keys", admin_mesh_fields, &asked, admin_keys_listed_fields, &told, sizeof(told)));
	t = table(a, 7, told.keys.n, CELLS(S("ID"), S("LABEL"), S("STARTS"), S("MAY"), S("OF"), S("USED"), S("REVOKED")));
	for (size_t i = 0; i < told.keys.n; i++) {
		const struct admin_key_row_args *k = &told.keys.items[i];

		row(&t, CELLS(k->id, k->label, k->prefix, words_text(a, &k->capabilities), k->issuer, k->last_used_at,
			      k->revoked_at));
	}
	*ret_text = in->json ? as_json(a, admin_keys_listed_fields, &told) : table_text(&t);
	return NULL;
}

struct err *admin_key_revoke(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_key_args asked = { in->operands[0], in->operands[1] };
	struct admin_key_revoked_args told;

	TRY(ask(a, s, "/admin/key-revoke", admin_key_fields, &asked, admin_key_revoked_fields, &told, sizeof(told)));
	*ret_text = arena_printf(a, "API key %.*s is dead.\n", STRF(told.id));
	return NULL;
}

/* Part by part, as long as the log is. */
struct err *admin_audit(struct arena *a, const struct settings *s, const struct admin_given *in, str *ret_text)
{
	struct admin_audit_args asked = { .mesh = in->operands[0] };
	struct admin_audited_args told = { 0 };

	while (!told.done) {
		i64 before = told.seq;

		TRY(ask(a, s, "/admin/audit", admin_audit_fields, &asked, admin_audited_fields, &told, sizeof(told)));
		if (!told.done && told.seq <= before)
			return FAIL(a, INTERNAL, "the broker does not get on with the log");
		asked.seq = told.seq;
		asked.hash = told.hash;
	}
	if (in->json)
		*ret_text = as_json(a, admin_audited_fields, &told);
	else
		*ret_text = arena_printf(a, "%lld rows hold; the last hash is %.*s\n", (long long)told.seq, STRF(told.hash));
	if (told.brokenAt)
		return FAIL(a, CONFLICT, "the audit log is broken at row %lld; %lld rows before it hold",
			    (long long)told.brokenAt, (long long)told.seq);
	return NULL;
}
