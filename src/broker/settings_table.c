/*
 * settings_table.c - the rows, and how the text of each kind is read.
 */
#include "broker/settings.h"

#include "engine/shard.h"
#include "net/url.h"

static const char *const format_words[] = { "text", "json", NULL };
static const char *const level_words[] = { "debug", "info", "warn", "error", "off", NULL };
static const char *const create_words[] = { "auto", "loopback", "accounts", "anyone", NULL };
static const char *const offline_words[] = { "keep", "refuse", NULL };
static const char *const audit_words[] = { "acts", "presence", "messages", NULL };

#define AT(field) .offset = offsetof(struct settings, field)

const struct setting settings_table[] = {
	{ "listen", SETTING_LISTEN, AT(listen), .value = "HOST:PORT", .preset = "127.0.0.1:7900",
	  .reference = "BROKER_PORT",
	  .doc = "Address to listen on. May be given several times or as a list with commas. "
		 "Without a host: every address. Port 0 takes a free one." },
	{ "data", SETTING_TEXT, AT(data), .value = "DIR",
	  .doc = "Directory of the database and the keys; default $XDG_STATE_HOME/claudemesh or "
		 "~/.local/state/claudemesh. One broker at a time may use it." },
	{ "database", SETTING_TEXT, AT(database), .value = "URL", .reference = "DATABASE_URL",
	  .doc = "SQLite file, as a path or sqlite:PATH (default broker.db in the data directory), or "
		 "PostgreSQL, as postgresql://USER@HOST/DATABASE; a password is better in PGPASSFILE or "
		 "the configuration file than here." },
	{ "engine-threads", SETTING_NUMBER, AT(engine_threads), .value = "N", .min = 1,
	  .max = SHARDS_MAX,
	  .doc = "Threads that carry out what is asked, each for a part of the meshes and with a "
		 "connection to PostgreSQL of its own; default one for each core, at most 8. With "
		 "SQLite there is one." },
	{ "skip-migrate", SETTING_YES, AT(skip_migrate), .also = "BROKER_SKIP_MIGRATE",
	  .doc = "Start on the database as it is, whatever its migrations say: the last resort." },
	{ "public-url", SETTING_URL, AT(public_url), .value = "URL",
	  .reference = "BROKER_PUBLIC_URL BROKER_URL BROKER_WS_URL APP_URL",
	  .doc = "How others reach this broker, such as https://mesh.example.org; stands in "
		 "invite links." },
	{ "tls-cert", SETTING_TEXT, AT(tls_cert), .value = "FILE",
	  .doc = "PEM file with the certificate and its chain; then only TLS is spoken." },
	{ "tls-key", SETTING_TEXT, AT(tls_key), .value = "FILE",
	  .doc = "PEM file with the key of the certificate." },
	{ "smtp-url", SETTING_TEXT, AT(smtp_url), .value = "URL",
	  .doc = "Mail server for invitations and sign-in codes, as smtp://[USER@]HOST[:587] (STARTTLS, "
		 "which only a server on this machine may lack) or smtps://[USER@]HOST[:465]." },
	{ "smtp-password-file", SETTING_SECRET, AT(smtp_password), .value = "FILE",
	  .doc = "File with the password of that user." },
	{ "postmark-key-file", SETTING_SECRET, AT(postmark_key), .value = "FILE", .secret = "POSTMARK_API_KEY",
	  .doc = "File with a server token of Postmark, which sends mail where no --smtp-url is given." },
	{ "postmark-url", SETTING_TEXT, AT(postmark_url), .value = "URL",
	  .preset = "https://api.postmarkapp.com", .doc = "Where Postmark is." },
	{ "resend-key-file", SETTING_SECRET, AT(resend_key), .value = "FILE", .secret = "RESEND_API_KEY",
	  .doc = "File with a key of Resend, which sends mail where neither of the others is given." },
	{ "resend-url", SETTING_TEXT, AT(resend_url), .value = "URL", .preset = "https://api.resend.com",
	  .doc = "Where Resend is." },
	{ "mail-from", SETTING_TEXT, AT(mail_from), .value = "ADDRESS", .also = "EMAIL_FROM",
	  .doc = "From whom mail comes, such as `claudemesh <mesh@example.org>`; needed to send any." },
	{ "mail-ca", SETTING_TEXT, AT(mail_ca), .value = "FILE",
	  .doc = "PEM file with the authority of the mail server's certificate, instead of the system's." },
	{ "install-dir", SETTING_TEXT, AT(install_dir), .value = "DIR",
	  .doc = "Directory with the files of a release (see tools/release), which /install and /dl/ "
		 "serve over TLS or on this machine." },
	{ "config", SETTING_TEXT, .flags = SETTING_NOT_IN_FILE, AT(config), .value = "FILE",
	  .doc = "Configuration file: lines `name = value`, with the names of these flags." },
	{ "log-format", SETTING_WORD, AT(log_format), .value = "text|json", .preset = "text",
	  .words = format_words, .doc = "Form of the log on standard error." },
	{ "log-level", SETTING_WORD, AT(log_level), .value = "LEVEL", .preset = "info",
	  .words = level_words,
	  .doc = "Least level that is logged: debug, info, warn, error or off." },
	{ "rate-limit", SETTING_RATE, AT(rate_limit), .value = "PER_MINUTE:BURST",
	  .preset = "60:10", .doc = "Accepted messages of one member; 0 is no limit." },
	{ "create", SETTING_WORD, AT(create), .value = "WHO", .preset = "auto",
	  .words = create_words,
	  .doc = "Who may create meshes without an account: loopback (programs on this machine), "
		 "accounts (nobody) or anyone. auto is loopback, and accounts with a public URL." },
	{ "offline", SETTING_WORD, AT(offline), .value = "keep|refuse", .preset = "keep",
	  .words = offline_words,
	  .doc = "A message to a member who is away is kept for delivery, or refused." },
	{ "audit", SETTING_WORD, AT(audit), .value = "acts|presence|messages", .preset = "messages",
	  .words = audit_words,
	  .doc = "What the audit logs of meshes tell of: acts (members, invites, keys, topics ...), or also "
		 "who comes and goes, or also of each message who wrote to whom. They are never deleted." },
	{ "max-message-bytes", SETTING_NUMBER, AT(max_message_bytes), .value = "N",
	  .preset = "65536", .min = 512, .max = 16 << 20, .also = "MAX_MESSAGE_BYTES",
	  .doc = "Largest message, as ciphertext, nonce and target together." },
	{ "window-messages", SETTING_NUMBER, AT(window_messages), .value = "N", .preset = "256",
	  .min = 1, .max = 65536,
	  .doc = "Pushes that one connection gets before it has to ack; the rest waits on disk." },
	{ "window-bytes", SETTING_NUMBER, AT(window_bytes), .value = "N", .preset = "1048576",
	  .min = 1024, .max = 64 << 20,
	  .doc = "The same in bytes; the push that passes it is the last." },
	{ "lease-seconds", SETTING_NUMBER, AT(lease_seconds), .value = "N", .preset = "30",
	  .min = 1, .max = 3600, .doc = "A push without an ack is sent again after this." },
	{ "grace-seconds", SETTING_NUMBER, AT(grace_seconds), .value = "N", .preset = "90",
	  .min = 1, .max = 3600,
	  .doc = "How long a connection that was lost may come back as the same peer." },
	{ "max-connections-per-mesh", SETTING_NUMBER, AT(max_connections_per_mesh), .value = "N",
	  .preset = "10000", .min = 1, .max = 1000000, .also = "MAX_CONNECTIONS_PER_MESH",
	  .doc = "Connections of one mesh." },
	{ "max-waiting", SETTING_NUMBER, AT(max_waiting), .value = "N", .preset = "20000",
	  .max = 1000000000,
	  .doc = "Messages that wait for one recipient; then senders are told to try again later. "
		 "0 is no limit, here and in the next three." },
	{ "max-waiting-bytes", SETTING_NUMBER, AT(max_waiting_bytes), .value = "N",
	  .preset = "67108864", .max = (i64)1 << 50, .doc = "The same, in bytes." },
	{ "max-sent-waiting", SETTING_NUMBER, AT(max_sent_waiting), .value = "N", .preset = "50000",
	  .max = 1000000000, .doc = "Messages of one sender that wait for their recipients." },
	{ "max-sent-waiting-bytes", SETTING_NUMBER, AT(max_sent_waiting_bytes), .value = "N",
	  .preset = "268435456", .max = (i64)1 << 50, .doc = "The same, in bytes." },
	{ "max-unauthenticated", SETTING_NUMBER, AT(max_unauthenticated), .value = "N",
	  .preset = "1024", .min = 1, .max = 65536,
	  .doc = "Sockets that have not proved who they are." },
	{ "max-unauthenticated-per-address", SETTING_NUMBER, AT(max_unauthenticated_per_address),
	  .value = "N", .preset = "256", .min = 1, .max = 65536,
	  .doc = "The same, from one address." },
	{ "hello-seconds", SETTING_NUMBER, AT(hello_seconds), .value = "N", .preset = "10",
	  .min = 1, .max = 3600, .doc = "How long a WebSocket may wait before it says hello." },
	{ "metrics-token-file", SETTING_SECRET, AT(metrics_token), .value = "FILE",
	  .doc = "File with a token; who sends it as `Authorization: Bearer` may read /metrics from "
		 "anywhere. Without it only programs on this machine may." },
	{ "expected-migration", SETTING_TEXT, AT(expected_migration), .value = "NAME",
	  .also = "EXPECTED_MIGRATION",
	  .doc = "File name or sha256 of a migration; /health/ready says 503 while the database "
		 "does not have it." },
	{ "login-secret-file", SETTING_SECRET, AT(login_secret), .value = "FILE", .secret = "CLI_SYNC_SECRET",
	  .doc = "File with the secret that session tokens are signed with, at least 16 characters; without "
		 "it login.key in the data directory, made at the first start. Several brokers on one "
		 "database need the same." },
	{ "legacy-auth", SETTING_YES, AT(legacy_auth), .also = "BROKER_LEGACY_AUTH",
	  .doc = "Take the user_id in the body of a call for who makes it, as old programs send it. "
		 "Whoever knows such an id is that user then: only where nobody else reaches this broker." },
	{ "reference-env", SETTING_YES, AT(reference_env),
	  .doc = "Also read the variables of the reference broker that other programs use too: "
		 "DATABASE_URL, BROKER_PORT (on every address), and the public URL from "
		 "BROKER_PUBLIC_URL, BROKER_URL, BROKER_WS_URL or APP_URL." },
	{ "print-settings", SETTING_YES, .flags = SETTING_FLAG_ONLY, AT(print_settings),
	  .doc = "Print what holds and where it was said, as a configuration file, and end." },
	{ "version", SETTING_YES, .flags = SETTING_FLAG_ONLY, AT(version),
	  .doc = "Print the version and end." },
	{ "help", SETTING_YES, .flags = SETTING_FLAG_ONLY, AT(help), .doc = "Print this and end." },
	{ 0 }
};

