#include "engine/enrol.h"

#include <utlist.h>

#include "crypto/encode.h"
#include "crypto/keys.h"
#include "engine/audit.h"
#include "engine/permission.h"
#include "engine/topic.h"

struct err *enrol_key(struct req *rq, str given, str word, str *ret_pubkey)
{
	if (!str_is_hex(given, 32, false))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "%.*s", STRF(word)), word);
	*ret_pubkey = hex_lower(rq->arena, given);
	return NULL;
}

enum { ZERO_WIDTH_NON_JOINER = 0x200c, ZERO_WIDTH_JOINER = 0x200d };

/* The next character; the text is UTF-8, checked. */
static u32 take_char(str *text)
{
	u32 c = (u8)text->ptr[0];
	size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	more = MIN(more, text->len - 1);
	if (more)
		c &= 0x3fu >> more;
	for (size_t i = 1; i <= more; i++)
		c = c << 6 | ((u8)text->ptr[i] & 0x3f);
	*text = str_skip(*text, more + 1);
	return c;
}

static bool is_unprintable(u32 c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x200b ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

bool name_is_printable(str name)
{
	bool joins = false;   /* the last character is a joiner */
	u32 before = 0, c;

	while (name.len) {
		c = take_char(&name);
		joins = c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER;
		if (is_unprintable(c) || (joins && before < 0x80))
			return false;
		before = joins ? 0 : c;
	}
	return !joins;
}

static struct err *invite_ended(struct req *rq, const struct invite_row *invite)
{
	i64 now = rq->engine->now_ms;

	if (invite->revoked_ms)
		return err_word(FAIL(rq->arena, GONE, "this invite was revoked; ask for a new one"), S("revoked"));
	if (invite->expires_ms <= now)
		return err_word(FAIL(rq->arena, GONE, "this invite has expired; ask for a new one"), S("expired"));
	return NULL;
}

struct err *invite_check(struct req *rq, const struct invite_row *invite)
{
	TRY(invite_ended(rq, invite));
	if (invite->uses >= invite->max_uses)
		return err_word(FAIL(rq->arena, GONE, "this invite was used %lld of %lld times; ask for a new one",
				     (long long)invite->uses, (long long)invite->max_uses), S("exhausted"));
	return NULL;
}

/* Who left comes back as a newcomer of the same id: with the invite's role and what that may, and
 * out of what is not for everybody. */
static void come_back(struct member *member, const struct newcomer *who, const struct invite_row *invite)
{
	struct mesh *m = member->mesh;
	struct topic_sub *sub, *next;

	store_invite_used(m->engine->store, m->no, invite->no, invite->uses + 1, m->engine->now_ms);
	DL_FOREACH_SAFE(member->topics, sub, next)
		if (sub->topic->visibility != VISIBILITY_PUBLIC)
			topic_sub_remove(sub);
	m->touched_in = m->engine->batch_no;
	if (who->name.len)
		own_str(&member->name, who->name);
	own_str(&member->x25519, who->x25519);
	own_str(&member->claim_signature, who->claim_signature);
	member->verified = who->claim_signature.len > 0;
	member->role = who->role;
	member->invite_no = invite->no;
	member->revoked_ms = 0;
	permissions_reset(member);
	topics_member_back(member);
	store_member_rejoin(m->engine->store, &(struct member_row){
		.no = member->no, .mesh_no = m->no, .x25519 = member->x25519, .name = member->name,
		.role = enum_word(role_words, (int)member->role), .claim_signature = member->claim_signature,
		.invite_no = member->invite_no });
	topic_general_join(m, member, TOPIC_MEMBER);
}

static void log_member(const struct member *member, const struct invite_row *invite)
{
	str role = enum_word(role_words, (int)member->role), pubkey = str_of(member->pubkey, 64);
	const struct member *of = member->device_of ? mesh_member_by_no(member->mesh, member->device_of) : NULL;

	if (of)
		audit_with(member->mesh, of, "device_added",
			   AUDIT_FIELDS(AUDIT_TEXT("memberId", str_from(of->id)), AUDIT_TEXT("pubkey", pubkey),
					AUDIT_TEXT("device", str_from(member->id))));
	else
		audit_with(member->mesh, member, "member_joined",
			   AUDIT_FIELDS(AUDIT_TEXT("memberId", str_from(member->id)), AUDIT_TEXT("pubkey", pubkey),
					AUDIT_TEXT("role", role), AUDIT_TEXT("invite", invite ? invite->id : STR_NONE)));
}

static struct err *existing(struct req *rq, struct member *member, const struct newcomer *who,
			    const struct invite_row *invite, bool *ret_already)
{
	if (!member->revoked_ms)
		return NULL;
	if (member->banned_ms || member->device_of || !invite)
		return err_word(FAIL(rq->arena, FORBIDDEN, "this key was removed from the mesh; contact its owner"),
				S("member_revoked"));
	TRY(invite_check(rq, invite));
	if (!name_is_printable(who->name))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "the name has control characters"), S("malformed"));
	*ret_already = false;
	come_back(member, who, invite);
	log_member(member, invite);
	return NULL;
}

struct err *enrol(struct req *rq, struct mesh *m, const struct newcomer *who,
		  const struct invite_row *invite, struct member **ret_member, bool *ret_already)
{
	struct engine *e = rq->engine;
	str name = who->name.len ? who->name
				 : arena_printf(rq->arena, "member-%.8s", who->pubkey.ptr);
	struct member *member = mesh_member(m, who->pubkey);
	const struct mailbox *held = mesh_mailbox(m, who->pubkey);

	if (invite)
		TRY(invite_ended(rq, invite));
	*ret_already = member != NULL;
	*ret_member = member;
	if (member)
		return existing(rq, member, who, invite, ret_already);
	if (invite)
		TRY(invite_check(rq, invite));
	if (!name_is_printable(name))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "the name has control characters"),
				S("malformed"));
	/* Who only showed it gives way. */
	if (held && held->attestation.len)
		return err_word(FAIL(rq->arena, CONFLICT, "this key is in use as a session key"), S("key_in_use"));
	/* Nothing was queued so far; from here on nothing may fail. */
	if (invite)
		store_invite_used(e->store, m->no, invite->no, invite->uses + 1, e->now_ms);
	member = member_add(m, &(struct member_row){
		.no = store_next(e->store, NUMBER_MEMBER), .mesh_no = m->no,
		.id = id_random(rq->arena, e->random), .pubkey = who->pubkey, .x25519 = who->x25519,
		.name = name, .role = enum_word(role_words, (int)who->role),
		.invite_no = invite ? invite->no : 0, .claim_signature = who->claim_signature,
		.created_ms = e->now_ms, .device_of = who->device_of ? who->device_of->no : 0,
		.device_label = who->device_label, .device_code = who->device_code,
		.device_signature = who->device_signature, .device_expires_s = who->device_expires_s,
	});
	*ret_member = member;
	log_member(member, invite);
	/* #general exists from creation, and everyone who comes is in it (S08, D-33). */
	topic_general_join(m, member, str_eq(who->topic_role, S("lead")) ? TOPIC_LEAD : TOPIC_MEMBER);
	topic_device_join(member);
	return NULL;
}
