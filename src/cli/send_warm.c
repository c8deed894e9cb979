/*
 * send_warm.c - sending through the daemon: on its disk when it answers, with the broker soon.
 *
 * The daemon is given a moment to hear the broker's word, so that "sent" is said where it is
 * true; where it is not known yet the message is "queued", and nothing else is claimed.
 */
#include "cli/send.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "cli/text.h"
#include "net/url.h"

enum { WORD_MS = 50 }; /* for the broker's word, without --wait */

/* What the daemon answered, as the words of an ack. */
static void read_answer(const struct json *body, str typed, struct target *ret_to,
			struct ack_args *ret_ack)
{
	str spec = json_get_str(body, S("target"));

	*ret_to = (struct target){
		.kind = resolve_is_multicast(typed) ? TARGET_GROUP : TARGET_KEY,
		.spec = str_empty(spec) ? typed : spec,
		.typed = typed,
		.name = json_get_str(body, S("name")),
		.listed = json_get_bool(body, S("listed")),
		.online = json_get_bool(body, S("recipientOnline")),
		.verified = json_get_bool(body, S("verified")),
	};
	*ret_ack = (struct ack_args){
		.messageId = json_get_str(body, S("broker_message_id")),
		.duplicate = json_get_bool(body, S("duplicate")),
		.delivery = json_get_str(body, S("delivery")),
		.recipients = json_get_int(body, S("recipients"), 0),
	};
}

static bool is_done(const struct json *body)
{
	return str_eq(json_get_str(body, S("status")), S("done"));
}

static void print_queued(struct cli *c, const struct target *to, const struct json *body)
{
	str name = str_empty(to->name) ? to->typed : to->name;

	out_ok(&c->out, text_cut(json_get_str(body, S("client_message_id")), 8), "queued for %.*s",
	       STRF(name));
	out_hint(&c->out, "the daemon sends it as soon as the broker can be reached");
	send_print_doubt(c, to);
}

static void print_answer(struct cli *c, const struct json *body, str typed)
{
	struct target to;
	struct ack_args ack;

	read_answer(body, typed, &to, &ack);
	if (is_done(body))
		send_print(c, &to, &ack);
	else
		print_queued(c, &to, body);
}

static void json_answer(struct cli *c, const struct json *body, str typed)
{
	struct json_out *j = out_json(&c->out);
	str delivery = json_get_str(body, S("delivery"));
	struct target to;
	struct ack_args ack;

	read_answer(body, typed, &to, &ack);
	json_put_str(j, "messageId", is_done(body) ? ack.messageId : STR_NONE);
	json_put_str(j, "clientMessageId", json_get_str(body, S("client_message_id")));
	json_put_str(j, "target", to.spec);
	json_put_str(j, "name", to.name);
	json_put_str(j, "via", S("daemon"));
	json_put_str(j, "status", json_get_str(body, S("status")));
	json_put_str(j, "delivery", !is_done(body)        ? S("queued")
				    : str_empty(delivery) ? S("accepted")
							  : delivery);
	if (is_done(body) && !str_empty(delivery))
		json_put_int(j, "recipients", ack.recipients);
	json_put_bool(j, "encrypted", to.kind == TARGET_KEY);
	json_put_bool(j, "duplicate", ack.duplicate);
}

/* One message accepted. A broker's refusal, if it came already, is an error. */
static struct err *accept(struct cli *c, const struct warm *w, const struct local_send_args *args,
			  const struct json **ret_body)
{
	struct err *e = warm_send(c, w, "POST", S("/v1/send"), local_send_fields, args, ret_body);
	str reason;

	if (e && (e->code == ERR_TIMEOUT || (e->code == ERR_NETWORK && !ipc_is_unreachable(e))))
		return cli_hint(c, e,
				"it may have been accepted; to repeat it under the same id: --id %.*s",
				STRF(args->client_message_id));
	TRY(e);
	if (!str_eq(json_get_str(*ret_body, S("status")), S("dead")))
		return NULL;
	reason = json_get_str(*ret_body, S("reason"));
	return FAIL(c->arena, REFUSED, "%.*s", STRF(reason));
}

/* Until it is with the broker, then until it is with everyone. */
static struct err *wait_delivered(struct cli *c, const struct warm *w, struct local_send_args *args,
				  i64 until_ms, i64 wait_ms, const struct json **body)
{
	struct message_status_result_args result;
	const struct json *status;
	bool settled;
	i64 left;

	while (!is_done(*body)) {
		left = until_ms - clock_mono_ms(&clock_real);
		if (left <= 0)
			return cli_hint(c, FAIL(c->arena, TIMEOUT,
						"not with the broker within %" PRId64 " s; it stays queued",
						wait_ms / 1000),
					"claudemesh daemon outbox --pending");
		args->wait_ms = MIN(left, LOCAL_WAIT_MAX_MS);
		/* The same id again: nothing is sent twice, and the answer says how far it is. */
		TRY(accept(c, w, args, body));
	}
	do {
		const struct query q[] = {
			{ "mesh", args->mesh },
			{ "wait_ms", arena_printf(c->arena, "%" PRId64,
						  MAX(1, MIN(until_ms - clock_mono_ms(&clock_real),
							     LOCAL_WAIT_MAX_MS))) },
		};
		str id = json_get_str(*body, S("broker_message_id"));
		const char *path = arena_printf(c->arena, "/v1/messages/%.*s", STRF(url_encode(c->arena, id))).ptr;

		TRY(warm_get(c, w, warm_target(c->arena, path, q, ARRAY_LEN(q)), &status));
		TRY(json_decode(c->arena, status, message_status_result_fields, &result, sizeof(result),
				NULL));
		settled = json_get_bool(status, S("settled"));
	} while (!settled && until_ms > clock_mono_ms(&clock_real));
	return result.delivered ? NULL : send_wait_failed(c, &result, settled, wait_ms);
}

