#include "broker/broker.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "broker/datadir.h"
#include "broker/gate.h"
#include "broker/http.h"
#include "broker/install.h"
#include "broker/mail.h"
#include "crypto/jwt.h"
#include "crypto/secret.h"
#include "db/migrate.h"
#include "db/pg.h"
#include "db/pg_url.h"
#include "db/sqlite.h"
#include "engine/thread.h"
#include "net/url.h"

enum { STOP_MS = 5000, STOP_TURN_MS = 100 };

/* An engine and what it alone uses. */
struct shard {
	struct db *db;
	struct store *store;
	struct engine *engine;
	struct engine_thread *thread;
	struct engine_stats last_stats; /* of the thread that has ended */
};

struct broker {
	const struct settings *settings;
	struct arena *arena;
	struct datadir dir;
	struct keyfile keys, login_key;
	bool keys_open;
	str login_secret;             /* of session tokens */
	struct shard shards[SHARDS_MAX];
	unsigned n_shards;
	struct loop *loop;
	struct pool *pool;
	struct places *places;
	struct hub *hub;
	struct policy policy;
	struct challenges *challenges;
	struct gate *gate;
	struct sse *sse;
	struct http *http;
	struct install *install;      /* NULL: nothing to install */
	struct mail_way mail_way;
	struct mailer *mailer;        /* NULL: no mail */
	struct server *server;
	struct tls *tls;
	struct loop_signal *term, *interrupt;
	str migration_missing; /* see struct http_env */
	str base; /* how others reach us: "http://127.0.0.1:7900" */
};

/* What the server tells, passed on to its two halves. */

static void on_request_head(void *arg, struct server_request *rq)
{
	struct broker *b = arg;

	http_on_head(b->http, rq);
}

static void on_request(void *arg, struct server_request *rq)
{
	struct broker *b = arg;

	http_on_request(b->http, rq);
}

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct broker *b = arg;

	gate_on_upgrade(b->gate, rq, answer);
}

static void on_ws_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	struct broker *b = arg;

	gate_on_open(b->gate, c, rq);
}

static void on_ws_message(void *arg, struct ws_conn *c, str message, bool is_text UNUSED)
{
	struct broker *b = arg;

	gate_on_message(b->gate, c, message);
}

static void on_ws_written(void *arg, struct ws_conn *c, u64 total)
{
	struct broker *b = arg;

	gate_on_written(b->gate, c, total);
}

static void on_ws_close(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	struct broker *b = arg;

	gate_on_close(b->gate, c, end);
}

static void on_stream_close(void *arg, struct conn_id id, void *user)
{
	struct broker *b = arg;

	sse_closed(b->sse, id, user);
}

static const struct server_app app = {
	.on_request_head = on_request_head,
	.on_request = on_request,
	.on_upgrade = on_upgrade,
	.on_ws_open = on_ws_open,
	.on_ws_message = on_ws_message,
	.on_ws_written = on_ws_written,
	.on_ws_close = on_ws_close,
	.on_stream_close = on_stream_close,
	.ws_path = "/ws",
	.ws_query = true,
};

/* The hub's ends. */

static bool submit(void *arg, unsigned shard, struct event *ev)
{
	struct broker *b = arg;

	if (b->shards[shard].thread)
		return engine_submit(b->shards[shard].thread, ev);
	event_free(ev); /* it has stopped before the others */
	return true;
}

static void apply(void *arg, const struct effect *ef)
{
	struct broker *b = arg;

	if (ef->kind == EFFECT_EVENT || ef->kind == EFFECT_EVENT_LAST)
		sse_apply(b->sse, ef);
	else if (ef->kind == EFFECT_REPLY || ef->kind == EFFECT_FORWARD || ef->kind == EFFECT_STREAM)
		http_apply(b->http, ef);
	else if (ef->kind == EFFECT_MAIL)
		mailer_apply(b->mailer, ef);
	else
		gate_apply(b->gate, ef);
}

static void room(void *arg, unsigned shard)
{
	struct broker *b = arg;

	gate_room(b->gate, shard);
}

static struct engine_stats stats(void *arg)
{
	struct broker *b = arg;
	struct engine_stats sum = { 0 };

	for (unsigned i = 0; i < b->n_shards; i++) {
		const struct shard *s = &b->shards[i];
		struct engine_stats one = s->thread ? engine_thread_stats(s->thread) : s->last_stats;

		engine_stats_add(&sum, &one);
	}
	return sum;
}

