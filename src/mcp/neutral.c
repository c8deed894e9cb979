#include "mcp/neutral.h"

#include "base/utf8.h"

/* Names by which agents tell whose words they read, known by how they begin: "system" stands
 * for "system-reminder", too. */
static const char *const tags[] = {
	"channel", "system", "user", "assistant", "human", "function", "invoke", "antml", "parameter", "tool",
	"thinking", "command", "local-command", "task-notification", "claudemesh", "instructions", "important",
	"hook", "pre-tool", "post-tool", "stop-hook", "session-", "bash-", "ide_", "cross-session",
	"agent-message", "teammate", NULL
};
/* The lines that we write. */
static const char *const heads[] = { "claudemesh", "system]", "urgent]", NULL };
static const char *const tails[] = { "answer:claudemesh", NULL };

/* The wide forms of ASCII are ASCII; capitals do not count. */
static u32 fold(u32 c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xfee0;
	if (c == 0xfe64)
		c = '<';
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_passed_over(u32 c)
{
	return c == UTF8_BAD || utf8_is_blank(c);
}

static bool begins(str rest, const char *name)
{
	while (*name && rest.len) {
		str bytes;
		u32 c;

		utf8_take(&rest, &c, &bytes);
		if (is_passed_over(c))
			continue;
		if (fold(c) != (u32)(u8)*name)
			return false;
		name++;
	}
	return !*name;
}

static bool begins_one_of(str rest, const char *const *names)
{
	for (; *names; names++)
		if (begins(rest, *names))
			return true;
	return false;
}

static str past_slashes(str rest)
{
	while (rest.len) {
		str next = rest, bytes;
		u32 c;

		utf8_take(&next, &c, &bytes);
		if (fold(c) != '/' && !is_passed_over(c))
			break;
		rest = next;
	}
	return rest;
}

/* Is this the first character of a tag, or of a line of ours? */
static bool opens(u32 c, str rest)
{
	switch (fold(c)) {
	case '<': return begins_one_of(past_slashes(rest), tags);
	case '[': return begins_one_of(rest, heads);
	case '(': return begins_one_of(rest, tails);
	default: return false;
	}
}

/* The first max bytes at most, no character cut in two. */
static str cut(str text, size_t max)
{
	if (text.len <= max)
		return text;
	while (max && ((u8)text.ptr[max] & 0xc0) == 0x80)
		max--;
	return str_of(text.ptr, max);
}

void neutral_add_text(struct buf *b, str text, size_t max)
{
	text = cut(text, max);
	while (text.len) {
		str bytes;
		u32 c;
		bool good = utf8_take(&text, &c, &bytes);

		if (!good || (utf8_is_unsafe(c) && c != '\n' && c != '\t' && c != '\r'))
			buf_add(b, S(UTF8_MARK));
		else if (opens(c, text))
			buf_add(b, S("\xe2\x80\xb9"));
		else
			buf_add(b, bytes);
	}
}

static bool is_bracket(u32 c)
{
	return c == '<' || c == '>' || c == '[' || c == ']';
}

static void add_line(struct buf *b, str text, size_t max, bool in_quotes)
{
	text = cut(text, max);
	while (text.len) {
		str bytes;
		u32 c;
		bool good = utf8_take(&text, &c, &bytes);

		if (!good || utf8_is_unsafe(c) || is_bracket(fold(c)))
			buf_add_byte(b, ' ');
		else if (in_quotes && fold(c) == '"')
			buf_add_byte(b, '\'');
		else
			buf_add(b, bytes);
	}
}

void neutral_add_line(struct buf *b, str text, size_t max)
{
	add_line(b, text, max, false);
}

void neutral_add_value(struct buf *b, str text, size_t max)
{
	add_line(b, text, max, true);
}
