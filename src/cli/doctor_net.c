/*
 * doctor_net.c - the way to a broker, step by step: the first that fails is what to mend, and
 * those after it are not tried.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_client.h"
#include "net/url.h"

enum { STEP_MS = 5000, SKEW_WARN_MS = 5000, SKEW_FAIL_MS = 60000 };

struct way {
	struct doctor *d;
	const struct config_mesh_args *mesh;
	struct url url;
	struct addrinfo *found;
};

static i64 mono_us(void)
{
	return clock_real.mono_us(clock_real.arg);
}

static str took(struct way *w, i64 since_us)
{
	return arena_printf(w->d->c->arena, "%.1f ms", (double)(mono_us() - since_us) / 1000);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The name. Asked in the background, because a resolver may take half a minute. */
static bool find_name(struct way *w)
{
	struct arena *a = w->d->c->arena;
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	char *host = arena_cstr(a, w->url.host);
	char *port = arena_cstr(a, arena_printf(a, "%d", w->url.port));
	struct gaicb *request = calloc(1, sizeof(*request));
	const struct timespec wait = { .tv_sec = STEP_MS / 1000 };
	i64 started = mono_us();
	int status;

	if (!request)
		abort();
	*request = (struct gaicb){ .ar_name = host, .ar_service = port, .ar_request = &want };
	status = getaddrinfo_a(GAI_NOWAIT, &request, 1, NULL);
	if (status == 0 && gai_suspend((const struct gaicb *const *)&request, 1, &wait) == EAI_AGAIN &&
	    gai_cancel(request) != EAI_CANCELED && gai_error(request) == EAI_INPROGRESS) {
		/* It goes on until the process ends, and keeps its request. */
		doctor_tell(w->d, FINDING_FAIL, "name", arena_printf(a, "%s: no answer in %d s", host, STEP_MS / 1000),
			    S("look at /etc/resolv.conf and the network"));
		return false;
	}
	if (status == 0)
		status = gai_error(request);
	w->found = status == 0 ? request->ar_result : NULL;
	free(request);
	if (status != 0) {
		doctor_tell(w->d, FINDING_FAIL, "name", arena_printf(a, "%s: %s", host, gai_strerror(status)),
			    S("is the address in the configuration right, is the network there?"));
		return false;
	}
	doctor_tell(w->d, FINDING_OK, "name", arena_printf(a, "%s, %.*s", host, STRF(took(w, started))), STR_NONE);
	return true;
}

/* 0, or errno. */
static int connect_one(const struct addrinfo *to)
{
	CLEANUP(close_fd) int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int failed = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&ready, 1, STEP_MS) <= 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 ? failed : errno;
}

static bool find_connection(struct way *w)
{
	struct arena *a = w->d->c->arena;
	i64 started = mono_us();
	int failed = EHOSTUNREACH;

	for (const struct addrinfo *to = w->found; to && failed; to = to->ai_next)
		failed = connect_one(to);
	freeaddrinfo(w->found);
	if (failed) {
		doctor_tell(w->d, FINDING_FAIL, "connection",
			    arena_printf(a, "port %d: %s", w->url.port, strerror(failed)),
			    failed == ECONNREFUSED ? S("start the broker: claudemesh serve")
						   : S("a firewall, or the broker's machine is off"));
		return false;
	}
	doctor_tell(w->d, FINDING_OK, "connection", took(w, started), STR_NONE);
	return true;
}

/* TLS, if there is any, and that a broker is behind it. */
static bool find_health(struct way *w)
{
	struct arena *a = w->d->c->arena;
	bool is_tls = url_is_tls(&w->url);
	struct http_spec spec = { .deadline_ms = STEP_MS };
	struct http_answer answer;
	i64 started = mono_us();
	str base;
	struct err *e = url_http_base(a, w->mesh->brokerUrl, &base);

	spec.url = arena_printf(a, "%.*s/health", STRF(base));
	if (!e)
		e = http_fetch(a, &spec, &answer);
	if (e) {
		doctor_tell(w->d, FINDING_FAIL, is_tls ? "encryption" : "answer", e->text,
			    is_tls ? S("the certificate, or the clock of this machine; SSL_CERT_FILE names more authorities")
				   : S("something else listens there, or the broker is stuck"));
		return false;
	}
	if (answer.status != 200)
		doctor_tell(w->d, FINDING_WARN, is_tls ? "encryption" : "answer",
			    arena_printf(a, "/health says %d", answer.status), S("look at the broker's log"));
	else
		doctor_tell(w->d, FINDING_OK, is_tls ? "encryption" : "answer", took(w, started), STR_NONE);
	return true;
}

