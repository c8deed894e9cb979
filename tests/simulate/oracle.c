/*
 * oracle.c - every message from its send to its end, and the invariants about it.
 *
 * A message is known by its body, which no two share (but for what a liar replays), so that
 * nothing the broker says about it is taken on trust.
 */
#include "simulate/sim.h"

#include "crypto/encode.h"
#include "proto/limits.h"

static const i64 TTL_US = (i64)MESSAGE_TTL_DAYS * 24 * 3600 * SECOND;

static u64 bit(int no)
{
	return 1ull << no;
}

struct msg *msg_new(struct sim *s, struct client *from)
{
	struct msg *m = NEW(s->a, struct msg);

	if (s->n_msgs == MSGS_MAX)
		abort();
	m->no = s->n_msgs;
	m->from = from;
	m->rank = 1;
	snprintf(m->id, sizeof(m->id), "m%d", m->no);
	if (from->model->client_ids)
		snprintf(m->cid, sizeof(m->cid), "c%d", m->no);
	m->body = base64_encode(s->a, arena_printf(s->a, "body %d of %s", m->no, from->name));
	s->msgs[s->n_msgs++] = m;
	return m;
}

bool maybe_expired(const struct msg *m)
{
	return m->max_wall_us - m->accept_wall_us >= TTL_US - SECOND;
}

/* ---- where it may and must go ---- */

static bool in_group(const struct client *c, const struct msg *m, bool surely)
{
	if (m->kind == TO_ALL)
		return true;
	return surely ? c->group_must[m->group] : c->group_may[m->group];
}

static void may_now(struct sim *s, struct msg *m)
{
	if (m->kind == TO_NOBODY)
		return;
	if (m->to) {
		m->may |= bit(m->to->no);
		return;
	}
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->member->mesh == m->from->member->mesh && c->member != m->from->member &&
		    maybe_there(s, c) && in_group(c, m, false))
			m->may |= bit(c->member->no);
	}
}

void oracle_sending(struct sim *s, struct msg *m)
{
	if (!m->sent) {
		m->first_sent_us = s->now_us;
		m->accept_wall_us = m->max_wall_us = wall_us(s); /* at the earliest */
	}
	m->sent = true;
	m->attempts++;
	may_now(s, m);
}

void oracle_seen(struct sim *s, struct msg *m)
{
	may_now(s, m);
}

static void must_client(struct msg *m, const struct client *c)
{
	m->must_client |= bit(c->no);
	m->epochs[c->no] = stamp_of(m, c);
}

/* Who is there beyond doubt; sessions get a copy each. */
static void must_now(struct sim *s, struct msg *m)
{
	bool anyone = false, all = !mailboxes_fill(s);

	if (m->to)
		m->must |= bit(m->to->no);
	/* The ack may be for what was accepted earlier, when others were there. */
	if (!m->first_try)
		return;
	for (int i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->member->mesh != m->from->member->mesh)
			continue;
		anyone |= m->to == c->member && (maybe_there(s, c) || !c->model->takes);
		if (!surely_live(s, c) || c == m->from)
			continue;
		if (m->kind == TO_MEMBER && c->member == m->to && c->model->session && all)
			must_client(m, c);
		if (m->kind == TO_SESSION && c == m->to_client && str_eq(m->target, str_from(c->session_pubkey)))
			must_client(m, c);
		if ((m->kind == TO_ALL || m->kind == TO_GROUP) && all && c->member != m->from->member &&
		    in_group(c, m, true)) {
			m->must |= bit(c->member->no);
			if (c->model->session)
				must_client(m, c);
		}
	}
	m->member_box = m->kind == TO_MEMBER && !anyone && m->to != m->from->member;
}

