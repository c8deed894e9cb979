#include "mcp/channel.h"

#include "mcp/neutral.h"

enum {
	NAME_SHOWN_MAX = 64,
	SUMMARY_SHOWN_MAX = 80,
	DATA_SHOWN_MAX = 240,
	VALUE_MAX = 512,              /* of an attribute */
	CONTENT_MAX = 2 << 20,
};

/* ---- who ---- */

enum provenance { FROM_OWN, FROM_MESH, FROM_GUEST, FROM_NOBODY, FROM_BRIDGE };

static const struct { str word, sentence; } provenances[] = {
	[FROM_OWN] = { S("own"), S("one of your user's own sessions") },
	[FROM_MESH] = { S("mesh"), S("a member of this mesh, not your user") },
	[FROM_GUEST] = { S("guest"), S("an unverified sender, not your user") },
	[FROM_NOBODY] = { S("unsigned"), S("an unsigned post, so not known whose") },
	[FROM_BRIDGE] = { S("bridge"), S("relayed by a bridge, the sender is not proved") },
};

/* The first two are the daemon's word, which checked signatures; the last is the broker's. */
static enum provenance provenance_of(const struct json *data)
{
	if (str_eq(json_get_str(data, S("sender_peer_type")), S("connector")))
		return FROM_BRIDGE;
	if (json_get_bool(data, S("sender_own")))
		return FROM_OWN;
	if (json_get_bool(data, S("sender_verified")))
		return FROM_MESH;
	/* Whoever has the topic's key can have written it; where there is none, the broker too. */
	return json_get_str(data, S("topic")).len && !json_get_bool(data, S("sender_proven")) ? FROM_NOBODY : FROM_GUEST;
}

/* Was it readable on its way? */
static bool is_plaintext(const struct json *data)
{
	return json_get(data, S("encrypted")) && !json_get_bool(data, S("encrypted")) &&
	       json_get_str(data, S("body")).ptr;
}

/* ---- the notification ---- */

static void put_text(struct json_out *o, const char *key, str value)
{
	struct buf b = buf_make(VALUE_MAX);

	neutral_add_value(&b, value, VALUE_MAX);
	if (b.len)
		json_put_str(o, key, buf_str(&b));
	buf_done(&b);
}

static str first_of(str a, str b)
{
	return a.len ? a : b;
}

static void put_message(struct json_out *o, const struct json *data)
{
	str member = json_get_str(data, S("sender_member_pubkey")), key = json_get_str(data, S("sender_pubkey"));
	str from = first_of(member, key);

	put_text(o, "from_id", from);
	put_text(o, "from_pubkey", from);
	put_text(o, "from_session_pubkey", key);
	put_text(o, "from_name", json_get_str(data, S("sender_name")));
	put_text(o, "from_member_id", json_get_str(data, S("sender_member_id")));
	put_text(o, "mesh_slug", json_get_str(data, S("mesh")));
	put_text(o, "priority", json_get_str(data, S("priority")));
	put_text(o, "message_id", first_of(json_get_str(data, S("broker_message_id")),
					   json_get_str(data, S("id"))));
	put_text(o, "client_message_id", json_get_str(data, S("client_message_id")));
	put_text(o, "topic", json_get_str(data, S("topic")));
	put_text(o, "reply_to_id", json_get_str(data, S("reply_to_id")));
	put_text(o, "subtype", json_get_str(data, S("subtype")));
	put_text(o, "provenance", provenances[provenance_of(data)].word);
	if (is_plaintext(data))
		put_text(o, "plaintext", S("true"));
}

static void say_unreadable(struct buf *b, str why)
{
	buf_add(b, S("(decrypt failed"));
	if (why.len) {
		buf_add(b, S(": "));
		neutral_add_line(b, why, DATA_SHOWN_MAX);
	}
	buf_add(b, S(")"));
}

void channel_message(struct buf *b, const struct json *data)
{
	str priority = json_get_str(data, S("priority")), topic = json_get_str(data, S("topic"));
	str name = json_get_str(data, S("sender_name")), body = json_get_str(data, S("body"));
	const struct json *readable = json_get(data, S("body"));

	buf_add(b, S("[claudemesh: "));
	buf_add(b, provenances[provenance_of(data)].sentence);
	if (is_plaintext(data))
		buf_add(b, S("; not encrypted, the broker can read it"));
	buf_add(b, S("]\n"));
	if (str_eq(priority, S("now")))
		buf_add(b, S("[URGENT] "));
	else if (str_eq(priority, S("low")))
		buf_add(b, S("[low] "));
	neutral_add_line(b, name.len ? name : S("somebody"), NAME_SHOWN_MAX);
	if (topic.len) {
		buf_add(b, S(" (#"));
		neutral_add_line(b, topic, NAME_SHOWN_MAX);
		buf_add(b, S(")"));
	}
	buf_add(b, S(": "));
	if (!readable || readable->type != JSON_STR) {
		say_unreadable(b, json_get_str(data, S("undecryptable")));
		return;
	}
	neutral_add_text(b, body, CHANNEL_TEXT_MAX);
	if (body.len > CHANNEL_TEXT_MAX)
		buf_printf(b, "\n(cut: %zu bytes in all; claudemesh inbox shows the rest)", body.len);
}

