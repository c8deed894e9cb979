#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "net/loop_uv.h"
#include "net/stream_uv.h"

enum { WARN_EVERY_MS = 60000 };

struct listener {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	struct loop *loop;
	struct tls *tls;
	listener_fn *on_accept;
	void *arg;
	struct addr addr;
	i64 warned_ms;
};

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

static void warn(struct listener *ln, int rc)
{
	i64 now = loop_now_ms(ln->loop);

	if (ln->warned_ms && now - ln->warned_ms < WARN_EVERY_MS)
		return;
	ln->warned_ms = now;
	log_warn("accepting a connection failed", LOG_S("reason", str_from(uv_strerror(rc))));
}

/* libuv has closed the newcomer already when descriptors ran out. */
static void on_connection(uv_stream_t *uv, int status)
{
	struct listener *ln = uv->data;
	struct stream *s;

	if (status < 0) {
		warn(ln, status);
		return;
	}
	s = ln->addr.is_unix ? stream_new_pipe(ln->loop) : stream_new_tcp(ln->loop);
	status = uv_accept(uv, &s->uv.stream);
	if (status < 0) {
		warn(ln, status);
		stream_abort(s);
		return;
	}
	stream_connected(s);
	if (ln->tls)
		stream_use_tls(s, ln->tls, NULL);
	ln->on_accept(ln->arg, s);
}

static struct listener *listener_new(struct loop *l, struct tls *tls, listener_fn *fn, void *arg)
{
	struct listener *ln = calloc(1, sizeof(*ln));

	if (!ln)
		abort();
	ln->loop = l;
	ln->tls = tls;
	ln->on_accept = fn;
	ln->arg = arg;
	return ln;
}

/* Waits for the resolver: listeners are opened at the start, before anything runs. */
static struct err *resolve(struct arena *a, struct loop *l, str host, int port,
			   struct sockaddr_storage *ret_sa)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	const char *name = str_empty(host) ? NULL : arena_cstr(a, host);
	const char *service = arena_cstr(a, arena_printf(a, "%d", port));
	uv_getaddrinfo_t req;
	int rc = uv_getaddrinfo(&l->uv, &req, NULL, name, service, &hints);

	if (rc < 0)
		return FAIL(a, BAD_REQUEST, "cannot listen on '%.*s': %s", STRF(host),
			    uv_strerror(rc));
	memcpy(ret_sa, req.addrinfo->ai_addr, req.addrinfo->ai_addrlen);
	uv_freeaddrinfo(req.addrinfo);
	return NULL;
}

static struct err *busy_or(struct arena *a, int rc, str where)
{
	if (rc == UV_EADDRINUSE)
		return FAIL(a, CONFLICT,
			    "cannot listen on %.*s: another program uses that port; "
			    "stop it or choose another port",
			    STRF(where));
	return FAIL(a, IO, "cannot listen on %.*s: %s", STRF(where), uv_strerror(rc));
}

struct err *listener_open(struct arena *a, struct loop *l, str host, int port, struct tls *tls,
			  listener_fn *on_accept, void *arg, struct listener **ret_listener)
{
	str where = arena_printf(a, "%.*s:%d", STRF(str_empty(host) ? S("*") : host), port);
	struct sockaddr_storage sa = { 0 };
	struct listener *ln;
	int len = sizeof(sa);
	int rc;

	if (port < 0 || port > 65535)
		return FAIL(a, BAD_REQUEST, "cannot listen on port %d: not between 0 and 65535",
			    port);
	TRY(resolve(a, l, host, port, &sa));
	ln = listener_new(l, tls, on_accept, arg);
	uv_tcp_init(&l->uv, &ln->uv.tcp);
	ln->uv.handle.data = ln;
	rc = uv_tcp_bind(&ln->uv.tcp, (const struct sockaddr *)&sa, 0);
	if (rc == 0)
		rc = uv_listen(&ln->uv.stream, LISTEN_BACKLOG, on_connection);
	if (rc == 0)
		rc = uv_tcp_getsockname(&ln->uv.tcp, (struct sockaddr *)&sa, &len);
	if (rc < 0) {
		listener_close(ln);
		return busy_or(a, rc, where);
	}
	ln->addr = addr_from((const struct sockaddr *)&sa);
	*ret_listener = ln;
	return NULL;
}

