-- Skills of a mesh. tags is a JSON array of texts, manifest the object as shared.

CREATE TABLE skill (
	mesh_no BIGINT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	instructions TEXT NOT NULL,
	tags TEXT NOT NULL,
	manifest TEXT,
	author_no BIGINT NOT NULL,
	author_name TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (mesh_no, name)
);