const struct setting *setting_get(str name)
{
	for (const struct setting *row = settings_table; row->name; row++)
		if (str_eq(str_from(row->name), name))
			return row;
	return NULL;
}

str setting_hint(struct arena *a, str name, const char *before)
{
	const char *best = NULL;
	size_t least = 4; /* further away is no typing error */

	for (const struct setting *row = settings_table; row->name; row++) {
		size_t far = str_distance(name, str_from(row->name));

		if (far < least) {
			least = far;
			best = row->name;
		}
	}
	return best ? arena_printf(a, ", did you mean '%s%s'?", before, best) : S("");
}

static struct err *parse_number(struct arena *a, const struct setting *row, str text, i64 *slot)
{
	i64 n;

	if (!str_to_i64(text, &n) || n < row->min || n > row->max)
		return FAIL(a, BAD_REQUEST, "'%.*s' is not a number from %lld to %lld", STRF(text),
			    (long long)row->min, (long long)row->max);
	*slot = n;
	return NULL;
}

static struct err *parse_word(struct arena *a, const struct setting *row, str text, int *slot)
{
	str list = S("");

	for (int i = 0; row->words[i]; i++) {
		if (str_eq(str_from(row->words[i]), text)) {
			*slot = i;
			return NULL;
		}
		list = arena_printf(a, "%.*s%s%s", STRF(list), i ? ", " : "", row->words[i]);
	}
	return FAIL(a, BAD_REQUEST, "'%.*s' is none of %.*s", STRF(text), STRF(list));
}

