#include "daemon/service.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "client/daemon_start.h"
#include "crypto/secret.h"
#include "daemon/api.h"
#include "daemon/host.h"
#include "daemon/local_token.h"
#include "daemon/lock.h"
#include "daemon/logfile.h"
#include "daemon/notify.h"

struct service {
	struct arena *arena;
	const struct service_spec *spec;
	struct place place;
	struct lock *lock;
	struct loop *loop;
	struct daemon *daemon;
	struct api *api;
	struct loop_signal *term, *intr, *hup;
	struct loop_timer *watchdog, *look, *rotate;
	bool stopping;
};

/* The end: no new calls, then the brokers' goodbyes, then the files. */

static void on_api_stopped(void *arg)
{
	loop_stop(((struct service *)arg)->loop);
}

static void stop(struct service *s, const char *why)
{
	if (s->stopping)
		return;
	s->stopping = true;
	log_info("daemon_shutdown", LOG_S("why", str_from(why)));
	notify_send("STOPPING=1");
	api_stop(s->api, on_api_stopped, s);
}

static void on_signal(void *arg, int signum)
{
	struct service *s = arg;

	if (signum == SIGHUP)
		meshes_reload(s->daemon->meshes);
	else
		stop(s, signum == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void on_look(void *arg)
{
	struct service *s = arg;

	if (!lock_is_current(s->lock))
		stop(s, "the directory was removed");
}

static void on_watchdog(void *arg)
{
	notify_send("WATCHDOG=1");
}

static void on_rotate(void *arg)
{
	logfile_rotate(&((struct service *)arg)->place, LOGFILE_BYTES_MAX);
}

static void service_done(void *arg)
{
	struct service *s = arg;

	/* Calls end while the parts they wait for still stand. */
	api_free(s->api);
	if (s->daemon)
		daemon_close(s->daemon);
	daemon_free(s->daemon);
	loop_timer_free(s->watchdog);
	loop_timer_free(s->look);
	loop_timer_free(s->rotate);
	loop_signal_free(s->term);
	loop_signal_free(s->intr);
	loop_signal_free(s->hup);
	loop_free(s->loop);
	lock_release(s->lock);
}

/* The beginning. */

static struct err *check_host(struct service *s, int *ret_exit)
{
	enum host_outcome outcome;
	struct host host;

	host_read(s->arena, "", &host);
	TRY(host_check(s->arena, &s->place, &clock_real, &host, &outcome));
	if (outcome == HOST_FIRST_RUN)
		log_info("host_fingerprint_written");
	if (outcome == HOST_UNAVAILABLE)
		log_warn("host_fingerprint_unavailable");
	if (outcome != HOST_MISMATCH)
		return NULL;
	*ret_exit = SERVICE_HOST;
	return err_word(FAIL(s->arena, CONFLICT,
			     "these files were made on another machine: two daemons with the same keys "
			     "would send everything twice; if this is the only one now: claudemesh daemon "
			     "accept-host"),
			S(SERVICE_WORD_HOST));
}

static struct err *check_meshes(struct service *s, int *ret_exit)
{
	struct config_args config;

	TRY(config_load(s->arena, s->spec->paths, &config));
	if (config.meshes.n)
		return NULL;
	*ret_exit = SERVICE_USAGE;
	return err_word(FAIL(s->arena, NOT_FOUND,
			     "you are in no mesh yet: claudemesh join LINK, or claudemesh create NAME"),
			S(SERVICE_WORD_NO_MESH));
}

static struct err *listen_all(struct service *s)
{
	int given = notify_take_fds();
	str token;

	for (int i = 0; i < given; i++)
		TRY(api_listen_fd(s->arena, s->api, NOTIFY_FD_FIRST + i));
	if (!given)
		TRY(api_listen(s->arena, s->api));
	if (!s->spec->tcp)
		return NULL;
	TRY(local_token_open(s->arena, &s->place, &token));
	return api_listen_tcp(s->arena, s->api, (int)s->spec->tcp_port, token);
}

static struct err *set_up_loop(struct service *s)
{
	struct arena *a = s->arena;
	i64 watchdog_ms = notify_watchdog_ms();

	TRY(loop_signal_new(a, s->loop, SIGTERM, on_signal, s, &s->term));
	TRY(loop_signal_new(a, s->loop, SIGINT, on_signal, s, &s->intr));
	TRY(loop_signal_new(a, s->loop, SIGHUP, on_signal, s, &s->hup));
	s->look = loop_timer_new(s->loop, on_look, s);
	loop_timer_every(s->look, SERVICE_LOOK_MS);
	if (watchdog_ms) {
		s->watchdog = loop_timer_new(s->loop, on_watchdog, s);
		loop_timer_every(s->watchdog, watchdog_ms);
	}
	if (getenv(SERVICE_LOG_ENV)) {
		s->rotate = loop_timer_new(s->loop, on_rotate, s);
		loop_timer_every(s->rotate, LOGFILE_CHECK_MS);
	}
	return NULL;
}

/* The log, before anything that could be said in it. */
static struct err *open_log(struct service *s)
{
	if (getenv(SERVICE_LOG_ENV))
		TRY(logfile_open(s->arena, &s->place));
	log_setup(LOG_INFO, LOG_JSON, STDERR_FILENO, "daemon");
	return NULL;
}

static struct err *start(struct service *s, int *ret_exit)
{
	struct arena *a = s->arena;
	struct daemon_spec spec = { .clock = &clock_real,
				    .random = &random_system,
				    .paths = s->spec->paths };

	if (!crypto_start())
		return FAIL(a, INTERNAL, "this system gives no randomness");
	TRY(place_from_env(a, s->spec->paths, &s->place));
	TRY(check_meshes(s, ret_exit));
	TRY(place_make(a, &s->place));
	TRY(lock_take(a, &s->place, &s->lock));
	TRY(open_log(s));
	TRY(check_host(s, ret_exit));
	TRY(loop_new(a, &s->loop));
	spec.loop = s->loop;
	TRY(daemon_new(a, &spec, &s->daemon));
	s->api = api_new(s->daemon, &s->place);
	TRY(listen_all(s));
	return set_up_loop(s);
}

struct err *service_run(struct arena *a, const struct service_spec *spec, int *ret_exit)
{
	struct service *s = NEW(a, struct service);
	const struct rlimit no_core = { 0, 0 };
	struct err *e;

	*s = (struct service){ .arena = a, .spec = spec };
	*ret_exit = SERVICE_FAILED;
	umask(077);
	/* Keys are in its memory. */
	setrlimit(RLIMIT_CORE, &no_core);
	/* A file that may not grow is an error of its write, like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	e = start(s, ret_exit);
	daemon_tell_ready(e);
	if (e) {
		log_err(LOG_ERROR, "daemon_not_started", e);
		service_done(s);
		return e;
	}
	notify_send("READY=1");
	log_info("daemon_started", LOG_I("pid", getpid()), LOG_S("socket", s->place.socket),
		 LOG_S("version", S(CLAUDEMESH_VERSION)), LOG_I("tcp_port", api_port(s->api)));
	loop_run(s->loop);
	service_done(s);
	*ret_exit = SERVICE_DONE;
	return NULL;
}