static void figures(void *arg, struct figures *f)
{
	struct broker *b = arg;
	struct server_stats sockets = server_stats(b->server);

	f->engine = stats(b);
	memcpy(f->hellos_refused, f->engine.hellos_refused, sizeof(f->hellos_refused));
	gate_figures(b->gate, f);
	f->connections = (i64)sockets.conns;
	f->websockets = (i64)sockets.ws;
	f->unauthenticated = (i64)sockets.unauth;
	f->refused[0] = (i64)sockets.refused_total;
	f->refused[1] = (i64)sockets.refused_addr;
	f->hello_timeouts = (i64)sockets.hello_timeouts;
	f->bad_requests = (i64)sockets.bad_requests;
}

/* Start. */

/* B3: that it is missing is no reason not to start; /health/ready tells. */
static struct err *look_for_migration(struct broker *b, struct db *db)
{
	str expected = b->settings->expected_migration;
	bool is_there;

	if (str_empty(expected))
		return NULL;
	TRY(db_migrated(b->arena, db, expected, &is_there));
	if (is_there)
		return NULL;
	b->migration_missing = expected;
	log_warn("the expected migration is not in the database", LOG_S("name", expected));
	return NULL;
}

static struct err *open_stores(struct broker *b)
{
	struct arena *a = b->arena;
	struct shard *house = &b->shards[SHARD_HOUSE];
	str database = b->settings->database;

	TRY(db_open(a, pg_url_is(database) ? &db_pg : &db_sqlite, database, &house->db));
	if (b->settings->skip_migrate)
		log_warn("the migrations of the database were not looked at");
	else
		TRY(store_migrate(a, house->db));
	TRY(look_for_migration(b, house->db));
	TRY(store_open(a, house->db, &house->store));
	for (unsigned i = 1; i < b->n_shards; i++) {
		TRY(db_open_beside(a, house->db, i, &b->shards[i].db));
		b->shards[i].store = store_open_beside(b->shards[i].db, house->store);
	}
	return NULL;
}

/* The operator's, or one of our own beside the key file. */
static struct err *open_login_secret(struct broker *b)
{
	struct arena *a = b->arena;

	b->login_secret = b->settings->login_secret;
	if (b->login_secret.len && b->login_secret.len < JWT_KEY_MIN)
		return FAIL(a, BAD_REQUEST, "the secret of session tokens has %zu characters, the least is %d",
			    b->login_secret.len, JWT_KEY_MIN);
	if (b->settings->legacy_auth)
		log_warn("BROKER_LEGACY_AUTH is on: whoever names a user in a call is that user; turn it off as "
			 "soon as no old program needs it");
	if (b->login_secret.len)
		return NULL;
	TRY(keyfile_open(a, datadir_file(a, &b->dir, "login.key"), &b->login_key));
	b->login_secret = str_of(b->login_key.key, sizeof(b->login_key.key));
	return NULL;
}

static struct err *open_data(struct broker *b)
{
	struct arena *a = b->arena;
	str key_path;
	bool key_is_new;

	TRY(datadir_open(a, b->settings->data, &b->dir));
	key_path = datadir_file(a, &b->dir, "broker.key");
	key_is_new = access(arena_cstr(a, key_path), F_OK) != 0;
	TRY(open_stores(b));
	TRY(keyfile_open(a, key_path, &b->keys));
	if (key_is_new && !store_is_new(b->shards[SHARD_HOUSE].store))
		log_warn("broker.key was missing and is made anew: owner keys sealed under the old one "
			 "cannot be opened; restore it from a backup if there is one",
			 LOG_S("file", key_path));
	b->keys_open = true;
	return open_login_secret(b);
}

