#include "client/sse.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void sse_init(struct sse *s, size_t event_max)
{
	*s = (struct sse){
		.line = buf_make(event_max),
		.data = buf_make(event_max),
		.event = buf_make(event_max),
		.id = buf_make(event_max),
		.next_id = buf_make(event_max),
	};
}

void sse_done(struct sse *s)
{
	buf_done(&s->line);
	buf_done(&s->data);
	buf_done(&s->event);
	buf_done(&s->id);
	buf_done(&s->next_id);
}

static void set(struct buf *b, str value)
{
	buf_clear(b);
	buf_add(b, value);
}

/* "name: value", "name:value" or "name". */
static void take_field(struct sse *s, str line)
{
	ptrdiff_t colon = str_index(line, ':');
	str name = colon < 0 ? line : str_of(line.ptr, (size_t)colon);
	str value = colon < 0 ? S("") : str_skip(line, (size_t)colon + 1);

	if (str_starts(value, S(" ")))
		value = str_skip(value, 1);
	if (str_eq(name, S("event"))) {
		set(&s->event, value);
	} else if (str_eq(name, S("id")) && str_index(value, '\0') < 0) {
		set(&s->next_id, value);
	} else if (str_eq(name, S("data"))) {
		if (s->has_data)
			buf_add_byte(&s->data, '\n');
		buf_add(&s->data, value);
		s->has_data = true;
	}
}

/* What was handed out is forgotten when the next one is asked for. */
static void forget_last(struct sse *s)
{
	s->handed_out = false;
	buf_clear(&s->data);
	buf_clear(&s->event);
	s->has_data = false;
}

/* A whole line. True: it ended an event. */
static bool take_line(struct sse *s)
{
	str line = buf_str(&s->line);

	if (!s->begun && str_starts(line, S(BYTE_ORDER_MARK)))
		line = str_skip(line, 3);
	s->begun = true;
	if (line.len) {
		if (line.ptr[0] != ':')
			take_field(s, line);
		return false;
	}
	set(&s->id, buf_str(&s->next_id));
	if (s->has_data)
		return true;
	buf_clear(&s->event);
	return false;
}

/* Where the line ends in `in`; in.len if it does not. */
static size_t line_length(str in)
{
	size_t n = 0;

	while (n < in.len && in.ptr[n] != '\n' && in.ptr[n] != '\r')
		n++;
	return n;
}

static bool is_full(const struct sse *s)
{
	return s->line.full || s->data.full || s->event.full || s->id.full || s->next_id.full;
}

static str text(const struct buf *b, str otherwise)
{
	return b->len ? buf_str(b) : otherwise;
}

bool sse_next(struct sse *s, str *in, struct sse_event *ret_event)
{
	if (s->handed_out)
		forget_last(s);
	while (in->len && !s->broken) {
		size_t n;
		bool done;

		if (s->after_cr && in->ptr[0] == '\n')
			*in = str_skip(*in, 1);
		s->after_cr = false;
		n = line_length(*in);
		buf_add(&s->line, str_of(in->ptr, n));
		s->broken = is_full(s);
		if (n == in->len || s->broken) {
			*in = str_skip(*in, in->len);
			return false;
		}
		s->after_cr = in->ptr[n] == '\r';
		*in = str_skip(*in, n + 1);
		done = take_line(s);
		buf_clear(&s->line);
		s->broken = is_full(s);
		if (done && !s->broken) {
			s->handed_out = true;
			*ret_event = (struct sse_event){ text(&s->id, S("")),
							 text(&s->event, S("message")),
							 text(&s->data, S("")) };
			return true;
		}
	}
	*in = str_skip(*in, in->len);
	return false;
}
