/*
 * device.c - a browser, or another machine, of a member becomes a member of its own.
 *
 * The member says over its own connection by which code; who has the code looks at whose device
 * it would be, and then brings its key, signed with the code. The broker knows the code's public
 * key only, so it lets in whom it is told to and can make up nobody (crypto/device.h). A code is
 * good for one device and DEVICE_CODE_MS; a member has one at a time.
 */
#include "proto/device.h"

#include <utlist.h>

#include "crypto/device.h"
#include "crypto/encode.h"
#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/guess.h"
#include "engine/msg/msg.h"
#include "engine/req.h"

static struct err *device_code_run(struct req *rq, const void *args)
{
	const struct device_code_args *in = args;
	struct engine *e = rq->engine;
	struct member *member = rq->from->member;
	struct device_code_row row = {
		.code = in->code, .mesh_no = member->mesh->no, .member_no = member->no,
		.until_ms = e->now_ms + DEVICE_CODE_MS, .expires_s = in->expiresAt,
		.signature = in->signature, .introduction = in->introduction,
	}, *known;
	struct device_code_ready_args out = {
		.validMs = DEVICE_CODE_MS, .pageUrl = e->settings.http_url, ._reqId = in->_reqId,
	};

	if (rq->from->session)
		return FAIL(rq->arena, FORBIDDEN, "a session may not let a device in; its member may");
	if (member->device_of)
		return FAIL(rq->arena, FORBIDDEN,
			    "a device may not let another in; ask the machine that you joined with");
	TRY(store_device_code(e->store, rq->arena, in->code, &known));
	if (known)
		return FAIL(rq->arena, EXISTS, "this code was used before; make a new one");
	store_device_codes_remove(e->store, member->mesh->no, member->no);
	store_device_code_add(e->store, &row);
	req_send(rq, "device_code_ready", device_code_ready_fields, &out);
	return NULL;
}

static struct err *unknown(struct req *rq)
{
	guess_failed(rq);
	return FAIL(rq->arena, NOT_FOUND, "this link was used or is older than a minute; run 'claudemesh dashboard' again");
}

/* *ret_member is NULL where the call was forwarded to the shard that has it. */
static struct err *find_code(struct req *rq, str code, struct device_code_row **ret_code,
			     struct member **ret_member)
{
	struct engine *e = rq->engine;
	struct mesh_row *row = NULL;
	struct mesh *m = NULL;

	*ret_member = NULL;
	TRY(guess_check(rq));
	TRY(store_device_code(e->store, rq->arena, code, ret_code));
	if (*ret_code && (*ret_code)->until_ms > e->now_ms)
		TRY(store_mesh_by_no(e->store, rq->arena, (*ret_code)->mesh_no, &row));
	if (!row || row->archived_ms)
		return unknown(rq);
	if (!engine_owns(e, row->id))
		return req_forward(rq, row->id);
	TRY(mesh_get(e, rq->arena, row->id, &m));
	*ret_member = m ? mesh_member_by_no(m, (*ret_code)->member_no) : NULL;
	return *ret_member && !(*ret_member)->revoked_ms ? NULL : unknown(rq);
}

static struct err *device_look_run(struct req *rq, const void *args)
{
	const struct device_look_args *in = args;
	struct device_code_row *code;
	struct member *member;
	struct mesh *m;

	TRY(find_code(rq, in->code, &code, &member));
	if (!member)
		return NULL;
	m = member->mesh;
	req_answer(rq, 200, device_seen_fields, &(struct device_seen_args){
		.mesh_id = str_from(m->id), .mesh_slug = m->slug, .mesh_name = m->name,
		.member_name = member->name, .member_pubkey = str_of(member->pubkey, 64),
		.owner_pubkey = str_of(m->owner_pubkey, 64), .expires_at = code->expires_s,
		.signature = code->signature, .introduction = code->introduction,
	});
	return NULL;
}

static struct err *device_add_prove(struct arena *a, const void *args, i64 now_ms UNUSED, struct proof *ret_proof)
{
	const struct device_add_args *in = args;
	struct device_claim claim = { in->mesh_id, in->code, in->pubkey, in->x25519 };
	str bytes;

	if (!base64url_decode(a, in->x25519, &bytes) || bytes.len != BOX_KEY_BYTES)
		return FAIL(a, BAD_REQUEST, "field 'x25519': 32 bytes as base64url");
	if (!device_claim_check(a, &claim, in->claim_signature))
		return FAIL(a, UNAUTHORIZED, "claim_signature does not hold under the code's key");
	ret_proof->signed_by_key = true;
	memcpy(ret_proof->pubkey, in->pubkey.ptr, 64);
	return NULL;
}

