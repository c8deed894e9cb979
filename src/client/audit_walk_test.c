/*
 * audit_walk_test.c - a log as the broker hands it out, and every way in which it can lie about it.
 */
#include "client/audit_walk.h"

#include "base/test.h"
#include "client/checkpoint.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define MESH "MeshId00000000000000000000000001"

enum { ROWS = 6 };

static const char *const payloads[ROWS] = {
	"{}", "{\"a\":[1,{\"b\":null}],\"\xc3\xa9\":\"|\"}", "{\"10\":1,\"9\":2}", "{\"a\":\"\\u0007\"}",
	"{\"count\":3,\"priority\":\"next\",\"targetSpec\":\"*\"}", "{\"a\":1.5}",
};

static struct audit_stored_args *log_of(struct arena *a)
{
	struct audit_stored_args *rows = NEW_ARRAY(a, struct audit_stored_args, ROWS);
	u8 hash[AUDIT_HASH_BYTES];

	assert_true(crypto_start());
	for (size_t i = 0; i < ROWS; i++) {
		struct audit_link link = { S(MESH), S("kicked"), i % 2 ? S("member") : STR_NONE,
					   str_from(payloads[i]), (i64)i };

		audit_hash(a, &link, i ? hash : NULL, hash);
		rows[i] = (struct audit_stored_args){ (i64)i + 1, link.event, link.actor, link.payload, link.created_ms,
						      hex_encode(a, str_of(hash, sizeof(hash))) };
	}
	return rows;
}

/* In pages of `step`; 0 if all holds, else the first bad row. */
static i64 walk_in(struct arena *a, struct audit_walk *w, struct audit_stored_args *rows, size_t n, size_t step)
{
	for (size_t i = 0; i < n; i += step) {
		struct audit_rows_result_args page = { .meshId = S(MESH), .rows = { rows + i, MIN(step, n - i), true } };

		if (!audit_walk_page(w, a, &page))
			return w->bad_seq;
	}
	return audit_walk_end(w, ROWS) ? 0 : w->bad_seq;
}

static i64 walk(struct arena *a, struct audit_stored_args *rows, size_t n)
{
	struct audit_walk w = { .mesh_id = S(MESH) };

	return walk_in(a, &w, rows, n, 100);
}

TEST(a_whole_log_holds_in_pages_of_any_size)
{
	ARENA;
	struct audit_stored_args *rows = log_of(a);

	for (size_t step = 1; step <= ROWS; step++) {
		struct audit_walk w = { .mesh_id = S(MESH) };

		assert_int_equal(walk_in(a, &w, rows, ROWS, step), 0);
		assert_int_equal(w.seq, ROWS);
	}
}

TEST(every_changed_bit_is_found_at_its_row)
{
	ARENA;
	struct audit_stored_args *rows = log_of(a);

	for (size_t i = 0; i < ROWS; i++) {
		str *texts[] = { &rows[i].event, &rows[i].actor, &rows[i].payload, &rows[i].hash };

		for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
			str good = *texts[t];

			for (size_t bit = 0; bit < 8 * good.len; bit++) {
				char *changed = arena_cstr(a, good);

				changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
				*texts[t] = str_of(changed, good.len);
				assert_int_equal(walk(a, rows, ROWS), i + 1);
			}
			*texts[t] = good;
		}
		for (unsigned bit = 0; bit < 62; bit++) {
			rows[i].createdMs ^= (i64)1 << bit;
			assert_int_equal(walk(a, rows, ROWS), i + 1);
			rows[i].createdMs ^= (i64)1 << bit;
		}
	}
	assert_int_equal(walk(a, rows, ROWS), 0);
}

TEST(rows_that_are_missing_moved_doubled_or_put_in_are_found)
{
	ARENA;
	struct audit_stored_args *rows = log_of(a), changed[ROWS + 1];

	for (size_t i = 0; i < ROWS; i++) {
		size_t n = 0;

		for (size_t k = 0; k < ROWS; k++)
			if (k != i)
				changed[n++] = rows[k];
		assert_int_equal(walk(a, changed, n), i + 1);
		/* Numbered again, so that no gap shows. */
		for (size_t k = 0; k < n; k++)
			changed[k].seq = (i64)k + 1;
		assert_int_equal(walk(a, changed, n), i + 1);
	}
	for (size_t i = 0; i + 1 < ROWS; i++) {
		memcpy(changed, rows, ROWS * sizeof(*rows));
		changed[i] = rows[i + 1];
		changed[i + 1] = rows[i];
		assert_int_equal(walk(a, changed, ROWS), i + 1);
		changed[i].seq = (i64)i + 1;
		changed[i + 1].seq = (i64)i + 2;
		assert_int_equal(walk(a, changed, ROWS), i + 1);
	}
	for (size_t i = 0; i < ROWS; i++) {
		memcpy(changed, rows, (i + 1) * sizeof(*rows));
		memcpy(changed + i + 1, rows + i, (ROWS - i) * sizeof(*rows));
		assert_int_equal(walk(a, changed, ROWS + 1), i + 2);
	}
}

