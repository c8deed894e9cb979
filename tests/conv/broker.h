/*
 * broker.h - the real broker program as a child process on a free port, with its log in a file.
 *
 * It dies with the runner. Its exit status counts: a sanitizer's report is a failure.
 */
#ifndef CONV_BROKER_H
#define CONV_BROKER_H

#include <sys/types.h>

#include "base/err.h"

enum {
	BROKER_START_MS = 20000,
	BROKER_STOP_MS = 20000,
	BROKER_FLAGS_MAX = 32,
	BROKER_LOG_SHOWN = 8192,      /* bytes of the log's end that a failure shows */
};

struct broker {
	struct arena *arena;
	const char *program;
	const char *data_dir, *log_path;
	int port;
	pid_t pid;                    /* 0: not running */
	bool stopping;                /* was asked to stop */
	const char *flags[BROKER_FLAGS_MAX];
	char *env[BROKER_FLAGS_MAX];
	size_t flag_count, env_count;
};

/* Sets the flags beside --listen, --data and a default --rate-limit 0; NAME=VALUE goes into
 * the environment. */
struct err *broker_set_flags(struct arena *a, struct broker *b, str flags) MUST_CHECK;
/* Returns when /health answers. The port stays the same from start to start. */
struct err *broker_start(struct arena *a, struct broker *b) MUST_CHECK;
/* True when it ended by itself or was waited for; then *ret_status is wait's. */
bool broker_ended(struct broker *b, int *ret_status);
/* SIGTERM. Its clients should then be read until it has said goodbye to all. */
void broker_ask_to_stop(struct broker *b);
/* The same, if it was not done yet; it must end with exit status 0. */
struct err *broker_stop(struct arena *a, struct broker *b) MUST_CHECK;
/* SIGKILL. */
void broker_kill(struct broker *b);
/* A start that must fail, with these words in its output. */
struct err *broker_refuses(struct arena *a, struct broker *b, str words) MUST_CHECK;
/* Every write to a file fails from now on, as on a full disk; or works again. */
struct err *broker_fill_disk(struct arena *a, const struct broker *b, bool full) MUST_CHECK;
/* The end of the log. */
str broker_log(struct arena *a, const struct broker *b);

#endif