void oracle_acked(struct sim *s, struct conn *conn, const struct json *ack)
{
	str id = json_get_str(ack, S("id")), message_id = json_get_str(ack, S("messageId"));
	struct msg *m;
	i64 no;

	if (!json_get_bool(ack, S("queued")) || id.len < 2 || id.ptr[0] != 'm')
		return;
	if (!str_to_i64(str_skip(id, 1), &no) || no < 0 || no >= s->n_msgs)
		return;
	m = s->msgs[no];
	if (m->from != conn->client) {
		if (conn->client->kind != LIAR)
			violated(s, "I5", "%s is acked what %s sent", conn->client->name, m->from->name);
		return;
	}
	if (message_id.len != 32)
		violated(s, "ack", "a positive ack without an id");
	if (m->acked && s->options->dedupe && m->cid[0] && !str_eq(m->first_id, message_id))
		violated(s, "I2", "message %d is accepted as %.*s and as %.*s", m->no, STRF(m->first_id),
			 STRF(message_id));
	if (m->acked)
		return;
	m->acked = true;
	m->first_id = arena_dup(s->a, message_id);
	m->accept_no = ++s->accept_no;
	m->first_try = m->attempts == 1;
	m->accept_step = s->step;
	must_now(s, m);
}

/* ---- pushes ---- */

static struct msg *msg_of_body(struct sim *s, const struct client *to, const struct json *push)
{
	str body = json_get_str(push, S("ciphertext")), sender = json_get_str(push, S("senderMemberPubkey")), plain;
	struct msg *first = NULL;

	for (int i = 0; i < s->n_msgs; i++) {
		struct msg *m = s->msgs[i];

		if (!str_eq(m->body, body))
			continue;
		if (str_eq(str_from(person_of(s, m->from->member)->pubkey), sender) && m->sent)
			return m;
		if (!first)
			first = m;
	}
	if (first && first->from->member->mesh != to->member->mesh)
		violated(s, "I4", "message %d of mesh %d reaches %s in mesh %d", first->no,
			 first->from->member->mesh, to->name, to->member->mesh);
	else if (first)
		violated(s, "I5", "message %d of %s is pushed as one of %.*s", first->no, first->from->name,
			 STRF(sender));
	else
		violated(s, "I5", "a push that nobody sent: %.*s",
			 STRF(base64_decode(s->a, body, &plain) ? plain : body));
	return NULL;
}

static void check_sender(struct sim *s, const struct msg *m, const struct json *push)
{
	str key = json_get_str(push, S("senderPubkey")), member = str_from(person_of(s, m->from->member)->pubkey);
	bool known = str_eq(key, member) || str_eq(key, str_from(m->from->session_pubkey));

	for (int i = 0; i < m->from->n_former; i++)
		known |= str_eq(key, str_from(m->from->former[i]));
	if (!known)
		violated(s, "I5", "message %d has the sender key %.*s, which is not %s's", m->no, STRF(key),
			 m->from->name);
	if (!str_eq(json_get_str(push, S("senderMemberId")), str_from(m->from->member->id)))
		violated(s, "I5", "message %d has another member's id", m->no);
	if (m->cid[0] && !str_eq(json_get_str(push, S("client_message_id")), str_from(m->cid)))
		violated(s, "I5", "message %d has another client id", m->no);
}

/* What it speaks as. */
static str key_of(struct sim *s, const struct conn *conn)
{
	const struct client *c = conn->client;

	return c->model->session || c->model->shows_key ? str_from(conn->session_pubkey)
							 : str_from(person_of(s, c->member)->pubkey);
}

