/*
 * frames.c - what comes over a WebSocket. What the reference does not understand it drops
 * without a word, and so does this.
 */
#include "base/clock.h"
#include "base/ids.h"
#include "crypto/hello.h"
#include "refbroker/fake.h"

void say(struct ws_conn *c, const struct buf *out)
{
	ws_conn_send(c, buf_str(out));
}

void say_error(struct ws_conn *c, str code, str message)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "type", S("error"));
	json_put_str(&o, "code", code);
	json_put_str(&o, "message", message);
	json_obj_end(&o);
	say(c, &b);
}

static bool is_due_to_close(struct fake *f, bool late)
{
	if (!f->flaws.close_code || f->flaws.close_late != late)
		return false;
	return !f->flaws.close_times || f->closes < f->flaws.close_times;
}

static void close_now(struct fake *f, struct ws_conn *c)
{
	f->closes++;
	if (!str_empty(f->flaws.close_error))
		say_error(c, f->flaws.close_error, S("no further"));
	ws_conn_close(c, (int)f->flaws.close_code, f->flaws.close_reason);
}

static void refuse(struct ws_conn *c, str code, str message)
{
	say_error(c, code, message);
	ws_conn_close(c, 1008, code);
}

/* As a broker that offers hello 2 checks it: the text is the same for both kinds. */
static bool is_signed_2(struct fake *f, const struct json *m, bool session)
{
	struct hello_claim claim = {
		.mesh_id = json_get_str(m, S("meshId")),
		.member_id = json_get_str(m, session ? S("parentMemberId") : S("memberId")),
		.pubkey = json_get_str(m, session ? S("parentMemberPubkey") : S("pubkey")),
		.timestamp_ms = json_get_int(m, S("timestamp"), 0),
		.session_pubkey = json_get_str(m, S("sessionPubkey")),
		.session_id = json_get_str(m, S("sessionId")),
		.challenge = f->challenge,
	};
	str text;

	return !hello_v2_text(f->arena, &claim, &text) &&
	       sign_check_hex(text, json_get_str(m, S("signature")),
			      session ? claim.session_pubkey : claim.pubkey);
}

static bool is_signed(struct fake *f, const struct json *m, bool session)
{
	str mesh_id = json_get_str(m, S("meshId")), signature = json_get_str(m, S("signature"));
	i64 at = json_get_int(m, S("timestamp"), 0);
	struct hello_claim link = { mesh_id, json_get_str(m, S("memberId")),
				    json_get_str(m, S("pubkey")), at, STR_NONE, STR_NONE, STR_NONE };
	struct session_claim s = { mesh_id, json_get_str(m, S("parentMemberPubkey")),
				   json_get_str(m, S("sessionPubkey")), at };

	if (json_get_int(m, S("helloVersion"), 1) == 2)
		return is_signed_2(f, m, session);
	return session ? session_hello_check(f->arena, &s, signature)
		       : hello_v1_check(f->arena, &link, signature);
}

static struct presence *presence_add(struct fake *f, struct ws_conn *c, struct member *member,
				     const struct json *m)
{
	struct presence *p = NEW(f->arena, struct presence), **at = &f->presences;
	str name = json_get_str(m, S("displayName"));

	*p = (struct presence){
		.member = member,
		.conn = c,
		.id = id_random(f->arena, &random_system),
		.session_pubkey = json_get_str(m, S("sessionPubkey")),
		.session_id = json_get_str(m, S("sessionId")),
		.name = str_empty(name) ? member->name : name,
		.cwd = json_get_str(m, S("cwd")),
		.connected_at = time_iso(f->arena, clock_ms(&clock_real)),
	};
	while (*at)
		at = &(*at)->next;
	*at = p;
	ws_conn_set_user(c, p);
	return p;
}

static void say_hello_ack(const struct presence *p)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "type", S("hello_ack"));
	json_put_str(&o, "presenceId", p->id);
	json_put_str(&o, "memberDisplayName", p->name);
	json_put_raw(&o, "memberProfile",
		     S("{\"roleTag\":null,\"groups\":[],\"messageMode\":\"push\"}"));
	json_put_bool(&o, "restored", true);
	json_put_raw(&o, "services", S("[]"));
	json_obj_end(&o);
	say(p->conn, &b);
}

