#include "broker/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/git_sha.h"

static const char *const type_words[] = { "counter", "gauge", "histogram" };

static const char *const status_classes[STATUS_CLASSES] = { "1xx", "2xx", "3xx", "4xx", "5xx" };

static i64 resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long total, resident = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return (i64)resident * sysconf(_SC_PAGESIZE);
}

static i64 open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	i64 n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 3; /* ".", "..", and the directory itself */
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

void metrics_process(struct figures *f)
{
	struct rusage used;
	struct rlimit files;

	f->resident_bytes = resident_bytes();
	f->open_files = open_files();
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
		f->max_files = (i64)files.rlim_cur;
	if (getrusage(RUSAGE_SELF, &used) == 0)
		f->cpu_s = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

static void add_head(struct buf *b, const char *name, enum metric_type type, const char *doc)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, doc, name, type_words[type]);
}

/* A label's value: what the format wants escaped (backslash, quote, line break). */
static void add_value(struct buf *b, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_add_byte(b, '\\');
		if (*value == '\n')
			buf_add(b, S("\\n"));
		else
			buf_add_byte(b, *value);
	}
}

static void add_sample(struct buf *b, const char *name, const char *label, const char *value, i64 n)
{
	buf_printf(b, "%s{%s=\"", name, label);
	add_value(b, value);
	buf_printf(b, "\"} %lld\n", (long long)n);
}

static void add_histogram(struct buf *b, const char *name, const struct histogram *h)
{
	i64 n = 0;

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += h->counts[i];
		buf_printf(b, "%s_bucket{le=\"%g\"} %lld\n", name, (double)histogram_bounds_us[i] / 1e6,
			   (long long)n);
	}
	n = histogram_count(h);
	buf_printf(b, "%s_bucket{le=\"+Inf\"} %lld\n", name, (long long)n);
	buf_printf(b, "%s_sum %.6f\n%s_count %lld\n", name, (double)h->sum_us / 1e6, name, (long long)n);
}

static void add_row(struct buf *b, const struct metric *row, const struct figures *f)
{
	const void *at = (const char *)f + row->offset;

	add_head(b, row->name, row->type, row->doc);
	if (row->type == METRIC_HISTOGRAM) {
		add_histogram(b, row->name, at);
		return;
	}
	if (!row->label) {
		if (row->seconds)
			buf_printf(b, "%s %.3f\n", row->name, *(const double *)at);
		else
			buf_printf(b, "%s %lld\n", row->name, (long long)*(const i64 *)at);
		return;
	}
	for (size_t i = 0; row->words[i]; i++)
		add_sample(b, row->name, row->label, row->words[i], ((const i64 *)at)[i]);
}

static void add_routes(struct buf *b, const struct route_count *routes, size_t n)
{
	static const char name[] = "claudemesh_http_requests_total";

	add_head(b, name, METRIC_COUNTER, "Answers, by route and class of status.");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < STATUS_CLASSES; k++) {
			if (!routes[i].by_class[k])
				continue;
			buf_printf(b, "%s{code=\"%s\",route=\"", name, status_classes[k]);
			add_value(b, routes[i].route);
			buf_printf(b, "\"} %lld\n", (long long)routes[i].by_class[k]);
		}
	}
}

void metrics_write(struct buf *b, const struct figures *f, const struct route_count *routes, size_t n)
{
	for (const struct metric *row = metrics_table; row->name; row++)
		add_row(b, row, f);
	add_routes(b, routes, n);
	add_head(b, "claudemesh_build_info", METRIC_GAUGE, "Always 1; the labels say what runs.");
	buf_printf(b, "claudemesh_build_info{git_sha=\"%s\",version=\"%s\"} 1\n", CLAUDEMESH_GIT_SHA,
		   CLAUDEMESH_VERSION);
}
