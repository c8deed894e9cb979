#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/loop_watch.h"

enum { STAT_MAX = 4096, START_FIELD = 22, STATE_FIELD = 3, BOOT_ID_LEN = 36 };

struct process_watch {
	struct loop *loop;
	struct arena *arena;
	i64 pid;
	str start;
	struct loop_watch *pidfd; /* NULL: it is looked at by the timer */
	struct loop_timer *poll;
	struct loop_task gone; /* it was over before we began */
	bool told;
	void (*on_end)(void *arg);
	void *arg;
};

static str read_small(struct arena *a, const char *path)
{
	char *text = arena_alloc(a, STAT_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return STR_NONE;
	n = read(fd, text, STAT_MAX);
	close(fd);
	return n > 0 ? str_of(text, (size_t)n) : STR_NONE;
}

/* Field n, counted from 1, of /proc/PID/stat. The name, field 2, may hold anything. */
static str stat_field(str stat, int n)
{
	str rest = stat, field = STR_NONE;

	while (rest.len && rest.ptr[rest.len - 1] != ')')
		rest.len--;
	rest = str_trim(str_skip(stat, rest.len));
	for (int i = STATE_FIELD; i <= n; i++)
		if (!str_cut(&rest, ' ', &field))
			return STR_NONE;
	return field;
}

str process_start(struct arena *a, i64 pid)
{
	str stat = pid > 0 ? read_small(a, arena_printf(a, "/proc/%lld/stat", (long long)pid).ptr)
			   : STR_NONE;
	str boot = str_trim(read_small(a, "/proc/sys/kernel/random/boot_id"));
	str state = stat_field(stat, STATE_FIELD), ticks = stat_field(stat, START_FIELD);

	if (str_empty(ticks) || str_eq(state, S("Z")) || str_eq(state, S("X")))
		return STR_NONE;
	boot.len = MIN(boot.len, (size_t)BOOT_ID_LEN);
	return arena_printf(a, "linux:%.*s:%.*s", STRF(boot), STRF(ticks));
}

static bool still_runs(const struct process_watch *w)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	return str_eq(process_start(a, w->pid), w->start);
}

static void tell(struct process_watch *w)
{
	if (w->told)
		return;
	w->told = true;
	loop_timer_off(w->poll);
	loop_watch_free(w->pidfd);
	w->pidfd = NULL;
	w->on_end(w->arg);
}

static void on_gone(void *arg)
{
	tell(arg);
}

static void on_poll(void *arg)
{
	struct process_watch *w = arg;

	if (!still_runs(w))
		tell(w);
}

struct process_watch *process_watch_new(struct loop *loop, i64 pid, str start,
					void (*on_end)(void *arg), void *arg)
{
	struct process_watch *w = calloc(1, sizeof(*w));
	int fd;

	if (!w)
		abort();
	w->arena = arena_new();
	w->loop = loop;
	w->pid = pid;
	w->on_end = on_end;
	w->arg = arg;
	w->gone = (struct loop_task){ .fn = on_gone, .arg = w };
	w->poll = loop_timer_new(loop, on_poll, w);
	/* First the descriptor, then the look: whoever has the pid now is who it stands for. */
	fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	w->start = str_empty(start) ? process_start(w->arena, pid) : arena_dup(w->arena, start);
	if (str_empty(w->start) || !still_runs(w)) {
		if (fd >= 0)
			close(fd);
		loop_next_turn(loop, &w->gone);
		return w;
	}
	if (fd < 0 || loop_watch_new(w->arena, loop, fd, on_gone, w, &w->pidfd))
		loop_timer_every(w->poll, PROCESS_POLL_MS);
	return w;
}

void process_watch_free(struct process_watch *w)
{
	if (!w)
		return;
	loop_task_cancel(&w->gone);
	loop_watch_free(w->pidfd);
	loop_timer_free(w->poll);
	arena_free(w->arena);
	free(w);
}
