/*
 * argument.h - what may stand for an argument of a command, told by its form in the row.
 *
 * "WHO" is a peer, "TOPIC" a topic, "WHO|#TOPIC" either, "ID" a message id, "GROUP" a group,
 * "STATUS" a status: argv.c has each one looked at before the command runs, so a slip is answered
 * without a connection, and the completions offer what fits. Other forms take any text.
 */
#ifndef CLI_ARGUMENT_H
#define CLI_ARGUMENT_H

#include "base/err.h"

/* What completions offer in its place. */
enum offer { OFFER_NOTHING, OFFER_PEER, OFFER_TOPIC, OFFER_GROUP, OFFER_MESH, OFFER_FILE, OFFER_COMMAND, OFFER_WORDS };

/* form as in the row: "WHO", "[WHO]", "TEXT...". A BAD_REQUEST has the three tiers. */
struct err *argument_check(struct arena *a, str form, str value) MUST_CHECK;
/* *ret_words: the words of OFFER_WORDS, separated by '|'. */
enum offer argument_offer(str form, str *ret_words);
/* "true", "yes", "on", "1" and their opposites; false for anything else. */
bool argument_bool(str text, bool *ret_value) MUST_CHECK;
/* The form without brackets and dots. */
str argument_name(str form);

#endif