static void take_hello(struct fake *f, struct ws_conn *c, const struct json *m, bool session)
{
	struct member *member =
		member_get(f, json_get_str(m, session ? S("parentMemberPubkey") : S("pubkey")));
	struct presence *p;

	ws_conn_authenticated(c);
	if (f->flaws.mute_hello || str_empty(json_get_str(m, S("cwd"))))
		return;
	if (is_due_to_close(f, false)) {
		close_now(f, c);
		return;
	}
	if (!is_signed(f, m, session)) {
		refuse(c, S("bad_signature"), S("hello rejected: bad_signature"));
		return;
	}
	if (!member) {
		refuse(c, S("unauthorized"), S("pubkey not found in mesh"));
		return;
	}
	if (member->banned) {
		say_error(c, S("revoked"), S("you were removed from this mesh"));
		ws_conn_close(c, 4002, S("banned"));
		return;
	}
	p = presence_add(f, c, member, m);
	if (f->flaws.push_first)
		queue_drain(f, p);
	say_hello_ack(p);
	if (f->flaws.push)
		ws_conn_send(c, f->flaws.push->raw);
	queue_drain(f, p);
	if (is_due_to_close(f, true))
		close_now(f, c);
}

/* Stale rows have no `visible`, because no live connection is found for them. */
static void write_peer(struct json_out *o, const struct presence *p)
{
	bool session = !str_empty(p->session_pubkey);

	json_obj(o);
	json_put_str(o, "pubkey", session ? p->session_pubkey : p->member->pubkey);
	json_put_str(o, "memberPubkey", p->member->pubkey);
	json_put_str(o, "displayName", p->name);
	json_put_str(o, "status", S("idle"));
	json_put_str(o, "summary", STR_NONE);
	json_put_raw(o, "groups", S("[]"));
	json_put_str(o, "sessionId", p->session_id);
	json_put_str(o, "connectedAt", p->connected_at);
	json_put_str(o, "cwd", p->cwd);
	json_put_str(o, "peerRole", session ? S("session") : S("control-plane"));
	json_put_raw(o, "stats", S("{\"messagesIn\":1}"));
	if (p->conn)
		json_put_bool(o, "visible", true);
	json_obj_end(o);
}

static void list_peers(struct fake *f, const struct presence *from, const struct json *m)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "type", S("peers_list"));
	json_key(&o, S("peers"));
	json_arr(&o);
	for (const struct presence *p = f->presences; p; p = p->next)
		write_peer(&o, p);
	json_arr_end(&o);
	if (!f->flaws.no_req_id)
		json_put_opt(&o, "_reqId", json_get_str(m, S("_reqId")));
	json_obj_end(&o);
	if (f->flaws.stray_errors)
		say_error(from->conn, S("forbidden"), S("somebody else may not"));
	say(from->conn, &b);
}

void frame_take(struct fake *f, struct ws_conn *c, str text)
{
	struct presence *p = ws_conn_user(c);
	const struct json *m;
	str type;

	if (json_parse(f->arena, text, &m) || m->type != JSON_OBJ)
		return;
	type = json_get_str(m, S("type"));
	if (str_eq(type, S("hello")) || str_eq(type, S("session_hello")))
		take_hello(f, c, m, str_eq(type, S("session_hello")));
	else if (!p)
		say_error(c, S("no_hello"), S("must send hello first"));
	else if (str_eq(type, S("list_peers")))
		list_peers(f, p, m);
	else if (str_eq(type, S("send")))
		queue_send(f, p, m);
	else if (str_eq(type, S("client_ack")))
		queue_ack(f, p, m);
	else if (str_eq(type, S("kick")) || str_eq(type, S("disconnect")))
		moderation_end(f, p, m, str_eq(type, S("kick")));
	else if (str_eq(type, S("ban")) || str_eq(type, S("unban")))
		moderation_ban(f, p, m, str_eq(type, S("ban")));
	else if (str_eq(type, S("list_bans")))
		moderation_list(f, p, m);
}