/* The other sessions of our own member that are there. is_self: that is whom `who` means. */
struct own { str *keys; size_t n; bool is_self; };

static struct err *own_sessions(struct cli *c, const struct warm *w, str slug, str who,
				struct own *ret)
{
	const struct config_mesh_args *mesh;
	const struct json *me = NULL;
	struct config_args config;
	struct peers_list_args list;
	struct target to;
	str self;

	TRY(config_load(c->arena, &w->paths, &config));
	if (!str_empty(w->ipc.token)) {
		TRY(warm_get(c, w, S("/v1/sessions/me"), &me));
		me = json_get(me, S("session"));
		slug = json_get_str(me, S("mesh"));
	}
	TRY(config_find_mesh(c->arena, &config, slug, &mesh));
	TRY(warm_peers(c, w, mesh, &list));
	self = json_get_str(me, S("pubkey"));
	*ret = (struct own){ .keys = NEW_ARRAY(c->arena, str, list.peers.n), .is_self = true };
	if (!str_eq(who, S("self"))) {
		TRY(resolve_target(c->arena, &list, mesh->pubkey, who, &to));
		ret->is_self = to.is_self;
	}
	for (size_t i = 0; i < list.peers.n; i++) {
		const struct peer_args *p = &list.peers.items[i];

		if (str_eq(p->memberPubkey, mesh->pubkey) && !str_eq(p->pubkey, self) &&
		    !str_eq(p->pubkey, mesh->pubkey) && !str_eq(p->peerRole, S("control-plane")))
			ret->keys[ret->n++] = p->pubkey;
	}
	if (ret->is_self && !ret->n)
		return FAIL(c->arena, NO_RECIPIENT, "you have no other session there");
	return NULL;
}

/* One message each; the first failure is told after the others were tried. */
static struct err *fan_out(struct cli *c, const struct warm *w, struct local_send_args *args,
			   const struct own *own)
{
	struct err *first = NULL;
	size_t sent = 0;
	str id = args->client_message_id;

	if (c->out.json) {
		json_put_str(out_json(&c->out), "via", S("daemon"));
		out_json_list(&c->out, "fanout");
	}
	for (size_t i = 0; i < own->n; i++) {
		const struct json *body;
		struct err *e;

		args->to = own->keys[i];
		args->client_message_id = arena_printf(c->arena, "%.*s-%zu", STRF(id), i + 1);
		e = accept(c, w, args, &body);
		sent += !e;
		if (e && !first)
			first = e;
		if (!c->out.json)
			continue;
		json_obj(&c->out.json_out);
		json_put_str(&c->out.json_out, "pubkey", own->keys[i]);
		json_put_bool(&c->out.json_out, "ok", !e);
		if (e)
			json_put_str(&c->out.json_out, "error", e->text);
		else
			json_put_str(&c->out.json_out, "messageId",
				     json_get_str(body, S("broker_message_id")));
		json_obj_end(&c->out.json_out);
	}
	if (c->out.json)
		out_json_list_end(&c->out);
	if (first)
		return first;
	if (c->out.json)
		out_json_end(&c->out);
	else
		out_ok(&c->out, STR_NONE, "accepted for %zu of your own sessions", sent);
	return NULL;
}

struct err *send_warm(struct cli *c, const struct warm *w, const struct send_want *want)
{
	i64 until_ms = clock_mono_ms(&clock_real) + want->wait_ms;
	struct local_send_args args = {
		.to = want->who,
		.message = want->text,
		.priority = str_empty(want->priority) ? STR_NONE : want->priority,
		.client_message_id = want->id,
		.wait_ms = want->wait_ms ? MIN(want->wait_ms, LOCAL_WAIT_MAX_MS) : WORD_MS,
	};
	const struct json *body;
	struct err *late = NULL;
	struct own own;

	TRY(warm_mesh(c, w, &args.mesh));
	if (want->self) {
		TRY(own_sessions(c, w, args.mesh, want->who, &own));
		if (own.is_self)
			return fan_out(c, w, &args, &own);
		out_warn(&c->out, STR_NONE, "--self has no effect: %.*s is somebody else", STRF(want->who));
	}
	if (want->wait_ms)
		out_busy(&c->out, "waiting until it is delivered");
	TRY(accept(c, w, &args, &body));
	if (want->wait_ms)
		late = wait_delivered(c, w, &args, until_ms, want->wait_ms, &body);
	if (c->out.json)
		json_answer(c, body, want->who);
	else
		print_answer(c, body, want->who);
	if (late)
		return late; /* ends the envelope, too */
	if (want->wait_ms)
		out_info(&c->out, "delivered");
	if (c->out.json) {
		if (want->wait_ms)
			json_put_bool(&c->out.json_out, "delivered", true);
		out_json_end(&c->out);
	}
	return NULL;
}
