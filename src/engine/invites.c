#include "engine/invites.h"

#include "base/email.h"
#include "base/log.h"
#include "crypto/invite.h"
#include "engine/audit.h"
#include "engine/mail.h"

static const i64 DAY_MS = 24 * 3600 * 1000;

static struct err *malformed(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("malformed"));
}

struct err *invite_email_check(struct req *rq, str email, struct invite_row *row)
{
	struct engine *e = rq->engine;
	i64 n;

	row->email = STR_NONE;
	if (str_empty(email))
		return NULL;
	if (!email_is_valid(email))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "email: not an address such as bob@example.org"),
				S("invalid_email"));
	row->email = email_normal(rq->arena, email);
	if (!mail_is_on(e))
		return NULL;
	TRY(mail_check(rq, MAIL_INVITE));
	TRY(store_invites_mailed(e->store, rq->arena, row->email, e->now_ms - DAY_MS, &n));
	if (n >= MAILS_TO_ADDRESS_PER_DAY)
		return FAIL(rq->arena, RATE_LIMIT, "this address was sent %lld invitations within a day; "
			    "send the link yourself", (long long)n);
	return NULL;
}

struct err *invite_terms_check(struct req *rq, const struct invite_terms *t, struct invite_row *row)
{
	i64 now_s = rq->engine->now_ms / 1000, day_s = DAY_MS / 1000;
	i64 expires_s = t->expires_s ? t->expires_s : now_s + INVITE_DAYS_DEFAULT * day_s;

	row->role = t->role.len ? t->role : S("member");
	row->max_uses = t->max_uses ? t->max_uses : 1;
	row->expires_ms = expires_s * 1000;
	if (!str_eq(row->role, S("member")) && !str_eq(row->role, S("admin")))
		return malformed(rq, "role: admin or member");
	if (row->max_uses < 1 || row->max_uses > INVITE_USES_MAX)
		return malformed(rq, "max_uses: from 1 to 1000");
	if (expires_s <= now_s || expires_s > now_s + INVITE_DAYS_MAX * day_s)
		return malformed(rq, "expires_at: within the next 365 days");
	return invite_email_check(rq, t->email, row);
}

void invite_open(struct req *rq, struct invite_row *row)
{
	row->id = id_random(rq->arena, rq->engine->random);
	row->code = invite_code_new(rq->arena, rq->engine->random);
}

/* Those that ended unused make room, after a while. */
static struct err *find_room(struct req *rq, const struct mesh *m)
{
	struct engine *e = rq->engine;
	i64 n;

	store_invites_prune(e->store, m->no, e->now_ms - INVITE_KEEP_DAYS * DAY_MS);
	TRY(store_invite_count(e->store, rq->arena, m->no, &n));
	if (n >= e->settings.invites_per_mesh)
		return FAIL(rq->arena, RATE_LIMIT, "this mesh has %lld invites; make one that may be used more often",
			    (long long)n);
	return NULL;
}

struct err *invite_add(struct req *rq, struct mesh *m, const struct member *by, struct invite_row *row)
{
	struct engine *e = rq->engine;

	TRY(find_room(rq, m));
	row->no = store_next(e->store, NUMBER_INVITE);
	row->mesh_no = m->no;
	row->created_ms = e->now_ms;
	row->made_by = by ? by->no : 0;
	store_invite_add(e->store, row);
	audit_with(m, by, "invite_created", AUDIT_FIELDS(AUDIT_TEXT("invite", row->id), AUDIT_TEXT("role", row->role),
		   AUDIT_INT(m, "maxUses", row->max_uses), AUDIT_INT(m, "expiresAt", row->expires_ms / 1000)));
	return NULL;
}

str invite_url(struct req *rq, const struct invite_row *row)
{
	return arena_printf(rq->arena, "%.*s/i/%.*s", STRF(rq->engine->settings.http_url), STRF(row->code));
}

/* Whose mesh it is: who made it, or the first admin that is left. */
static str owner_name(const struct mesh *m)
{
	for (const struct member *member = m->members; member; member = member->hh.next)
		if (!member->revoked_ms && member->role == ROLE_ADMIN)
			return member->name;
	return STR_NONE;
}

str invite_inviter(const struct mesh *m, const struct invite_row *row)
{
	for (const struct member *member = m->members; member && row->made_by; member = member->hh.next)
		if (member->no == row->made_by)
			return member->name;
	return owner_name(m);
}

struct err *invite_mail(struct req *rq, struct mesh *m, const struct member *by, const struct invite_row *row,
			i64 *ret_job)
{
	struct engine *e = rq->engine;
	struct mail mail = {
		.says = { .kind = MAIL_INVITE, .to = row->email, .mesh = m->name,
			  .inviter = invite_inviter(m, row), .role = row->role, .url = invite_url(rq, row),
			  .base = e->settings.http_url, .max_uses = row->max_uses, .expires_ms = row->expires_ms },
		.mesh_no = m->no, .about_no = row->no, .until_ms = row->expires_ms,
	};

	*ret_job = 0;
	if (str_empty(row->email))
		return NULL;
	if (!mail_is_on(e)) {
		log_warn("an invite was not mailed: no way to send mail is configured (--smtp-url)");
		return NULL;
	}
	TRY(mail_add(rq, &mail, ret_job));
	audit(m, by, "invite_sent", row->id);
	return NULL;
}

str invite_mail_state(const struct job_row *jobs, size_t n, i64 invite_no)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i].about_no == invite_no)
			return jobs[i].state;
	return STR_NONE;
}
