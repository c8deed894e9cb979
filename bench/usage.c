#include "bench/usage.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static i64 cpu_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (i64)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static i64 process_us(pid_t pid)
{
	clockid_t clock;

	return pid && clock_getcpuclockid(pid, &clock) == 0 ? cpu_us(clock) : 0;
}

/* user, nice and system of the first line; what the host takes and what waits is not work. */
static i64 machine_us(void)
{
	long long user = 0, nice = 0, system = 0, irq = 0, softirq = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (!f)
		return 0;
	if (fscanf(f, "cpu %lld %lld %lld %*d %*d %lld %lld", &user, &nice, &system, &irq,
		   &softirq) != 5)
		user = nice = system = irq = softirq = 0;
	fclose(f);
	return (i64)(user + nice + system + irq + softirq) * (1000000 / sysconf(_SC_CLK_TCK));
}

i64 usage_resident(pid_t pid)
{
	char path[64];
	long long pages = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = pid ? fopen(path, "re") : NULL;
	if (!f)
		return 0;
	if (fscanf(f, "%*d %lld", &pages) != 1)
		pages = 0;
	fclose(f);
	return (i64)pages * sysconf(_SC_PAGESIZE);
}

struct usage usage_now(pid_t server)
{
	return (struct usage){
		.at_us = clock_real.mono_us(clock_real.arg),
		.server_us = process_us(server),
		.own_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID),
		.machine_us = machine_us(),
		.resident_bytes = usage_resident(server),
	};
}
