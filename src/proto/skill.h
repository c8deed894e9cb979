/*
 * skill.h - skills: instructions that the agents of a mesh share (wire-platform.md 5).
 *
 * Unlike the reference, an update without a manifest keeps the one that is there, and only
 * the author or an admin may replace or remove a skill. Who lists the capability "skills"
 * is told by the events skill_shared and skill_removed.
 */
#ifndef PROTO_SKILL_H
#define PROTO_SKILL_H

#include "json/fields.h"
#include "proto/limits.h"

/* What a client that shows skills understands; the broker keeps the object as it is. */
#define SKILL_MANIFEST_ARGS(F, T) \
	F(T, str,  description,   OPT, 0, 0, "front matter of the prompt") \
	F(T, str,  when_to_use,   OPT, 0, 0, "likewise") \
	F(T, strs, allowed_tools, OPT, 0, 0, "likewise, as allowed-tools") \
	F(T, str,  model,         OPT, 0, 0, "likewise") \
	F(T, str,  context,       OPT, 0, 0, "inline or fork: runs in a sub-agent of its own") \
	F(T, str,  agent,         OPT, 0, 0, "which sub-agent; default general-purpose") \
	F(T, any,  user_invocable, OPT, 0, 0, "false: only agents call it") \
	F(T, str,  argument_hint, OPT, 0, 0, "front matter, as argument-hint")
JSON_OBJECT(skill_manifest, SKILL_MANIFEST_ARGS);

#define SHARE_SKILL_ARGS(F, T) \
	F(T, str,  name,         REQ, 1, NAME_BYTES_MAX, "unique in the mesh; an author's own is replaced") \
	F(T, str,  description,  REQ, 1, SKILL_DESCRIPTION_BYTES_MAX, "what it is for, in a line or two") \
	F(T, str,  instructions, REQ, 1, SKILL_BYTES_MAX, "the text, Markdown") \
	F(T, strs, tags,         OPT, 0, SKILL_TAGS_MAX, "words to find it by") \
	F(T, any,  manifest,     OPT, 0, 0, "an object; absent keeps the one that is there") \
	F(T, str,  _reqId,       OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(share_skill, SHARE_SKILL_ARGS);

#define SKILL_NAME_ARGS(F, T) \
	F(T, str, name,   REQ, 1, NAME_BYTES_MAX, "of the skill") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(get_skill, SKILL_NAME_ARGS);
JSON_ARGS(remove_skill, SKILL_NAME_ARGS);

#define LIST_SKILLS_ARGS(F, T) \
	F(T, str, query,  OPT, 0, NAME_BYTES_MAX, "part of a name, description or tag; any case") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(list_skills, LIST_SKILLS_ARGS);

#define SKILL_ACK_ARGS(F, T) \
	F(T, str, name,   REQ, 0, 0, "of the skill") \
	F(T, str, action, REQ, 0, 0, "shared, removed or not_found") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(skill_ack, SKILL_ACK_ARGS);

#define SKILL_ARGS(F, T) \
	F(T, str,  name,         REQ, 0, 0, "unique in the mesh") \
	F(T, str,  description,  REQ, 0, 0, "what it is for") \
	F(T, str,  instructions, REQ, 0, 0, "the text, Markdown") \
	F(T, strs, tags,         REQ, 0, 0, "words to find it by") \
	F(T, str,  author,       REQ, 0, 0, "name of who shared it") \
	F(T, any,  manifest,     REQ | NULLABLE, 0, 0, "as shared, or null") \
	F(T, str,  createdAt,    REQ, 0, 0, "ISO time; updates keep it") \
	F(T, str,  updatedAt,    OPT, 0, 0, "ISO time")
JSON_OBJECT(skill, SKILL_ARGS);
#define JSON_C_skill struct skill_args
#define JSON_KIND_skill JSON_K_OBJ
#define JSON_SUB_skill skill_fields

#define SKILL_DATA_ARGS(F, T) \
	F(T, skill, skill, REQ | NULLABLE, 0, 0, "the skill, or null") \
	F(T, str,  _reqId, OPT, 0, 0, "echo")
JSON_ARGS(skill_data, SKILL_DATA_ARGS);

#define SKILL_ENTRY_ARGS(F, T) \
	F(T, str,  name,        REQ, 0, 0, "unique in the mesh") \
	F(T, str,  description, REQ, 0, 0, "what it is for") \
	F(T, strs, tags,        REQ, 0, 0, "words to find it by") \
	F(T, str,  author,      REQ, 0, 0, "name of who shared it") \
	F(T, str,  createdAt,   REQ, 0, 0, "ISO time")
JSON_LIST(skill_entry, SKILL_ENTRY_ARGS);
#define JSON_C_skill_entries struct skill_entry_list
#define JSON_KIND_skill_entries JSON_K_LIST
#define JSON_SUB_skill_entries &skill_entry_list_type

#define SKILL_LIST_ARGS(F, T) \
	F(T, skill_entries, skills, REQ, 0, LIST_ROWS_MAX, "by name") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(skill_list, SKILL_LIST_ARGS);

#endif