static void check_addressee(struct sim *s, const struct msg *m, const struct conn *conn, const struct json *push)
{
	const struct client *c = conn->client;

	if (m->from->member->mesh != c->member->mesh) {
		violated(s, "I4", "message %d of mesh %d reaches %s in mesh %d", m->no, m->from->member->mesh,
			 c->name, c->member->mesh);
		return;
	}
	if (m->kind == TO_NOBODY || !(m->may & bit(c->member->no)))
		violated(s, "I3", "message %d to %.*s reaches %s", m->no, STRF(m->target), c->name);
	if (m->from->member == c->member && str_eq(json_get_str(push, S("senderPubkey")), key_of(s, conn)))
		violated(s, "I3", "message %d comes back to its sender %s", m->no, c->name);
	if (!c->model->takes)
		violated(s, "I3", "message %d reaches %s, which takes none", m->no, c->name);
	if (m->kind == TO_SESSION && m->to_client != c && m->to_client->shadow != SHADOW_NONE &&
	    str_eq(m->target, str_from(m->to_client->session_pubkey)) &&
	    !(m->to_client->shadow == SHADOW_GRACE && m->to_client->grace_end_us <= s->now_us) &&
	    m->to_client->last_none_us < m->first_sent_us && m->to_client->changed_step != s->step)
		violated(s, "I3", "message %d to the session of %s, which is not over, reaches %s", m->no,
			 m->to_client->name, c->name);
}

static bool same_session_box(const struct msg *m, const struct client *c)
{
	return m->must_client & bit(c->no) && m->epochs[c->no] == stamp_of(m, c);
}

/* First pushes go by priority, then by acceptance. A batch may push before it accepts more. */
static void check_order(struct sim *s, const struct msg *m, const struct client *c)
{
	for (int i = 0; i < s->n_msgs && m->first_try && m->attempts == 1; i++) {
		const struct msg *o = s->msgs[i];
		bool session = same_session_box(m, c) && same_session_box(o, c) && !(o->pushed_to & bit(c->no));
		bool member = m->member_box && o->member_box && o->to == m->to && !o->pushed_to;

		if (o == m || !o->first_try || o->rank > m->rank || o->forced || maybe_expired(o))
			continue;
		if (o->rank < m->rank ? o->accept_step >= s->step : o->accept_no > m->accept_no)
			continue;
		if (session || member)
			violated(s, "order", "message %d (%d, %lld.) is pushed to %s before message %d (%d, %lld.)",
				 m->no, m->rank, (long long)m->accept_no, c->name, o->no, o->rank,
				 (long long)o->accept_no);
	}
}

static void check_window(struct sim *s, const struct conn *c, size_t last_bytes)
{
	size_t n = 0, bytes = 0;

	/* Events that ran again one by one were acked and pushed in turn. */
	if (stats_of(s).failed_commits != s->failed_commits)
		return;
	for (const struct outstanding *x = c->pushes; x; x = x->next) {
		/* After its lease a push waits again, and something better may go first. */
		if (x->returned || (!x->mark && x->sent_us / MS + s->settings.lease_ms <= s->now_us / MS))
			continue;
		n++;
		bytes += x->bytes;
	}
	if ((i64)n > s->settings.window_messages)
		violated(s, "I6", "%zu pushes are out to %s, the window is %lld", n, c->client->name,
			 (long long)s->settings.window_messages);
	if ((i64)(bytes - last_bytes) >= s->settings.window_bytes)
		violated(s, "I6", "%zu bytes are out to %s, the window is %lld", bytes, c->client->name,
			 (long long)s->settings.window_bytes);
}

static void count_push(struct sim *s, struct conn *c, struct msg *m, const struct json *push, str frame, u64 mark)
{
	str id = json_get_str(push, S("messageId"));
	struct outstanding **at = &c->pushes, *x;

	while (*at && !str_eq((*at)->id, id))
		at = &(*at)->next;
	if (!*at)
		*at = NEW(s->a, struct outstanding);
	x = *at;
	*x = (struct outstanding){ .next = x->next, .msg = m, .id = id, .bytes = frame.len, .mark = mark,
				   .client_id = json_get_str(push, S("client_message_id")), .sent_us = s->now_us };
	if (c->client->kind != LIAR)
		check_window(s, c, frame.len);
}

/* An event tells of members of this mesh only. */
static void check_event(struct sim *s, const struct client *c, const struct json *push)
{
	str pubkey = json_get_str(json_get(push, S("eventData")), S("memberPubkey"));

	for (int i = 0; i < s->n_members; i++)
		if (s->members[i].mesh == c->member->mesh &&
		    str_eq(str_from(person_of(s, &s->members[i])->pubkey), pubkey))
			return;
	violated(s, "I4", "%s hears of %.*s", c->name, STRF(pubkey));
}