static struct err *parse_yes(struct arena *a, str text, bool *slot)
{
	*slot = str_eq(text, S("1")) || str_eq(text, S("yes")) || str_eq(text, S("true"));
	if (*slot || str_eq(text, S("0")) || str_eq(text, S("no")) || str_eq(text, S("false")))
		return NULL;
	return FAIL(a, BAD_REQUEST, "'%.*s' is neither yes nor no", STRF(text));
}

static struct err *parse_address(struct arena *a, str text, struct listen_address *ret_address)
{
	bool is_ipv6, any;
	ptrdiff_t colon = text.len ? (ptrdiff_t)text.len - 1 : -1;
	i64 port;
	int ignored;

	while (colon >= 0 && text.ptr[colon] != ':')
		colon--;
	if (colon < 0 || !str_to_i64(str_skip(text, (size_t)colon + 1), &port) || port < 0 ||
	    port > 65535)
		return FAIL(a, BAD_REQUEST, "'%.*s' is not HOST:PORT", STRF(text));
	any = colon == 0 || (colon == 1 && text.ptr[0] == '*');
	ret_address->port = (int)port;
	ret_address->host = S("");
	if (!any && !url_split_authority(str_of(text.ptr, (size_t)colon), &ret_address->host,
					 &is_ipv6, &ignored))
		return FAIL(a, BAD_REQUEST,
			    "'%.*s' is not HOST:PORT (an IPv6 address stands in [])", STRF(text));
	return NULL;
}