static void make_loop_side(struct broker *b)
{
	const struct settings *s = b->settings;
	struct server_limits limits = server_limits_default;
	struct hub_ends ends = { .submit = submit, .apply = apply, .room = room, .arg = b };

	b->policy = (struct policy){ (enum create_rule)s->create, s->public_url,
				     s->public_is_local };
	b->pool = pool_new(b->loop);
	b->hub = hub_new(b->loop, &ends);
	b->places = places_new(&random_system);
	b->challenges = challenges_new(&clock_real, &random_system);
	b->gate = gate_new(&(struct gate_env){ .clock = &clock_real,
					       .random = &random_system,
					       .policy = &b->policy,
					       .hub = b->hub,
					       .pool = b->pool,
					       .challenges = b->challenges,
					       .places = b->places,
					       .shards = b->n_shards });
	b->sse = sse_new(b->loop, b->hub, &clock_real, SSE_HEARTBEAT_MS);
	b->http = http_new(&(struct http_env){ .clock = &clock_real,
					       .random = &random_system,
					       .policy = &b->policy,
					       .hub = b->hub,
					       .pool = b->pool,
					       .challenges = b->challenges,
					       .places = b->places,
					       .sse = b->sse,
					       .install = b->install,
					       .login_secret = b->login_secret,
					       .legacy_auth = s->legacy_auth,
					       .post_bytes_max = (size_t)(FRAME_FACTOR *
									  s->max_message_bytes),
					       .stats = stats,
					       .figures = figures,
					       .metrics_token = s->metrics_token,
					       .migration_missing = b->migration_missing,
					       .stats_arg = b });
	limits.message_max = (size_t)(FRAME_FACTOR * s->max_message_bytes);
	/* Messages stay inside their window; the rest is room for answers and announcements. */
	limits.out_max = MAX(limits.out_max, 2 * (size_t)s->window_bytes) + 4 * limits.message_max;
	limits.hello_ms = s->hello_seconds * 1000;
	limits.body_max = BODY_BYTES_MAX;
	limits.unauth_max = (size_t)s->max_unauthenticated;
	limits.unauth_per_addr_max = (size_t)s->max_unauthenticated_per_address;
	b->server = server_new(b->loop, &app, b, &limits);
	gate_set_server(b->gate, b->server);
	sse_set_server(b->sse, b->server);
}

/* Where clients find us: what the operator says, else the first address we listen on. */
static str find_base(struct broker *b)
{
	const struct listen_address *first = &b->settings->listen.items[0];
	str host = first->host;

	if (b->settings->public_url.len)
		return b->settings->public_url;
	if (str_empty(host) || str_eq(host, S("0.0.0.0")))
		host = S("127.0.0.1");
	else if (str_eq(host, S("::")))
		host = S("::1");
	return arena_printf(b->arena, str_index(host, ':') >= 0 ? "%s://[%.*s]:%d" : "%s://%.*s:%d",
			    b->tls ? "https" : "http", STRF(host), server_port(b->server));
}

/* Where administration asks; without it everything else still works. */
static void listen_admin(struct broker *b)
{
	struct err *failed = server_listen_unix(b->arena, b->server, datadir_file(b->arena, &b->dir, ADMIN_SOCKET));

	if (failed)
		log_err(LOG_WARN, "claudemesh-broker admin will not reach this broker", failed);
}

static struct err *bind_ports(struct broker *b)
{
	const struct settings *s = b->settings;

	if (s->tls_cert.len)
		TRY(tls_server_new(b->arena, s->tls_cert, s->tls_key, &b->tls));
	for (size_t i = 0; i < s->listen.n; i++)
		TRY(server_listen(b->arena, b->server, s->listen.items[i].host,
				  s->listen.items[i].port, b->tls));
	listen_admin(b);
	b->base = find_base(b);
	http_set_server(b->http, b->server, b->base);
	return NULL;
}

static struct err *start_mail(struct broker *b)
{
	TRY(mail_way_read(b->arena, b->settings, &b->mail_way));
	if (b->mail_way.kind == MAIL_WAY_NONE)
		return NULL;
	return mailer_new(b->arena, b->loop, b->hub, &b->mail_way, &b->mailer);
}

static struct err *start_engines(struct broker *b)
{
	const struct settings *s = b->settings;
	struct engine_settings es = engine_settings_default();