static struct audit_checkpoint_result_args checkpoint_at(struct arena *a, const struct audit_stored_args *rows,
							  i64 seq)
{
	struct keyfile keys = { .key = { 1 } };
	struct sign_pair pair;
	struct checkpoint c = { S(MESH), seq, seq ? rows[seq - 1].hash : S(""), 5 };
	struct audit_checkpoint_result_args out = { c.mesh_id, c.seq, c.hash, c.time_ms, STR_NONE, STR_NONE, STR_NONE };

	checkpoint_pair(&keys, &pair);
	out.pubkey = sign_pair_pubkey(a, &pair);
	assert_ok(checkpoint_sign(a, &c, &pair, &out.signature));
	return out;
}

/* The rows hold among themselves. */
TEST(a_checkpoint_shows_rows_off_the_end_and_a_log_written_anew)
{
	ARENA;
	struct audit_stored_args *rows = log_of(a);
	struct audit_checkpoint_result_args end = checkpoint_at(a, rows, ROWS), other = checkpoint_at(a, rows, 3);
	struct audit_walk w = { .mesh_id = S(MESH), .marks = { &end } };

	assert_int_equal(walk_in(a, &w, rows, ROWS, 2), 0);
	for (size_t n = 0; n < ROWS; n++) {
		w = (struct audit_walk){ .mesh_id = S(MESH), .marks = { &end } };
		assert_int_equal(walk_in(a, &w, rows, n, 2), n + 1);
		/* The broker says that there never were more. */
		w = (struct audit_walk){ .mesh_id = S(MESH), .marks = { NULL, &end } };
		assert_false(audit_walk_end(&w, (i64)n));
	}
	other.hash = rows[3].hash;
	w = (struct audit_walk){ .mesh_id = S(MESH), .marks = { &end, &other } };
	assert_int_equal(walk_in(a, &w, rows, ROWS, 2), 3);
	assert_false(audit_walk_end(&w, 0));
}

TEST(a_payload_that_another_would_hash_otherwise_does_not_hold)
{
	static const char *const texts[] = { "{\"b\":1,\"a\":2}", "{ }", "[]", "{\"a\":1.0}", "{\"a\":", "",
					     "{\"a\":1,\"a\":1}", "{\"a\":\"\\/\"}", "{\"9\":2,\"10\":1}" };
	ARENA;
	struct audit_stored_args row = log_of(a)[0];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct audit_link link = { S(MESH), row.event, row.actor, str_from(texts[i]), row.createdMs };
		u8 hash[AUDIT_HASH_BYTES];

		audit_hash(a, &link, NULL, hash);
		row.payload = link.payload;
		row.hash = hex_encode(a, str_of(hash, sizeof(hash)));
		assert_int_equal(walk(a, &row, 1), 1);
	}
}

TEST(rows_of_another_mesh_are_refused)
{
	ARENA;
	struct audit_stored_args *rows = log_of(a);
	struct audit_walk w = { .mesh_id = S("MeshId00000000000000000000000002") };

	assert_int_equal(walk_in(a, &w, rows, ROWS, 2), 1);
	assert_string_equal(w.why, "the broker gave rows of another mesh");
}

/* ---- the file ---- */

TEST(a_checkpoint_comes_back_as_it_was_written)
{
	ARENA;
	struct audit_stored_args *rows = log_of(a);

	for (i64 seq = 0; seq <= ROWS; seq += 3) {
		struct audit_checkpoint_result_args c = checkpoint_at(a, rows, seq), got;
		str text = checkpoint_write(a, &c);

		assert_ok(checkpoint_read(a, text, &got));
		assert_str(checkpoint_write(a, &got), text);
		assert_ok(checkpoint_accept(a, &got, S(MESH)));
		assert_err(checkpoint_accept(a, &got, S("MeshId00000000000000000000000002")), REFUSED);
	}
}

TEST(a_changed_or_strange_checkpoint_is_refused)
{
	static const char *const strange[] = { "", "{}", "[]", "null", "{\"meshId\":1}",
					       "{\"meshId\":\"x\",\"seq\":-1}", "\xff" };
	ARENA;
	struct audit_checkpoint_result_args c = checkpoint_at(a, log_of(a), 3), got;
	str text = checkpoint_write(a, &c);
	char *changed = arena_cstr(a, text);

	for (size_t i = 0; i < text.len - 1; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			changed[i] = (char)(text.ptr[i] ^ (1 << bit));
			/* White space around a value says nothing. */
			if (changed[i] != ' ' && changed[i] != '\n' && checkpoint_read(a, str_from(changed), &got) == NULL)
				fail_msg("%s", changed);
		}
		changed[i] = text.ptr[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(strange); i++)
		assert_non_null(checkpoint_read(a, str_from(strange[i]), &got));
	changed = arena_alloc(a, CHECKPOINT_BYTES_MAX + 1);
	memset(changed, ' ', CHECKPOINT_BYTES_MAX + 1);
	assert_err(checkpoint_read(a, str_of(changed, CHECKPOINT_BYTES_MAX + 1), &got), TOO_LARGE);
	/* A row that there is not cannot have a hash, and one that there is has one. */
	c = checkpoint_at(a, log_of(a), 0);
	c.hash = S("ab");
	assert_err(checkpoint_read(a, checkpoint_write(a, &c), &got), BAD_REQUEST);
}

TEST_MAIN("client/audit-walk")
