/*
 * limits.h - every bound on what a peer may send, by name. Settings may change those that
 * say so; nothing else does.
 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

enum {
	MESSAGE_BYTES_DEFAULT = 65536,   /* MAX_MESSAGE_BYTES: ciphertext + nonce + targetSpec */
	FRAME_FACTOR = 4,                /* frame limit = FRAME_FACTOR * MAX_MESSAGE_BYTES */
	MESH_CONNECTIONS_DEFAULT = 10000,/* MAX_CONNECTIONS_PER_MESH */
	MEMBER_CONNECTIONS_MAX = 256,    /* of one member, those in grace included */
	MEMBER_SESSION_KEYS_MAX = 16384, /* session keys that one member showed within a week */
	MAILBOX_WAITING_MAX = 20000,     /* messages that wait for one recipient */
	MAILBOX_WAITING_BYTES_MAX = 64 << 20,
	SENDER_WAITING_MAX = 50000,      /* of one sender, all recipients together */
	SENDER_WAITING_BYTES_MAX = 256 << 20,
	LISTS_KB_PER_MINUTE = 131072,    /* peer lists of one member, and as much at once */
	UNAUTHENTICATED_DEFAULT = 1024,  /* sockets without a hello, all addresses */
	UNAUTHENTICATED_PER_ADDRESS = 256,
	BODY_BYTES_MAX = 65536,          /* HTTP request body */

	NAME_BYTES_MAX = 128,            /* display names, mesh names, hosts, channels, models */
	SLUG_BYTES_MAX = 64,
	CWD_BYTES_MAX = 4096,
	SUMMARY_BYTES_MAX = 2000,
	AVATAR_BYTES_MAX = 1024,         /* an emoji or an address */
	BIO_BYTES_MAX = 2000,
	STAT_DIGITS_MAX = 20,            /* one number of set_stats */
	GROUPS_MAX = 64,                 /* groups of one member or connection */
	SESSION_ID_BYTES_MAX = 128,
	TARGET_BYTES_MAX = 256,
	TARGET_PREFIX_MIN = 8,           /* characters of a public key that name whom to kick or ban */
	CANDIDATES_MAX = 8,              /* that a refused name is explained with */
	BAN_REASON_BYTES_MAX = 500,
	PEER_SILENT_MAX_MS = 105000,     /* who answers no heartbeat for so long has no connection any more */
	CLIENT_ID_BYTES_MAX = 128,       /* client_message_id, also _reqId and id */
	CAPABILITIES_MAX = 32,
	SKILL_BYTES_MAX = 131072,        /* instructions of one skill */
	SKILL_DESCRIPTION_BYTES_MAX = 2000,
	SKILL_MANIFEST_BYTES_MAX = 16384,
	SKILL_TAGS_MAX = 32,
	SKILLS_PER_MESH_MAX = 1000,
	SKILLS_PER_MEMBER_MAX = 100,
	ID_BYTES = 32,                   /* a whole wire id */
	TOPIC_NAME_BYTES_MAX = 64,
	TOPIC_DESCRIPTION_BYTES_MAX = 1024,
	TOPICS_PER_MESH_MAX = 1000,
	TOPICS_PER_MEMBER_MAX = 200,     /* made by one member */
	TOPIC_NEW_MEMBERS_MAX = 64,      /* that topic_create adds; a dm has DM_MEMBERS_MAX */
	DM_MEMBERS_MAX = 16,
	TOPIC_COPIES_MAX = 1000,         /* sealed copies with a new key; the others follow by topic_seal */
	TOPIC_COPY_BYTES_MAX = 128,      /* base64 of 80 */
	TOPIC_NONCE_BYTES_MAX = 64,      /* base64 of 24 */
	TOPIC_PAGE_DEFAULT = 50,
	TOPIC_PAGE_MAX = 200,
	TOPIC_PAGE_BYTES_MAX = 1 << 20,  /* of bodies; a page with long posts has fewer of them */
	TOPIC_CATCH_UP_MAX = 1000,       /* newest posts that a member gets which was away */
	TOPIC_PENDING_MAX = 50,          /* of one topic_pending_seals */
	MENTIONS_MAX = 16,               /* names in one post */
	MENTION_BYTES_MAX = 64,          /* of a name in a text */
	NOTIFIED_MAX = 32,               /* members notified of one post */
	NOTIFICATIONS_COUNTED_MAX = 1000, /* unread ones; more is shown as that */
	NOTIFICATION_KEEP_DAYS = 90,
	APIKEY_CAPS_MAX = 8,             /* words of one API key */
	APIKEY_TOPICS_MAX = 64,          /* topics of one */
	APIKEY_ID_MIN = 6,               /* characters of an id that name one */
	APIKEYS_PER_MEMBER_MAX = 10000,  /* those that have ended make room */
	APIKEYS_LISTED_MAX = 10000,      /* the newest */
	APIKEY_KEEP_DAYS = 7,            /* how long one that has ended is listed */
	APIKEY_USED_STEP_MS = 60000,     /* how exactly the store knows when one was used */
	BEARER_TOKEN_MS = 600000,        /* how long one of bearer_token is good */
	APIKEYS_IN_MEMORY = 4096,        /* those used last; others are read when they are used */
	LIST_ROWS_MAX = 100000,          /* rows of a reply that a client takes */
	TOKEN_BYTES_MAX = 4096,          /* v1 invite token */
	INVITE_USES_MAX = 1000,
	DEVICE_INTRODUCTION_BYTES_MAX = 2048,
	DEVICES_MAX = 8,                 /* browsers and machines of one member; senders seal a copy to each */
	DEVICE_CODE_MS = 60000,          /* how long a code lets a device in */

	HELLO_SKEW_MS = 60000,           /* either way */
	ATTESTATION_MAX_MS = 24 * 3600 * 1000,
	GRACE_MS = 90000,                /* how long a lost connection keeps its presence */
	LEASE_MS = 30000,                /* an unacked push is sent again after this */
	WINDOW_MESSAGES = 256,           /* unacked pushes of one connection */
	WINDOW_BYTES = 1 << 20,
	STATUS_TTL_MS = 60000,           /* 'working' lapses, see engine/status.c */
	HINTS_PER_SECOND = 50,           /* presence pushes to one connection */
	HINTS_CALM_MS = 1000,            /* no news for so long: one peers_changed for what was dropped */
	HINTS_MUTED_MAX_MS = 10000,      /* and at the latest then */
	STATES_PER_MINUTE = 6000,        /* message_state to one connection; message_status tells the rest */
	STATES_BURST = 200,
	MESSAGE_TTL_DAYS = 7,
	RECEIPT_DAYS = 30,               /* how long a client_message_id is remembered */
	RECEIPTS_IN_MEMORY = 1 << 19,    /* at most, and of the last day: 16 to 43 bytes each */
	RECEIPT_RUN_MAX = 1 << 18,       /* moved at once to tables, about */
	RECEIPT_FILTER_BYTES_MAX = 64 << 20, /* 2 bytes each of the 30 days; beyond it costs queries */

	RATE_PER_MINUTE_DEFAULT = 60,    /* accepted sends of one member */
	RATE_BURST_DEFAULT = 10,
	GUESS_PER_MINUTE = 30,           /* failed invite lookups of one address */
	GUESS_BURST = 10,
	HOOKS_PER_MINUTE = 30,           /* POST /hook/set-status for one connection, and as many at once */
	HOOK_MISSES_PER_MINUTE = 60,     /* those of one address that fit no connection */
	HOOK_MISSES_BURST = 60,
	MESHES_PER_DAY = 1000,           /* made from one address */
	INVITES_MAX = 10000,             /* of one mesh */
	INVITE_KEEP_DAYS = 7,            /* how long one that ended unused is still known */
	SIGNATURES_MAX = 100000,         /* of reference hellos within HELLO_SKEW_MS, in memory and on disk */
	MESH_IDLE_MS = 300000,           /* a mesh that nobody is in leaves memory after this */
};

#endif
