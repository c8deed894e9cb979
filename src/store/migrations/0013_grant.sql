-- What a member lets a key do that is not as everybody may (enum grant, bits; 0 blocks it), and what
-- was kept from the member for it.
CREATE TABLE peer_grant (
	mesh_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	peer_pubkey TEXT NOT NULL,
	caps BIGINT NOT NULL,
	dropped_dm BIGINT NOT NULL,
	dropped_broadcast BIGINT NOT NULL,
	dropped_ms BIGINT NOT NULL,
	PRIMARY KEY (mesh_no, member_no, peer_pubkey)
) CLUSTERED;

-- What a member may do instead of what its role may (enum permission, bits).
CREATE TABLE member_permission (
	mesh_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	permissions BIGINT NOT NULL,
	PRIMARY KEY (mesh_no, member_no)
) CLUSTERED;