/* Is somebody listening there? Removes the file if nobody is. */
static struct err *clear_socket_file(struct arena *a, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, rc, why;

	if (lstat(path, &st) < 0)
		return NULL;
	if (!S_ISSOCK(st.st_mode))
		return FAIL(a, CONFLICT, "cannot listen on '%s': it is not a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FAIL(a, IO, "cannot listen on '%s': %s", path, strerror(errno));
	memcpy(sa.sun_path, path, strlen(path) + 1);
	rc = connect(fd, (const struct sockaddr *)&sa, sizeof(sa));
	why = errno;
	close(fd);
	if (rc == 0)
		return FAIL(a, CONFLICT, "cannot listen on '%s': another program does", path);
	if (why != ECONNREFUSED)
		return FAIL(a, IO, "cannot listen on '%s': %s", path, strerror(why));
	unlink(path);
	return NULL;
}

struct err *listener_open_unix(struct arena *a, struct loop *l, str path, listener_fn *on_accept,
			       void *arg, struct listener **ret_listener)
{
	const char *name = arena_cstr(a, path);
	struct listener *ln;
	mode_t mask;
	int rc;

	if (path.len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return FAIL(a, BAD_REQUEST,
			    "cannot listen on '%s': the path is longer than %zu bytes", name,
			    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	TRY(clear_socket_file(a, name));
	ln = listener_new(l, NULL, on_accept, arg);
	uv_pipe_init(&l->uv, &ln->uv.pipe, 0);
	ln->uv.handle.data = ln;
	/* The file must never exist with wider rights, not even for a moment. */
	mask = umask(0177);
	rc = uv_pipe_bind(&ln->uv.pipe, name);
	umask(mask);
	if (rc == 0)
		rc = uv_listen(&ln->uv.stream, LISTEN_BACKLOG, on_connection);
	if (rc < 0) {
		listener_close(ln);
		return FAIL(a, IO, "cannot listen on '%s': %s", name, uv_strerror(rc));
	}
	ln->addr = addr_from(&(struct sockaddr){ .sa_family = AF_UNIX });
	*ret_listener = ln;
	return NULL;
}

/* A listening stream socket? *ret_sa is where. */
static struct err *check_inherited(struct arena *a, int fd, struct sockaddr_storage *ret_sa)
{
	socklen_t len = sizeof(*ret_sa), int_len = sizeof(int);
	int type = 0, listening = 0;

	if (getsockname(fd, (struct sockaddr *)ret_sa, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &int_len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_len) < 0)
		return FAIL(a, BAD_REQUEST, "cannot listen on descriptor %d: %s", fd,
			    strerror(errno));
	if (type != SOCK_STREAM || !listening)
		return FAIL(a, BAD_REQUEST,
			    "cannot listen on descriptor %d: it is no listening stream socket", fd);
	if (ret_sa->ss_family != AF_UNIX && ret_sa->ss_family != AF_INET &&
	    ret_sa->ss_family != AF_INET6)
		return FAIL(a, BAD_REQUEST,
			    "cannot listen on descriptor %d: neither a Unix nor a TCP socket", fd);
	return NULL;
}

struct err *listener_open_fd(struct arena *a, struct loop *l, int fd, listener_fn *on_accept,
			     void *arg, struct listener **ret_listener)
{
	struct sockaddr_storage sa = { 0 };
	struct listener *ln;
	int rc;

	TRY(check_inherited(a, fd, &sa));
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	ln = listener_new(l, NULL, on_accept, arg);
	if (sa.ss_family == AF_UNIX) {
		uv_pipe_init(&l->uv, &ln->uv.pipe, 0);
		rc = uv_pipe_open(&ln->uv.pipe, fd);
	} else {
		uv_tcp_init(&l->uv, &ln->uv.tcp);
		rc = uv_tcp_open(&ln->uv.tcp, fd);
	}
	ln->uv.handle.data = ln;
	if (rc < 0) {
		listener_close(ln);
		return FAIL(a, IO, "cannot listen on descriptor %d: %s", fd, uv_strerror(rc));
	}
	rc = uv_listen(&ln->uv.stream, LISTEN_BACKLOG, on_connection);
	if (rc < 0) {
		listener_close(ln);
		return FAIL(a, IO, "cannot listen on descriptor %d: %s", fd, uv_strerror(rc));
	}
	ln->addr = addr_from((const struct sockaddr *)&sa);
	*ret_listener = ln;
	return NULL;
}

const struct addr *listener_addr(const struct listener *ln)
{
	return &ln->addr;
}

void listener_close(struct listener *ln)
{
	/* libuv removes a Unix socket's file. */
	if (ln)
		uv_close(&ln->uv.handle, on_closed);
}
