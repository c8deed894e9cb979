#include "broker/metrics.h"

#include "base/test.h"

static str page(struct arena *a, const struct figures *f, const struct route_count *routes, size_t n)
{
	struct buf b = buf_make(METRICS_BYTES_MAX);
	str text;

	metrics_write(&b, f, routes, n);
	assert_false(b.full);
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

static void has_line(str text, str line)
{
	str rest = text, each;

	while (str_cut(&rest, '\n', &each))
		if (str_eq(each, line))
			return;
	fail_msg("no line '%.*s' in\n%.*s", STRF(line), STRF(text));
}

/* All that an operator of the reference has on a dashboard, http-data-web.md 1.4. */
static const char *const of_the_reference[] = {
	"broker_connections_total", "broker_connections_rejected_total", "broker_connections_active",
	"broker_messages_routed_total", "broker_messages_rejected_total",
	"broker_messages_dropped_by_grant_total", "broker_legacy_auth_hits_total", "broker_queue_depth",
	"broker_ttl_sweeps_total", "broker_hook_requests_total", "broker_hook_requests_rate_limited_total",
	"broker_db_healthy",
};

TEST(the_references_names_are_kept)
{
	for (size_t i = 0; i < ARRAY_LEN(of_the_reference); i++) {
		const struct metric *row = metrics_table;

		while (row->name && strcmp(row->name, of_the_reference[i]) != 0)
			row++;
		if (!row->name)
			fail_msg("no %s", of_the_reference[i]);
	}
}

TEST(names_are_of_the_set_and_say_their_unit)
{
	for (const struct metric *row = metrics_table; row->name; row++) {
		str name = str_from(row->name);
		bool total = name.len > 6 && str_eq(str_skip(name, name.len - 6), S("_total"));

		assert_true(str_starts(name, S("broker_")) || str_starts(name, S("claudemesh_")) ||
			    str_starts(name, S("process_")));
		assert_int_equal(row->type == METRIC_COUNTER, total);
		assert_true(row->type != METRIC_HISTOGRAM || str_contains(name, S("_seconds")));
		for (const struct metric *other = metrics_table; other < row; other++)
			assert_string_not_equal(row->name, other->name);
	}
}

TEST(every_value_has_its_line)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct figures f = { .db_healthy = 1, .uptime_s = 1.5 };
	struct route_count routes[] = { { "/i/:code", { 0, 7, 0, 2, 0 } } };
	str text;

	f.engine.routed[1] = 3;
	f.engine.sends_refused[0] = 4;
	f.hellos_refused[HELLO_REFUSAL_COUNT - 1] = 5;
	histogram_add(&f.engine.ack, 3000);
	histogram_add(&f.engine.ack, 2000000);
	text = page(a, &f, routes, 1);
	has_line(text, S("broker_messages_routed_total{priority=\"now\"} 0"));
	has_line(text, S("broker_messages_routed_total{priority=\"next\"} 3"));
	has_line(text, S("broker_messages_rejected_total{reason=\"rate_limit\"} 4"));
	has_line(text, S("broker_connections_rejected_total{reason=\"other\"} 5"));
	has_line(text, S("broker_db_healthy 1"));
	has_line(text, S("# TYPE claudemesh_ack_seconds histogram"));
	has_line(text, S("claudemesh_ack_seconds_bucket{le=\"0.0025\"} 0"));
	has_line(text, S("claudemesh_ack_seconds_bucket{le=\"0.005\"} 1"));
	has_line(text, S("claudemesh_ack_seconds_bucket{le=\"2.5\"} 2"));
	has_line(text, S("claudemesh_ack_seconds_bucket{le=\"+Inf\"} 2"));
	has_line(text, S("claudemesh_ack_seconds_sum 2.003000"));
	has_line(text, S("claudemesh_ack_seconds_count 2"));
	has_line(text, S("claudemesh_uptime_seconds 1.500"));
	has_line(text, S("claudemesh_http_requests_total{code=\"2xx\",route=\"/i/:code\"} 7"));
	has_line(text, S("claudemesh_http_requests_total{code=\"4xx\",route=\"/i/:code\"} 2"));
}

/* D12, D-59: how many series there are does not depend on what anybody sends. */
TEST(values_make_no_series)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct figures none = { 0 }, many = { 0 };
	str few, all;
	size_t lines = 0, more = 0;

	for (size_t i = 0; i < offsetof(struct engine_stats, db_down) / sizeof(i64); i++)
		((i64 *)&many.engine)[i] = 1000000007;
	few = page(a, &none, NULL, 0);
	all = page(a, &many, NULL, 0);
	for (size_t i = 0; i < few.len; i++)
		lines += few.ptr[i] == '\n';
	for (size_t i = 0; i < all.len; i++)
		more += all.ptr[i] == '\n';
	assert_int_equal(lines, more);
}

TEST(labels_are_escaped)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct figures f = { 0 };
	struct route_count routes[] = { { "a\"b\\c\nd", { 1, 0, 0, 0, 0 } } };

	has_line(page(a, &f, routes, 1),
		 S("claudemesh_http_requests_total{code=\"1xx\",route=\"a\\\"b\\\\c\\nd\"} 1"));
}

TEST(the_process_is_known)
{
	struct figures f = { 0 };

	metrics_process(&f);
	assert_true(f.resident_bytes > 100000);
	assert_true(f.open_files >= 3);
}

TEST_MAIN("broker/metrics")