/* Only liars post; what becomes of posts is engine/topic_test.c's. */
static void check_post(struct sim *s, struct client *c, const struct json *push)
{
	str sender = json_get_str(push, S("senderMemberId"));

	for (int i = 0; i < s->n_members; i++)
		if (str_eq(sender, str_from(s->members[i].id)) && s->people[s->members[i].person].liar &&
		    s->members[i].mesh == c->member->mesh)
			return;
	violated(s, "I5", "%s is pushed a post of %.*s, who posts nothing", c->name, STRF(sender));
}

void oracle_pushed(struct sim *s, struct conn *conn, const struct json *push, str frame, u64 mark)
{
	struct client *c = conn->client;
	str id = json_get_str(push, S("messageId"));
	struct msg *m;

	if (!str_eq(json_get_str(push, S("meshId")), str_from(s->mesh_ids[c->member->mesh])))
		violated(s, "I4", "%s is pushed something of mesh %.*s", c->name,
			 STRF(json_get_str(push, S("meshId"))));
	if (json_get_str(push, S("subtype")).ptr) {
		check_event(s, c, push);
		return;
	}
	if (json_get_str(push, S("topic")).ptr) {
		check_post(s, c, push);
		return;
	}
	m = msg_of_body(s, c, push);
	if (!m)
		return;
	note(s, "push of %d to %s on %u", m->no, c->name, conn->ref.gen);
	check_sender(s, m, push);
	check_addressee(s, m, conn, push);
	if (!m->pushed_to)
		m->pushed_id = id;
	if (s->options->dedupe && m->cid[0] && !m->forced && !str_eq(m->pushed_id, id))
		violated(s, "I2", "message %d is pushed as %.*s and as %.*s", m->no, STRF(m->pushed_id), STRF(id));
	if (!(m->pushed_to & bit(c->no)))
		check_order(s, m, c);
	m->pushed_to |= bit(c->no);
	count_push(s, conn, m, push, frame, mark);
}

void oracle_told(struct sim *s, const struct json *state)
{
	str id = json_get_str(state, S("messageId"));

	for (const struct json *r = json_get(state, S("recipients"))->first; r; r = r->next) {
		str pubkey = json_get_str(r, S("pubkey"));

		if (!str_eq(json_get_str(r, S("state")), S("delivered")))
			continue;
		for (int i = 0; i < s->n_msgs; i++) {
			struct msg *m = s->msgs[i];
			struct told *told = m->told;

			if (!str_eq(m->first_id, id))
				continue;
			note(s, "%s is told that %.8s has %d", m->from->name, pubkey.ptr, m->no);
			while (told && !str_eq(told->pubkey, pubkey))
				told = told->next;
			if (told)
				continue;
			told = NEW(s->a, struct told);
			*told = (struct told){ m->told, pubkey };
			m->told = told;
		}
	}
}

void oracle_got(struct sim *s, struct client *c, const struct json *push)
{
	struct msg *m = json_get_str(push, S("topic")).ptr ? NULL : msg_of_body(s, c, push);

	if (!m)
		return;
	m->got |= bit(c->member->no);
	m->got_client |= bit(c->no);
}

/* Bytes in the kernel's hands are delivery for who never acks. */
void oracle_written(struct sim *s, struct conn *c, u64 mark)
{
	for (struct outstanding **at = &c->pushes; *at;) {
		if (!(*at)->mark || (*at)->mark > mark) {
			at = &(*at)->next;
			continue;
		}
		(*at)->msg->got |= bit(c->client->member->no);
		(*at)->msg->got_client |= bit(c->client->no);
		*at = (*at)->next;
	}
}

