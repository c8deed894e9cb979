/*
 * message.h - a received message as inbox and listen show it.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "cli/cli.h"
#include "client/inbound.h"

/* The members below, for --json=FIELDS. */
#define MESSAGE_FIELDS \
	"id client_message_id mesh sender_name sender_pubkey sender_member_pubkey " \
	"sender_member_id sender_verified signed target topic reply_to_id priority created_at encrypted body unreadable"

/* The message of a row of the daemon's inbox, or of its event: an object of the local API. */
void message_of_row(const struct json *row, struct inbound *ret_message);

/* One object with the message's members, written to the envelope that is open. */
void message_json(struct json_out *j, str mesh, const struct inbound *m);
/* The same members into the object that is open. */
void message_json_members(struct json_out *j, str mesh, const struct inbound *m);
/* Sender and labels, the text below it, an empty line. */
void message_print(struct cli *c, str mesh, const struct inbound *m);
/* All of it in one line. */
void message_print_line(struct cli *c, str mesh, const struct inbound *m);

#endif
