#include "daemon/wake.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "net/loop_watch.h"

/* A time that does not come: it is only about being told that the clock was set. */
#define NEVER_S ((time_t)1 << 33)

struct wake {
	const struct clock *clock;
	wake_fn *fn;
	void *arg;
	struct loop_timer *timer;
	struct loop_watch *set; /* NULL: the kernel does not tell */
	i64 wall_ms, mono_ms;   /* at the last look */
	i64 slept_ms;           /* of the machine, since its start; then, too */
};

/* 0 where it is not known. */
static i64 slept_ms(void)
{
	struct timespec boot, mono;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) < 0 || clock_gettime(CLOCK_MONOTONIC, &mono) < 0)
		return 0;
	return (boot.tv_sec - mono.tv_sec) * 1000 + (boot.tv_nsec - mono.tv_nsec) / 1000000;
}

/* What passed unnoticed since the last look. */
static i64 take_gap(struct wake *w)
{
	i64 wall = clock_ms(w->clock), mono = clock_mono_ms(w->clock), slept = slept_ms();
	i64 passed = mono - w->mono_ms;
	i64 asleep = MAX(slept - w->slept_ms, llabs(wall - w->wall_ms - passed));

	w->wall_ms = wall;
	w->mono_ms = mono;
	w->slept_ms = slept;
	return asleep + MAX(0, passed - WAKE_LOOK_MS);
}

void wake_look(struct wake *w)
{
	i64 gap = take_gap(w);

	if (gap >= WAKE_GAP_MS)
		w->fn(w->arg, gap);
}

static void on_timer(void *arg)
{
	wake_look(arg);
}

static bool arm(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = NEVER_S } };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

/* A timer of the wall clock is cancelled when that clock is set, and after each sleep. */
static void on_set(void *arg)
{
	struct wake *w = arg;
	uint64_t expired;
	int fd = loop_watch_fd(w->set);

	if (read(fd, &expired, sizeof(expired)) < 0 && errno == EAGAIN)
		return;
	if (!arm(fd)) {
		loop_watch_free(w->set);
		w->set = NULL;
	}
	wake_look(w);
}

static void watch_clock(struct wake *w, struct loop *loop)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0 && !arm(fd)) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0 && loop_watch_new(a, loop, fd, on_set, w, &w->set))
		w->set = NULL;
}

struct wake *wake_new(struct loop *loop, const struct clock *clock, wake_fn *fn, void *arg)
{
	struct wake *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	*w = (struct wake){ .clock = clock, .fn = fn, .arg = arg };
	(void)take_gap(w);
	w->timer = loop_timer_new(loop, on_timer, w);
	loop_timer_every(w->timer, WAKE_LOOK_MS);
	watch_clock(w, loop);
	return w;
}

void wake_free(struct wake *w)
{
	if (!w)
		return;
	loop_watch_free(w->set);
	loop_timer_free(w->timer);
	free(w);
}