static struct err *parse_listen(struct arena *a, str text, struct listen_list *slot)
{
	struct listen_list list = { .n = 0 };
	str part;

	while (str_cut(&text, ',', &part)) {
		if (list.n == LISTEN_MAX)
			return FAIL(a, BAD_REQUEST, "more than %d addresses", LISTEN_MAX);
		TRY(parse_address(a, str_trim(part), &list.items[list.n++]));
	}
	*slot = list;
	return NULL;
}

static struct err *parse_rate(struct arena *a, str text, struct rate *slot)
{
	str rest = text, part;
	struct rate r = { 0, 1 };
	enum { RATE_MAX = 1000000 };

	if (!str_cut(&rest, ':', &part) || !str_to_i64(part, &r.per_minute) || r.per_minute < 0 ||
	    r.per_minute > RATE_MAX)
		return FAIL(a, BAD_REQUEST, "'%.*s' is not PER_MINUTE:BURST", STRF(text));
	if (rest.ptr ? !str_to_i64(rest, &r.burst) || r.burst < 1 || r.burst > RATE_MAX
		     : r.per_minute != 0)
		return FAIL(a, BAD_REQUEST, "'%.*s' is not PER_MINUTE:BURST, such as 60:10",
			    STRF(text));
	*slot = r;
	return NULL;
}

struct err *setting_parse(struct arena *a, const struct setting *row, str text, struct settings *s)
{
	void *slot = (char *)s + row->offset;

	switch (row->kind) {
	case SETTING_NUMBER: return parse_number(a, row, text, slot);
	case SETTING_WORD: return parse_word(a, row, text, slot);
	case SETTING_YES: return parse_yes(a, text, slot);
	case SETTING_LISTEN: return parse_listen(a, text, slot);
	case SETTING_RATE: return parse_rate(a, text, slot);
	case SETTING_URL: return url_http_base(a, text, slot);
	case SETTING_SECRET: return settings_secret(a, text, slot);
	case SETTING_TEXT: break;
	}
	if (str_empty(text))
		return FAIL(a, BAD_REQUEST, "the value is empty");
	*(str *)slot = arena_dup(a, text);
	return NULL;
}
