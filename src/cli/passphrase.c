#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "client/file.h"
#include "crypto/secret.h"

enum { WORDS_BYTES_MAX = 1024, CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };

struct tty {
	int fd;
	struct termios before;
};

static void tty_close(struct tty *t)
{
	if (t->fd < 0)
		return;
	/* Signals are off meanwhile, so that nothing can leave the terminal without an echo. */
	tcsetattr(t->fd, TCSAFLUSH, &t->before);
	close(t->fd);
}

static struct err *tty_open(struct cli *c, struct tty *t)
{
	struct termios hidden;

	t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (c->global.no_input || t->fd < 0 || tcgetattr(t->fd, &t->before) != 0)
		return cli_hint(c, FAIL(c->arena, BAD_REQUEST, "there is no terminal to ask for the passphrase"),
				"--passphrase-file FILE takes it from a file, '-' from standard input");
	hidden = t->before;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	hidden.c_cc[VMIN] = 1;
	hidden.c_cc[VTIME] = 0;
	if (tcsetattr(t->fd, TCSAFLUSH, &hidden) != 0)
		return FAIL(c->arena, IO, "the terminal cannot hide what is typed: %s", strerror(errno));
	return NULL;
}

static void say(const struct tty *t, const char *text)
{
	/* A terminal that cannot be written cannot be read either; that is told then. */
	if (write(t->fd, text, strlen(text)) < 0)
		return;
}

/* A line; CANCELLED for Ctrl-C, and for the end of input before it. */
static struct err *tty_line(struct cli *c, const struct tty *t, const char *question, str *ret_line)
{
	char *line = (char *)secret_alloc(c->arena, WORDS_BYTES_MAX);
	size_t n = 0;

	say(t, question);
	for (;;) {
		char ch;
		ssize_t got = read(t->fd, &ch, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || ch == CTRL_C || (ch == CTRL_D && n == 0)) {
			say(t, "\n");
			return FAIL(c->arena, CANCELLED, "cancelled");
		}
		if (ch == '\r' || ch == '\n')
			break;
		if (ch == BACKSPACE || ch == DELETE) {
			while (n && ((u8)line[--n] & 0xc0) == 0x80)
				continue;
		} else if (ch == CTRL_U) {
			n = 0;
		} else if ((u8)ch >= 0x20 && n < WORDS_BYTES_MAX) {
			line[n++] = ch;
		}
	}
	say(t, "\n");
	*ret_line = str_of(line, n);
	return NULL;
}

static struct err *from_tty(struct cli *c, bool twice, str *ret_words)
{
	CLEANUP(tty_close) struct tty t = { .fd = -1 };
	str again;

	TRY(out_flush(&c->out, c->arena));
	TRY(tty_open(c, &t));
	TRY(tty_line(c, &t, "  Passphrase: ", ret_words));
	if (!twice)
		return NULL;
	TRY(tty_line(c, &t, "  The same again: ", &again));
	if (!secret_eq(*ret_words, again))
		return cli_invalid(c, S("passphrase"), "mismatch", S("the two passphrases differ"),
				   S("the same words twice"));
	return NULL;
}

/* The first line of the file. */
static struct err *from_file(struct cli *c, str file, str *ret_words)
{
	str content;

	if (str_eq(file, S("-")))
		TRY(cli_text(c, file, WORDS_BYTES_MAX, &content));
	else
		TRY(file_read_private(c->arena, file, &content));
	if (!content.ptr)
		return FAIL(c->arena, NOT_FOUND, "there is no file '%.*s'", STRF(file));
	if (!str_cut(&content, '\n', ret_words))
		*ret_words = S("");
	if (str_ends(*ret_words, S("\r")))
		ret_words->len--;
	return NULL;
}

static size_t characters(str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((u8)s.ptr[i] & 0xc0) != 0x80;
	return n;
}

struct err *passphrase_get(struct cli *c, str file, bool twice, size_t min, str *ret_words)
{
	str words;
	size_t n;

	TRY(str_empty(file) ? from_tty(c, twice, &words) : from_file(c, file, &words));
	n = characters(words);
	if (n < min)
		return cli_invalid(c, S("passphrase"), n ? "too_short" : "missing",
				   arena_printf(c->arena, "a passphrase needs %zu characters, this has %zu", min, n),
				   S("a sentence that only you know"));
	*ret_words = words;
	return NULL;
}
