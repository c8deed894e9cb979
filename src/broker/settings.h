/*
 * settings.h - everything an operator may choose, as one table.
 *
 * A row gives a setting its name. The flag is --NAME, the variable CLAUDEMESH_BROKER_NAME,
 * the line of the configuration file `NAME = value`; what comes later wins: defaults, file,
 * environment, flags. --help is printed from the rows. Read once at start, by main.
 */
#ifndef BROKER_SETTINGS_H
#define BROKER_SETTINGS_H

#include "base/buf.h"
#include "base/log.h"

enum {
	LISTEN_MAX = 8,               /* addresses of one broker */
	CONFIG_BYTES_MAX = 64 << 10,
	SECRET_BYTES_MAX = 4096,      /* of a file with one */
};

/* Who may create meshes without an account; [0] is chosen by the public URL. */
enum create_rule { CREATE_AUTO, CREATE_LOOPBACK, CREATE_ACCOUNTS, CREATE_ANYONE };
/* A message to a known member who is away. */
enum offline_rule { OFFLINE_KEEP, OFFLINE_REFUSE };
enum audit_rule { AUDIT_ACTS, AUDIT_PRESENCE, AUDIT_MESSAGES };

struct listen_address { str host; int port; };   /* host empty: every address */
struct listen_list { struct listen_address items[LISTEN_MAX]; size_t n; };
struct rate { i64 per_minute, burst; };          /* per_minute 0: no limit */

struct settings {
	struct listen_list listen;
	str data, database;           /* database: path of the SQLite file, or postgresql://... */
	str public_url;               /* http(s)://host[:port][/path] without a last '/'; or empty */
	str tls_cert, tls_key, config;
	str smtp_url, smtp_password;  /* mail: at most one of the ways is used, see mail_send.h */
	str postmark_key, postmark_url, resend_key, resend_url, mail_from, mail_ca;
	str install_dir;              /* binaries for GET /install; empty: none */
	int log_format, log_level;    /* enum log_format, enum log_level */
	struct rate rate_limit;
	int create, offline;          /* enum create_rule (never CREATE_AUTO), enum offline_rule */
	int audit;                    /* enum audit_rule */
	i64 max_message_bytes, max_connections_per_mesh;
	i64 window_messages, window_bytes, lease_seconds, grace_seconds;
	i64 max_waiting, max_waiting_bytes, max_sent_waiting, max_sent_waiting_bytes;
	i64 max_unauthenticated, max_unauthenticated_per_address, hello_seconds;
	i64 engine_threads;           /* 1 to SHARDS_MAX */
	str metrics_token, expected_migration;
	str login_secret;             /* empty: made at the first start */
	bool legacy_auth;
	bool skip_migrate, reference_env, help, version, print_settings;
	bool public_is_local;         /* no public URL, or one of this machine; follows from it */
};

enum setting_kind { SETTING_TEXT, SETTING_NUMBER, SETTING_WORD, SETTING_YES, SETTING_LISTEN,
		    SETTING_RATE, SETTING_URL,
		    SETTING_SECRET };  /* a file whose first line is it; never on the command line itself */

enum setting_flag {
	SETTING_FLAG_ONLY = 1,        /* makes no sense in the environment or a file */
	SETTING_NOT_IN_FILE = 2,
};

struct setting {
	const char *name;             /* of the flag, without "--" */
	enum setting_kind kind;
	unsigned flags;
	size_t offset;                /* in struct settings */
	const char *preset;           /* the default, as it would be written; NULL: none */
	i64 min, max;                 /* SETTING_NUMBER */
	const char *const *words;     /* SETTING_WORD: its values in order, NULL ends */
	const char *also;             /* a variable of the reference that always counts, or NULL */
	const char *reference;        /* those of --reference-env, space-separated, or NULL */
	const char *secret;           /* SETTING_SECRET: a variable of the reference that holds it, or NULL */
	const char *value;            /* how --help calls the value */
	const char *doc;
};

/* Ends with a NULL name. */
extern const struct setting settings_table[];

/* argv without the program's name. env: like environ. The settings live in the arena. */
struct err *settings_read(struct arena *a, int argc, char *const argv[], char *const env[],
			  struct settings *ret_settings) MUST_CHECK;
/* All that holds, with where it was said, as a configuration file: secrets are not in it. The same
 * errors as settings_read(). */
struct err *settings_print(struct arena *a, int argc, char *const argv[], char *const env[],
			   str *ret_text) MUST_CHECK;
/* The variables, as a Markdown table; claudemesh-broker(8), as mdoc. */
void settings_markdown(struct buf *b);
void settings_man(struct buf *b);
/* The name of the row's variable. */
str setting_variable(struct arena *a, const struct setting *row);
/* The whole --help, lines of at most 80 columns. */
str settings_help(struct arena *a);

/* Parses the text of one row into its place in *s; the error does not say where it stood. */
struct err *setting_parse(struct arena *a, const struct setting *row, str text,
			  struct settings *s) MUST_CHECK;
/* The row of that name; NULL if there is none. */
const struct setting *setting_get(str name);
/* ", did you mean 'x'?" for the nearest name, with what stands before it; or "". */
str setting_hint(struct arena *a, str name, const char *before);

/* The first line of a file with a secret, in memory that is wiped; FORBIDDEN as below. */
struct err *settings_secret(struct arena *a, str path, str *ret_secret) MUST_CHECK;
/* A file of `name = value` lines; found(arg, ...) is called for each in order. FORBIDDEN if
 * someone else may read or write it. */
struct err *settings_file(struct arena *a, str path,
			  struct err *(*found)(void *arg, struct arena *a,
					       const struct setting *row, str value, int line),
			  void *arg) MUST_CHECK;

#endif
