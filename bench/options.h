/*
 * options.h - the command line of claudemesh-bench: one list makes struct, parser and help.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "bench/ledger.h"
#include "cli/flags.h"

enum pattern {
	PATTERN_ABSENT,
	PATTERN_DIRECT,
	PATTERN_FANOUT,
	PATTERN_DRAIN,
	PATTERN_OFFLINE,
	PATTERN_CONNECT,
	PATTERN_IDLE,
	PATTERN_TOPIC,
};
static const char *const pattern_words[] UNUSED = {
	"", "direct", "fanout", "drain", "offline", "connect", "idle", "topic", NULL
};
/* One sends, all others of the mesh get it. */
static inline bool pattern_is_wide(enum pattern p) { return p == PATTERN_FANOUT || p == PATTERN_TOPIC; }
#define FLAG_C_pattern enum pattern
#define FLAG_KIND_pattern FLAG_ENUM
#define FLAG_WORDS_pattern pattern_words

enum {
	CLIENTS_DEFAULT = 20,
	CLIENTS_MAX = 20000,
	MESHES_MAX = 1000,
	MESSAGES_DEFAULT = 10000,
	WINDOW_DEFAULT = 8,
	WINDOW_MAX = 1024,
	BYTES_DEFAULT = 512,
	BYTES_MAX = 48000,
	KILLS_MAX = 1000,
	IDLE_DEFAULT_MS = 4000,
	ROUNDS_MAX = 99,
	COMPARE_ROUNDS_DEFAULT = 3,
	DEADLINE_DEFAULT_MS = 300 * 1000,
	DAY_MS = 24 * 3600 * 1000,
};

#define BENCH_FLAGS(F, T) \
	F(T, str, broker, "URL", 1, 512, \
	  "a running broker on this machine, such as http://127.0.0.1:7900") \
	F(T, str, spawn, "PATH", 1, 4096, \
	  "claudemesh-broker to start, with --rate-limit 0 and data of its own") \
	F(T, str, data, "DIR", 1, 4096, \
	  "with --spawn: its data directory, kept; else a temporary one") \
	F(T, str, database, "URL", 1, 512, \
	  "with --spawn: the broker's --database, postgresql://... for example") \
	F(T, pattern, pattern, "NAME", 0, 0, \
	  "direct (default): each to the next of its mesh; fanout: one to all; drain: all to one " \
	  "who is away and then comes; offline: every second to one who is away; connect: again " \
	  "and again; idle: connect and rest") \
	F(T, i64, clients, "N", 2, CLIENTS_MAX, "members, one connection each; 20") \
	F(T, i64, meshes, "M", 1, MESHES_MAX, "meshes, with clients/M members each; 1") \
	F(T, i64, senders, "N", 1, CLIENTS_MAX, \
	  "only the first N clients of each mesh send; fanout 1, else all") \
	F(T, i64, messages, "N", 1, LEDGER_MAX, "messages of all together, or hellos; 10000") \
	F(T, duration, duration, "TIME", 1000, DAY_MS, "send for so long instead; idle rests 4s") \
	F(T, i64, queued, "N", 1, LEDGER_MAX, \
	  "before that, send N messages to members who never come") \
	F(T, i64, warmup, "N", 1, LEDGER_MAX, "leave the first N messages out of the figures") \
	F(T, i64, window, "N", 1, WINDOW_MAX, \
	  "messages of a client under way until acked and delivered; 8") \
	F(T, i64, pause, "MS", 1, DAY_MS, "after a message is done, before the next is sent") \
	F(T, i64, bytes, "N", LEDGER_BODY_MIN, BYTES_MAX, \
	  "size of a text before it is sealed; 512") \
	F(T, bool, session, "", 0, 0, "connect with session_hello, not with hello") \
	F(T, i64, kills, "K", 1, KILLS_MAX, \
	  "kill -9 the spawned broker K times, spread over the flow") \
	F(T, i64, kill_every, "MS", 20, DAY_MS, \
	  "kill -9 it about every MS, until the flow ends or K times") \
	F(T, bool, gently, "", 0, 0, \
	  "SIGTERM instead of kill -9; the broker must end with status 0") \
	F(T, duration, deadline, "TIME", 1000, DAY_MS, "give up after; 300s") \
	F(T, bool, yardstick, "", 0, 0, "load a bare server instead: what the machine could do") \
	F(T, bool, compare, "", 0, 0, "load both in turns; the ratio is of one run, in 3 rounds") \
	F(T, i64, rounds, "N", 1, ROUNDS_MAX, "repeat; an odd number, medians are told; 1") \
	F(T, bool, json, "", 0, 0, "the result as one JSON object") \
	F(T, bool, help, "", 0, 0, "print this and end") \
	F(T, bool, version, "", 0, 0, "print the version and end")
CLI_FLAGS(bench, BENCH_FLAGS);

/* Reads, checks that the flags fit together, fills in what is left out. */
struct err *options_parse(struct arena *a, int argc, char *const argv[],
			  struct bench_flags *ret_flags) MUST_CHECK;
str options_help(struct arena *a);
/* BAD_REQUEST unless the address is one of this machine's own: this tool never loads another. */
struct err *options_check_loopback(struct arena *a, str url) MUST_CHECK;

#endif