static str remedy_of(struct arena *a, const struct config_mesh_args *mesh, const struct err *e)
{
	if (e->code == ERR_UNAUTHORIZED || e->code == ERR_FORBIDDEN)
		return S("you are not a member there any more, or a clock is wrong: ask the owner for a new link");
	if (e->code == ERR_NOT_FOUND || e->code == ERR_GONE)
		return arena_printf(a, "the mesh is gone: claudemesh leave %.*s", STRF(mesh->slug));
	return S("look at the broker's log");
}

/* When the broker says that this connection was made; 0: it does not. */
static i64 connected_ms(const struct peers_list_args *list, str pubkey)
{
	i64 newest = 0, ms;

	for (size_t i = 0; i < list->peers.n; i++) {
		const struct peer_args *p = &list->peers.items[i];

		if (str_eq_nocase(p->memberPubkey, pubkey) && time_from_iso(p->connectedAt, &ms))
			newest = MAX(newest, ms);
	}
	return newest;
}

static void tell_clock(struct way *w, i64 broker_ms, i64 from_ms, i64 to_ms)
{
	i64 skew = broker_ms < from_ms ? from_ms - broker_ms : broker_ms > to_ms ? broker_ms - to_ms : 0;
	enum finding f = skew >= SKEW_FAIL_MS ? FINDING_FAIL : skew >= SKEW_WARN_MS ? FINDING_WARN : FINDING_OK;

	if (!broker_ms)
		return;
	doctor_tell(w->d, f, "clock",
		    f == FINDING_OK ? S("as the broker's")
				    : arena_printf(w->d->c->arena, "%" PRId64 " s %s the broker's", skew / 1000,
						   broker_ms < from_ms ? "ahead of" : "behind"),
		    f == FINDING_OK ? STR_NONE : S("set one of the two: timedatectl set-ntp true"));
}

static void find_greeting(struct way *w)
{
	struct arena *a = w->d->c->arena;
	struct visit_spec spec = { .mesh = w->mesh, .display_name = context_display_name() };
	i64 from_ms = clock_ms(&clock_real), to_ms, started = mono_us();
	struct peers_list_args list;
	struct visit *visit;
	struct err *e = visit_open(a, &w->d->client, &spec, &visit);

	to_ms = clock_ms(&clock_real);
	if (e) {
		doctor_tell(w->d, FINDING_FAIL, "hello", e->text, remedy_of(a, w->mesh, e));
		return;
	}
	doctor_tell(w->d, FINDING_OK, "hello", took(w, started), STR_NONE);
	if (!link_has_challenge(visit_link(visit)))
		doctor_tell(w->d, FINDING_WARN, "hello version",
			    S("this broker asks nothing that could not be repeated by who listens"),
			    S("use a newer broker"));
	started = mono_us();
	e = visit_peers(a, visit, true, &list);
	visit_close(visit);
	if (e) {
		doctor_tell(w->d, FINDING_FAIL, "question", e->text, S("look at the broker's log"));
		return;
	}
	doctor_tell(w->d, FINDING_OK, "question", took(w, started), STR_NONE);
	tell_clock(w, connected_ms(&list, w->mesh->pubkey), from_ms, to_ms);
}

void doctor_mesh(struct doctor *d, const struct config_mesh_args *mesh)
{
	struct way w = { .d = d, .mesh = mesh };
	struct err *e = url_parse(d->c->arena, mesh->brokerUrl, &w.url);

	if (e) {
		doctor_tell(d, FINDING_FAIL, "address", e->text, S("mend brokerUrl in config.json"));
		return;
	}
	if (find_name(&w) && find_connection(&w) && find_health(&w))
		find_greeting(&w);
}
