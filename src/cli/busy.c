#include "cli/busy.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopping;
	bool running, stop, drawn;
	bool animated;
	int fd;
	char text[BUSY_TEXT_MAX + 1];
} busy = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const frames[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };

/* False: stopped before the time was over. The lock is held. */
static bool wait_ms(long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!busy.stop)
		if (pthread_cond_timedwait(&busy.stopping, &busy.lock, &until) != 0)
			return !busy.stop;
	return false;
}

static void draw(const char *before, const char *sign, const char *after)
{
	char line[BUSY_TEXT_MAX + 32];
	int n = snprintf(line, sizeof(line), "%s  %s %s…%s", before, sign, busy.text, after);

	/* A sign that cannot be drawn is missed by nobody. */
	if (n > 0 && write(busy.fd, line, MIN((size_t)n, sizeof(line) - 1)) > 0)
		busy.drawn = true;
}

static void *run(void *arg UNUSED)
{
	pthread_mutex_lock(&busy.lock);
	if (wait_ms(BUSY_AFTER_MS)) {
		if (!busy.animated)
			draw("", "·", "\n");
		for (size_t i = 0; busy.animated; i++) {
			draw("\r", frames[i % ARRAY_LEN(frames)], "\x1b[K");
			if (!wait_ms(BUSY_FRAME_MS))
				break;
		}
	}
	pthread_mutex_unlock(&busy.lock);
	return NULL;
}

void busy_start(int fd, bool animated, const char *text)
{
	pthread_condattr_t attr;

	if (busy.running)
		return;
	busy.fd = fd;
	busy.animated = animated;
	busy.stop = busy.drawn = false;
	snprintf(busy.text, sizeof(busy.text), "%s", text);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&busy.stopping, &attr);
	pthread_condattr_destroy(&attr);
	busy.running = pthread_create(&busy.thread, NULL, run, NULL) == 0;
}

void busy_stop(void)
{
	if (!busy.running)
		return;
	pthread_mutex_lock(&busy.lock);
	busy.stop = true;
	pthread_cond_signal(&busy.stopping);
	pthread_mutex_unlock(&busy.lock);
	pthread_join(busy.thread, NULL);
	pthread_cond_destroy(&busy.stopping);
	busy.running = false;
	if (busy.drawn && busy.animated && write(busy.fd, "\r\x1b[K", 4) < 0)
		return;
}