static struct err *check_room(struct req *rq, const struct member *of)
{
	struct member *m, *next;
	size_t n = 0;

	HASH_ITER(hh, of->mesh->members, m, next)
		n += m->device_of == of->no && !m->revoked_ms;
	if (n >= DEVICES_MAX)
		return FAIL(rq->arena, CONFLICT, "%.*s has %zu devices, the most one may; remove one first",
			    STRF(of->name), n);
	return NULL;
}

static struct device_added_args added(const struct member *device, str req_id)
{
	return (struct device_added_args){
		device->device_code, str_from(device->id), str_of(device->pubkey, 64),
		device->device_label.ptr ? device->device_label : S(""), req_id,
	};
}

/* Connections of the member that wait for it. */
static void tell(struct req *rq, struct member *of, const struct member *device)
{
	struct device_added_args out;
	struct presence *p;

	DL_FOREACH2(of->presences, p, member_next) {
		if (!p->online || !p->device_wait.len)
			continue;
		out = added(device, p->device_wait);
		effects_send(rq->engine->fx, p->conn, message_block("device_added", device_added_fields, &out), 0);
		own_free(&p->device_wait);
	}
}

static struct err *device_wait_run(struct req *rq, const void *args)
{
	const struct device_wait_args *in = args;

	own_str(&rq->from->device_wait, in->_reqId);
	return NULL;
}

static struct err *device_add_run(struct req *rq, const void *args)
{
	const struct device_add_args *in = args;
	struct newcomer who = { .pubkey = in->pubkey, .x25519 = in->x25519, .topic_role = S("member"),
				.claim_signature = in->claim_signature, .device_label = in->label };
	struct device_code_row *code;
	struct member *of, *device;
	bool already;

	if (!rq->event->proof.signed_by_key)
		return FAIL(rq->arena, INTERNAL, "device_add was not proved");
	TRY(find_code(rq, in->code, &code, &of));
	if (!of)
		return NULL;
	if (!str_eq(in->mesh_id, str_from(of->mesh->id)))
		return FAIL(rq->arena, UNAUTHORIZED, "the code is of another mesh");
	if (!name_is_printable(in->label))
		return FAIL(rq->arena, BAD_REQUEST, "field 'label': no control characters");
	if (mesh_member(of->mesh, in->pubkey))
		return FAIL(rq->arena, EXISTS, "this key is a member already; a device has one of its own");
	TRY(check_room(rq, of));
	who.name = of->name;
	who.role = of->role;
	who.device_of = of;
	who.device_code = code->code;
	who.device_signature = code->signature;
	who.device_expires_s = code->expires_s;
	TRY(enrol(rq, of->mesh, &who, NULL, &device, &already));
	store_device_codes_remove(rq->engine->store, of->mesh->no, of->no);
	tell(rq, of, device);
	req_answer(rq, 200, device_made_fields, &(struct device_made_args){
		str_from(device->id), str_from(of->mesh->id), enum_word(role_words, (int)device->role) });
	return NULL;
}

static struct member *find_device(struct mesh *m, str id)
{
	struct member *member, *next;

	HASH_ITER(hh, m->members, member, next)
		if (member->device_of && !member->revoked_ms && str_eq(str_from(member->id), id))
			return member;
	return NULL;
}

static struct err *device_remove_run(struct req *rq, const void *args)
{
	const struct device_remove_args *in = args;
	const struct member *from = rq->from->member;
	struct member *device = find_device(from->mesh, in->memberId);

	if (!device || (device != from && device->device_of != from->no &&
			device->device_of != from->device_of))
		return FAIL(rq->arena, NOT_FOUND, "you have no such device");
	req_done(rq);
	audit(from->mesh, from, "device_removed", str_from(device->id));
	return member_remove(device, rq->arena);
}

const struct op msg_device[] = {
	OP("device_code", OP_FRAME, device_code, NULL, device_code_run, "device_code_ready",
	   device_code_ready_fields, "Lets one device of the member in: who has the code may bring a key."),
	OP("device_wait", OP_FRAME, device_wait, NULL, device_wait_run, "device_added", device_added_fields,
	   "Waits until a device uses the member's code."),
	OP("device_look", OP_CALL | OP_OWN_PAGE, device_look, NULL, device_look_run, "", device_seen_fields,
	   "Tells who has a device code whose device it would be."),
	OP("device_add", OP_CALL | OP_OWN_PAGE, device_add, device_add_prove, device_add_run, "",
	   device_made_fields, "Makes the caller's key a device of the member who made the code."),
	OP("device_remove", OP_FRAME, device_remove, NULL, device_remove_run, "ack", NULL,
	   "Removes a device: from its member, another of its devices, or itself."),
	{ 0 }
};
