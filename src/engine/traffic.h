/*
 * traffic.h - who wrote to whom in a mesh, and what happened there, for a day and in memory only.
 *
 * An edge is a sender and a member, topic or group, with counts by ten minutes and by hours. A mesh
 * keeps TRAFFIC_EDGES_MAX of them and a member TRAFFIC_EDGES_PER_MEMBER, those used last; and the last
 * TRAFFIC_EVENTS_MAX events. What is counted for a batch that is not stored stays counted: these are
 * figures for people, nothing is decided by them. Engine thread only.
 */
#ifndef ENGINE_TRAFFIC_H
#define ENGINE_TRAFFIC_H

#include "engine/topic.h"
#include "proto/activity.h"

enum {
	TRAFFIC_EDGES_MAX = 512,
	TRAFFIC_EDGES_PER_MEMBER = 64,
	TRAFFIC_EVENTS_MAX = 100,
};

/* A message that somebody gets: target is its targetSpec. Nothing of a hidden sender, to oneself, or
 * of the copy that goes to a device beside its person's. */
void traffic_message(const struct presence *from, str target);
void traffic_post(const struct topic *t, const struct member *from);

/* came: true, or it went. While another connection of the member is there it did neither. */
void traffic_presence(const struct presence *about, bool came);
/* what: created, joined, left, removed, role. */
void traffic_topic(const struct topic *t, str what, const struct member *about);

/* What the member may see, in memory of the batch. */
void traffic_show(struct mesh *m, const struct member *to, struct mesh_activity_response_args *out);
void traffic_free(struct mesh *m);

#endif
