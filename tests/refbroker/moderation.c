/*
 * moderation.c - kick, disconnect, ban, unban, list_bans as the reference does them: everybody may,
 * the first that fits is taken, one character of a key fits (D-24), and peers hear nothing (D-08).
 */
#include "base/clock.h"
#include "refbroker/fake.h"

static bool fits(const struct member *m, str name, str target)
{
	return str_eq(name, target) || (target.len && str_starts(m->pubkey, target));
}

static void reply(const struct presence *to, const struct json *m, const char *type, const char *key, str value)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "type", str_from(type));
	json_put_raw(&o, key, value);
	json_put_opt(&o, "_reqId", json_get_str(m, S("_reqId")));
	json_obj_end(&o);
	say(to->conn, &b);
}

static void drop(struct fake *f, struct presence *p, int code, str reason)
{
	struct presence **at = &f->presences;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (p->conn) {
		ws_conn_set_user(p->conn, NULL);
		ws_conn_close(p->conn, code, reason);
	}
}

void moderation_end(struct fake *f, struct presence *from, const struct json *m, bool kick)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);
	const struct json *all = json_get(m, S("all"));
	str target = json_get_str(m, S("target"));
	struct presence *p = f->presences, *next;

	json_arr(&o);
	for (; p; p = next) {
		next = p->next;
		if (p == from || (!(all && all->b) && !fits(p->member, p->name, target)))
			continue;
		json_str(&o, p->name);
		drop(f, p, kick ? 4001 : 1000, kick ? S("kicked") : S("disconnected"));
	}
	json_arr_end(&o);
	reply(from, m, kick ? "kick_ack" : "disconnect_ack", "affected", arena_dup(f->arena, buf_str(&b)));
}

static void put_quoted(struct fake *f, struct presence *from, const struct json *m, const char *type,
		       const char *key, str text)
{
	reply(from, m, type, key, arena_printf(f->arena, "\"%.*s\"", STRF(text)));
}

void moderation_ban(struct fake *f, struct presence *from, const struct json *m, bool ban)
{
	str target = json_get_str(m, S("target"));
	struct member *found = f->members;

	while (found && (found->banned == ban || !(ban ? fits(found, found->name, target)
						       : str_eq(found->name, target) || str_eq(found->pubkey, target))))
		found = found->next;
	if (!found) {
		put_quoted(f, from, m, "error", "message", S("not found"));
		return;
	}
	found->banned = ban;
	for (struct presence *p = f->presences, *next; ban && p; p = next) {
		next = p->next;
		if (p->member == found)
			drop(f, p, 4002, S("banned"));
	}
	put_quoted(f, from, m, ban ? "ban_ack" : "unban_ack", ban ? "banned" : "unbanned", found->name);
}

void moderation_list(struct fake *f, struct presence *from, const struct json *m)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_arr(&o);
	for (const struct member *x = f->members; x; x = x->next) {
		if (!x->banned)
			continue;
		json_obj(&o);
		json_put_str(&o, "name", x->name);
		json_put_str(&o, "pubkey", x->pubkey);
		json_put_str(&o, "revokedAt", time_iso(f->arena, clock_ms(&clock_real)));
		json_obj_end(&o);
	}
	json_arr_end(&o);
	reply(from, m, "list_bans_result", "bans", arena_dup(f->arena, buf_str(&b)));
}
