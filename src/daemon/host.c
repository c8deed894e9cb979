#include "daemon/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/file.h"
#include "client/json_file.h"
#include "crypto/encode.h"
#include "crypto/fingerprint.h"

enum { LINE_MAX_BYTES = 256, INTERFACES_MAX = 256, MAC_LEN = 17 };

#define HOST_FILE_ARGS(F, T) \
	F(T, i64, schema_version, REQ, 1, INT64_MAX, "2; 1 of old daemons") \
	F(T, str, fingerprint, REQ, 1, 128, "hex") \
	F(T, str, host_id, OPT, 0, 256, "machine id") \
	F(T, str, stable_mac, OPT, 0, 64, "of a network card") \
	F(T, str, written_at, OPT, 0, 64, "ISO time")
JSON_ARGS(host_file, HOST_FILE_ARGS);

/* The first line of a small file; empty if there is none. */
static str first_line(struct arena *a, const char *path)
{
	char text[LINE_MAX_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	str rest, line = STR_NONE;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return STR_NONE;
	rest = str_of(text, (size_t)n);
	str_cut(&rest, '\n', &line);
	return arena_dup(a, str_trim(line));
}

static str machine_id(struct arena *a, const char *root)
{
	static const char *const files[] = { "/etc/machine-id", "/var/lib/dbus/machine-id" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		str id = first_line(a, arena_printf(a, "%s%s", root, files[i]).ptr);

		if (!str_empty(id))
			return arena_printf(a, "linux:%.*s", STRF(id));
	}
	return STR_NONE;
}

/* Cards that software makes and takes away. */
static bool is_fleeting(str name)
{
	static const char *const prefixes[] = {
		"lo", "docker", "br-", "bridge", "veth", "tap", "tun", "tailscale", "wg", "utun", "ppp",
		"vboxnet", "vmnet", "awdl", "llw", "anpi",
	};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(name, str_from(prefixes[i])))
			return true;
	return name.len > 2 && str_starts(name, S("ap")) && name.ptr[2] >= '0' && name.ptr[2] <= '9';
}

static bool is_mac(str s)
{
	if (s.len != MAC_LEN || str_eq(s, S("00:00:00:00:00:00")))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (i % 3 == 2 ? s.ptr[i] != ':' : !strchr("0123456789abcdefABCDEF", s.ptr[i]))
			return false;
	return true;
}

/* Given by the maker, not chosen by software. */
static bool is_universal(str mac)
{
	u8 first[1];

	return hex_read(str_of(mac.ptr, 2), false, first, 1) && !(first[0] & 0x02);
}

/* Does a come before b? Universal ones first, then by the card's name. */
static bool is_better(str name, str mac, str best_name, str best_mac)
{
	if (str_empty(best_mac) || is_universal(mac) != is_universal(best_mac))
		return str_empty(best_mac) || is_universal(mac);
	return str_cmp(name, best_name) < 0;
}

static str stable_mac(struct arena *a, const char *root)
{
	const char *dir = arena_printf(a, "%s/sys/class/net", root).ptr;
	str best_name = STR_NONE, best = STR_NONE;
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return STR_NONE;
	for (struct dirent *e; n < INTERFACES_MAX && (e = readdir(d)); n++) {
		str name = arena_dup(a, str_from(e->d_name)), mac;

		if (name.ptr[0] == '.' || is_fleeting(name))
			continue;
		mac = first_line(a, arena_printf(a, "%s/%s/address", dir, e->d_name).ptr);
		if (!is_mac(mac) || !is_better(name, mac, best_name, best))
			continue;
		best_name = name;
		best = hex_lower(a, mac);
	}
	closedir(d);
	return best;
}

void host_read(struct arena *a, const char *root, struct host *ret_host)
{
	*ret_host = (struct host){ machine_id(a, root), stable_mac(a, root) };
}

static str fingerprint(struct arena *a, const char *prefix, const struct host *h)
{
	struct buf text = buf_make(1024);
	u8 digest[SHA256_BYTES];

	if (prefix) {
		buf_add(&text, str_from(prefix));
		buf_add_byte(&text, '\0');
	}
	buf_add(&text, h->id);
	buf_add_byte(&text, '\0');
	buf_add(&text, h->mac);
	sha256(buf_str(&text), digest);
	buf_done(&text);
	return hex_encode(a, str_of(digest, sizeof(digest)));
}

str host_fingerprint(struct arena *a, const struct host *h)
{
	return fingerprint(a, "v2", h);
}

struct err *host_accept(struct arena *a, const struct place *pl, const struct clock *clock,
			const struct host *h)
{
	struct host_file_args file = {
		.schema_version = 2,
		.fingerprint = host_fingerprint(a, h),
		.host_id = h->id,
		.stable_mac = h->mac,
		.written_at = time_iso(a, clock_ms(clock)),
	};

	return json_file_save(a, pl->host, host_file_fields, &file);
}

static enum host_outcome compare(struct arena *a, const struct host_file_args *file,
				 const struct host *h)
{
	/* The first version of the file hashed the same without a name in front. */
	if (file->schema_version == 1)
		return str_eq(file->fingerprint, fingerprint(a, NULL, h)) ? HOST_MATCH : HOST_MISMATCH;
	if (file->schema_version != 2)
		return HOST_UNAVAILABLE;
	if (str_eq(file->fingerprint, host_fingerprint(a, h)) ||
	    (!str_empty(h->id) && str_eq(file->host_id, h->id)))
		return HOST_MATCH;
	return HOST_MISMATCH;
}

struct err *host_check(struct arena *a, const struct place *pl, const struct clock *clock,
		       const struct host *h, enum host_outcome *ret_outcome)
{
	struct host_file_args file;
	bool found;
	struct err *e = json_file_load(a, pl->host, host_file_fields, &file, sizeof(file), &found);

	if (e && e->code != ERR_BAD_JSON && e->code != ERR_BAD_REQUEST)
		return e;
	if (e || (str_empty(h->id) && str_empty(h->mac))) {
		*ret_outcome = HOST_UNAVAILABLE;
		return NULL;
	}
	*ret_outcome = found ? compare(a, &file, h) : HOST_FIRST_RUN;
	if (*ret_outcome == HOST_FIRST_RUN ||
	    (*ret_outcome == HOST_MATCH && !str_eq(file.fingerprint, host_fingerprint(a, h))))
		return host_accept(a, pl, clock, h);
	return NULL;
}