void oracle_ack_seen(struct sim *s, struct conn *c, str frame)
{
	const struct json *obj;
	str id, client_id;

	if (c->client->kind == LIAR || !str_contains(frame, S("client_ack")) || json_parse(s->a, frame, &obj))
		return;
	id = json_get_str(obj, S("brokerMessageId"));
	client_id = json_get_str(obj, S("clientMessageId"));
	for (struct outstanding **at = &c->pushes; *at; at = &(*at)->next) {
		if (id.len ? str_eq((*at)->id, id) : str_eq((*at)->client_id, client_id)) {
			*at = (*at)->next;
			return;
		}
	}
}

bool is_required(struct sim *s, const struct msg *m, int member)
{
	return m->must & bit(member) && !(m->got & bit(member)) && honest(s, &s->members[member]) &&
	       !maybe_expired(m);
}

/* What its sender was told of a message must be what is stored, for as long as that is kept. */
static void check_told(struct sim *s, const struct msg *m)
{
	i64 n = 0;

	for (const struct told *told = m->told; told; told = told->next)
		n++;
	if (!n || m->max_wall_us - m->accept_wall_us > 25 * DAY)
		return;
	if (disk_count(s, arena_printf(s->a, "SELECT COUNT(*) FROM receipt r CROSS JOIN receipt_end e WHERE"
				       " r.id = '%.*s' AND e.message_no = r.no AND e.state = 3",
				       STRF(m->first_id)).ptr) < n)
		violated(s, "told", "%lld recipients of message %d (%.*s) were said to have it, not all are stored",
			 (long long)n, m->no, STRF(m->first_id));
}

/* What was acked and nobody has got must lie in what the crash has left. */
void oracle_reopened(struct sim *s)
{
	for (int i = 0; i < s->n_msgs; i++)
		check_told(s, s->msgs[i]);
	for (int i = 0; i < s->n_msgs; i++) {
		const struct msg *m = s->msgs[i];

		if (!m->acked || !m->to || !is_required(s, m, m->to->no))
			continue;
		if (!disk_count(s, arena_printf(s->a, "SELECT COUNT(*) FROM message WHERE id = '%.*s'",
						STRF(m->first_id)).ptr))
			violated(s, "I1", "message %d (%.*s) was acked and is not stored", m->no,
				 STRF(m->first_id));
	}
}

/* ---- after each batch ---- */

void oracle_before(struct sim *s)
{
	s->failed_commits = stats_of(s).failed_commits;
	for (int i = 0; i < s->n_msgs; i++)
		s->msgs[i]->max_wall_us = MAX(s->msgs[i]->max_wall_us, wall_us(s));
}

/* What was on its way goes out again after a failed commit, in a new order. */
void oracle_failed_commit(struct sim *s)
{
	if (stats_of(s).failed_commits == s->failed_commits)
		return;
	for (struct conn *c = s->conns; c; c = c->next)
		for (struct outstanding *x = c->pushes; x && &s->shards[c->shard] == s->turn; x = x->next)
			x->returned = true;
}

/* A session's mailbox grows by sends alone; into its member's others are emptied. */
static void check_bound(struct sim *s)
{
	i64 most;

	if (!mailboxes_fill(s) || disk_crashed(s))
		return;
	most = disk_count(s, "SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM delivery d, mailbox box"
			  " WHERE box.no = d.mailbox_no AND box.session = 1 GROUP BY box.no)");
	if (most > s->settings.mailbox_messages)
		violated(s, "I6", "%lld messages wait for one session, %lld may", (long long)most,
			 (long long)s->settings.mailbox_messages);
}

void oracle_step(struct sim *s)
{
	struct engine_stats stats = stats_of(s);
	i64 online = 0;

	for (struct conn *c = s->conns; c; c = c->next)
		online += c->online;
	if (stats.online != online)
		violated(s, "presence", "the engine counts %lld connections online, there are %lld",
			 (long long)stats.online, (long long)online);
	check_bound(s);
	if (stats.presences < stats.online)
		violated(s, "presence", "%lld presences, %lld online", (long long)stats.presences,
			 (long long)stats.online);
}