	es.rate_per_minute = s->rate_limit.per_minute;
	es.rate_burst = s->rate_limit.burst;
	es.max_message_bytes = s->max_message_bytes;
	es.max_connections_per_mesh = s->max_connections_per_mesh;
	es.mailbox_messages = s->max_waiting;
	es.mailbox_bytes = s->max_waiting_bytes;
	es.sender_messages = s->max_sent_waiting;
	es.sender_bytes = s->max_sent_waiting_bytes;
	es.window_messages = s->window_messages;
	es.window_bytes = s->window_bytes;
	es.lease_ms = s->lease_seconds * 1000;
	es.grace_ms = s->grace_seconds * 1000;
	es.refuse_offline = s->offline == OFFLINE_REFUSE;
	es.audit_presence = s->audit >= AUDIT_PRESENCE;
	es.audit_messages = s->audit >= AUDIT_MESSAGES;
	es.mail = b->mailer != NULL;
	es.http_url = b->base;
	es.login_secret = b->login_secret;
	TRY(url_ws_address(b->arena, b->base, &es.ws_url));
	es.shards = b->n_shards;
	for (unsigned i = 0; i < b->n_shards; i++) {
		es.shard = i;
		TRY(engine_new(b->arena, &clock_real, &random_system, b->shards[i].store, &b->keys,
			       &es, &b->shards[i].engine));
	}
	for (unsigned i = 0; i < b->n_shards; i++)
		TRY(engine_thread_start(b->arena, b->shards[i].engine, &clock_real, hub_on_effects,
					hub_on_room, hub_port(b->hub, i), &b->shards[i].thread));
	return NULL;
}

/* Stop. */

static void on_stopped(void *arg)
{
	struct broker *b = arg;

	loop_stop(b->loop);
}

/* The house first: what it forwards at its end is still carried out. */
static void stop_engines(struct broker *b)
{
	if (hub_has_ended(b->hub))
		return;
	for (unsigned i = 0; i < b->n_shards; i++) {
		struct shard *s = &b->shards[i];

		if (!s->thread)
			continue;
		s->last_stats = engine_thread_stats(s->thread);
		engine_thread_stop(s->thread);
		s->thread = NULL;
		hub_drain(b->hub);
	}
	hub_end(b->hub);
}

static void free_signals(struct broker *b)
{
	loop_signal_free(b->term);
	loop_signal_free(b->interrupt);
	b->term = b->interrupt = NULL;
}

static void on_signal(void *arg, int signum)
{
	struct broker *b = arg;

	log_info("shutting down", LOG_I("signal", signum));
	/* From here on the next one has its usual effect. */
	free_signals(b);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	stop_engines(b);
	server_stop(b->server, STOP_MS, on_stopped, b);
}

static void broker_close(struct broker *b)
{
	free_signals(b);
	if (b->hub)
		stop_engines(b);
	while (b->pool && pool_is_busy(b->pool))
		loop_turn(b->loop, STOP_TURN_MS);
	mailer_free(b->mailer);
	server_free(b->server);
	gate_free(b->gate);
	sse_free(b->sse);
	http_free(b->http);
	install_free(b->install);
	places_free(b->places);
	challenges_free(b->challenges);
	hub_free(b->hub);
	pool_free(b->pool);
	tls_free(b->tls);
	loop_free(b->loop);
	for (unsigned i = b->n_shards; i-- > 0;) {
		engine_free(b->shards[i].engine);
		store_close(b->shards[i].store);
		db_close(b->shards[i].db);
	}
	if (b->keys_open)
		keyfile_wipe(&b->keys);
	keyfile_wipe(&b->login_key);
	datadir_close(&b->dir);
}

static void announce(struct broker *b)
{
	printf("listening on %.*s\n", STRF(b->base));
	fflush(stdout);
	log_info("listening", LOG_S("address", b->base), LOG_I("port", server_port(b->server)),
		 LOG_S("data", b->dir.path), LOG_S("version", S(CLAUDEMESH_VERSION)));
}

static struct err *broker_open(struct broker *b)
{
	if (!crypto_start())
		return FAIL(b->arena, INTERNAL, "libsodium cannot be used on this machine");
	TRY(open_data(b));
	TRY(loop_new(b->arena, &b->loop));
	if (b->settings->install_dir.len)
		TRY(install_open(b->arena, b->settings->install_dir, &b->install));
	make_loop_side(b);
	TRY(bind_ports(b));
	TRY(start_mail(b));
	TRY(start_engines(b));
	TRY(loop_signal_new(b->arena, b->loop, SIGTERM, on_signal, b, &b->term));
	TRY(loop_signal_new(b->arena, b->loop, SIGINT, on_signal, b, &b->interrupt));
	return datadir_announce(b->arena, &b->dir, b->base);
}

struct err *broker_run(struct arena *a, const struct settings *s)
{
	struct broker b = { .settings = s, .arena = a, .dir = { .lock_fd = -1 },
			    .n_shards = (unsigned)s->engine_threads };
	struct err *e = broker_open(&b);

	if (!e) {
		announce(&b);
		loop_run(b.loop);
	}
	broker_close(&b);
	if (!e)
		log_info("stopped");
	return e;
}