static void put_system(struct json_out *o, str kind, const struct json *data)
{
	json_put_str(o, "kind", S("system"));
	put_text(o, "event", first_of(json_get_str(data, S("event")), kind));
	put_text(o, "mesh_slug", json_get_str(data, S("mesh")));
	put_text(o, "peer_name", json_get_str(data, S("name")));
	put_text(o, "peer_pubkey", json_get_str(data, S("pubkey")));
	put_text(o, "peer_last_seen_at", json_get_str(data, S("lastSeenAt")));
	put_text(o, "peer_summary", json_get_str(data, S("summary")));
}

static const char *verb_of(str event)
{
	return str_eq(event, S("peer_joined")) || str_eq(event, S("peer_join"))   ? "joined"
	       : str_eq(event, S("peer_left")) || str_eq(event, S("peer_leave")) ? "left"
	       : str_eq(event, S("peer_returned"))                                ? "returned to"
										 : NULL;
}

static void say_system(struct buf *b, str kind, const struct json *data)
{
	str event = first_of(json_get_str(data, S("event")), kind);
	const struct json *inner = json_get(data, S("eventData"));
	const struct json *peer = json_get(data, S("name")) || !inner ? data : inner;
	str summary = json_get_str(peer, S("summary"));
	const char *verb = verb_of(event);

	buf_add(b, S("[system] "));
	if (str_eq(event, S("kicked")) || str_eq(event, S("banned"))) {
		neutral_add_line(b, json_get_str(inner, S("message")), DATA_SHOWN_MAX);
		return;
	}
	if (!verb) {
		neutral_add_line(b, event, NAME_SHOWN_MAX);
		buf_add(b, S(": "));
		neutral_add_line(b, inner ? inner->raw : S("{}"), DATA_SHOWN_MAX);
		return;
	}
	buf_add(b, S("Peer \""));
	neutral_add_line(b, json_get_str(peer, S("name")), NAME_SHOWN_MAX);
	buf_add(b, S("\" ("));
	neutral_add_line(b, json_get_str(peer, S("pubkey")), 8);
	buf_printf(b, ") %s the mesh", verb);
	if (summary.len) {
		buf_add(b, S(" \xc2\xb7 \""));
		neutral_add_line(b, summary, SUMMARY_SHOWN_MAX);
		buf_add(b, S("\""));
	}
}

bool channel_params(struct json_out *o, str kind, const struct json *data)
{
	bool is_message = str_eq(kind, S("message"));
	struct buf content = buf_make(CONTENT_MAX);

	if (!data || data->type != JSON_OBJ)
		return false;
	if (!is_message && !str_eq(kind, S("peer_join")) && !str_eq(kind, S("peer_leave")) &&
	    !str_eq(kind, S("system")))
		return false;
	if (is_message)
		channel_message(&content, data);
	else
		say_system(&content, kind, data);
	json_obj(o);
	json_put_str(o, "content", buf_str(&content));
	json_key(o, S("meta"));
	json_obj(o);
	if (is_message)
		put_message(o, data);
	else
		put_system(o, kind, data);
	json_obj_end(o);
	json_obj_end(o);
	buf_done(&content);
	return true;
}

void channel_waiting_params(struct json_out *o, size_t n, const struct json *data)
{
	struct buf content = buf_make(CONTENT_MAX);

	buf_add(&content, S("[system] "));
	if (data) {
		buf_add(&content, S("A message from \""));
		neutral_add_line(&content, first_of(json_get_str(data, S("sender_name")), S("somebody")),
				 NAME_SHOWN_MAX);
		buf_add(&content, S("\" waits"));
	} else {
		buf_printf(&content, n == 1 ? "%zu message waits" : "%zu messages wait", n);
	}
	buf_add(&content, S(": claudemesh inbox"));
	json_obj(o);
	json_put_str(o, "content", buf_str(&content));
	json_key(o, S("meta"));
	json_obj(o);
	json_put_str(o, "kind", S("system"));
	json_put_str(o, "event", S("message_waiting"));
	if (data)
		put_text(o, "mesh_slug", json_get_str(data, S("mesh")));
	json_obj_end(o);
	json_obj_end(o);
	buf_done(&content);
}
