-- How receipts are found that are too old to be remembered in memory. A run covers those with
-- numbers from first_no to last_no of one shard's meshes; its keys lead from the hash of (mesh,
-- sender, client_id) to the number. They are written once, in the order of the table, so that
-- it only grows at its end. The receipts themselves stay where they are.
CREATE TABLE receipt_run (
	no ROW_KEY NOT NULL PRIMARY KEY,
	shard BIGINT NOT NULL,
	shards BIGINT NOT NULL,
	first_no BIGINT NOT NULL,
	last_no BIGINT NOT NULL,
	newest_ms BIGINT NOT NULL,
	done BIGINT NOT NULL,                 -- 0: its keys are being written, nobody relies on them
	filter BLOB,                          -- which hashes it may hold, see src/engine/filter.h
	ids BLOB                              -- which numbers have ids of which time, src/engine/id_map.h
);
CREATE TABLE receipt_key (
	run_no BIGINT NOT NULL,
	hash BIGINT NOT NULL,
	no BIGINT NOT NULL,
	PRIMARY KEY (run_no, hash, no)
) CLUSTERED;

-- Keys of this database's own hashes.
CREATE TABLE secret (
	name TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
);

-- Ids rise with the numbers, but for clocks that were set: memory and receipt_run.ids know where.
DROP INDEX receipt_id;
