/*
 * hook_contract.h - what agents ask of a hook, by the name of the event (docs/agents.md).
 *
 * A hook gets one JSON object on standard input and may answer one on standard output. What
 * a peer said goes where the agent's contract has a place for text: into the context of the
 * next turn, or as the reason to take another one.
 */
#ifndef CLI_HOOK_CONTRACT_H
#define CLI_HOOK_CONTRACT_H

#include "json/json.h"

enum {
	HOOK_INPUT_MAX = 256 << 10,
	HOOK_TEXT_MAX = 9000,         /* characters that Claude Code takes whole: 10,000 */
};

enum hook_moment { HOOK_OTHER, HOOK_START, HOOK_PROMPT, HOOK_STOP, HOOK_END };

struct hook_input {
	enum hook_moment moment;
	const struct hook_row *row;   /* of the event; NULL: one that we do not know */
	str session_id, cwd;
	bool again;                   /* this stop follows a turn that a stop hook caused */
};

/* Never fails: what is no JSON is an event that we do not know. */
void hook_read(struct arena *a, str text, struct hook_input *ret_input);
/* May text be handed over now? */
bool hook_takes_text(const struct hook_input *in);
/* The answer that hands over text; an empty text is the answer that does nothing. */
void hook_answer(struct buf *b, const struct hook_input *in, str text);
/* "claude, codex", for help and docs; NULL at the end. */
const char *hook_agents(size_t i, const char **ret_event);

#endif
