#include "json/fields.h"

#include "base/test.h"

enum urgency { URGENCY_ABSENT, URGENCY_NOW, URGENCY_NEXT, URGENCY_LOW };
static const char *const urgency_words[] = { "", "now", "next", "low", NULL };
#define JSON_C_urgency enum urgency
#define JSON_KIND_urgency JSON_K_ENUM
#define JSON_SUB_urgency urgency_words

/* An enum whose zero value is a word. */
enum colour { COLOUR_RED, COLOUR_GREEN };
static const char *const colour_words[] = { "red", "green", NULL };
#define JSON_C_colour enum colour
#define JSON_KIND_colour JSON_K_ENUM
#define JSON_SUB_colour colour_words

#define PLACE_ARGS(F, T) \
	F(T, str, street, REQ, 1, 10, "where") \
	F(T, i64, number, OPT, 1, 999, "house")
JSON_OBJECT(place, PLACE_ARGS);
#define JSON_C_place struct place_args
#define JSON_KIND_place JSON_K_OBJ
#define JSON_SUB_place place_fields

#define GROUP_ARGS(F, T) \
	F(T, str, name, REQ, 1, 8, "its name") \
	F(T, strs, tags, OPT, 0, 2, "words about it") \
	F(T, place, at, OPT, 0, 0, "where it meets")
JSON_LIST(group, GROUP_ARGS);
#define JSON_C_groups struct group_list
#define JSON_KIND_groups JSON_K_LIST
#define JSON_SUB_groups &group_list_type

#define ALL_ARGS(F, T) \
	F(T, str, targetSpec, REQ, 1, 20, "who gets it") \
	F(T, str, note, OPT, 0, 0, "any text") \
	F(T, str, pin, OPT | SECRET, 3, 5, "never shown") \
	F(T, hex, key, OPT, 4, 4, "a key") \
	F(T, hex, trace, OPT, 0, 9, "any hex") \
	F(T, i64, timestamp, OPT, 0, 0, "when") \
	F(T, i64, limit, OPT, 1, 50, "how many") \
	F(T, i64, shift, OPT, -5, 0, "how far back") \
	F(T, bool, silent, OPT, 0, 0, "no answer") \
	F(T, urgency, priority, OPT, 0, 0, "now, next or low") \
	F(T, colour, paint, OPT, 0, 0, "red or green") \
	F(T, strs, words, OPT, 1, 3, "a few words") \
	F(T, any, meta, OPT, 0, 0, "whatever") \
	F(T, place, home, OPT, 0, 0, "where") \
	F(T, groups, groups, OPT, 0, 3, "memberships")
JSON_ARGS(all, ALL_ARGS);

#define NEEDY_ARGS(F, T) \
	F(T, str, s, REQ, 0, 0, "always there") \
	F(T, hex, h, REQ, 0, 0, "always there") \
	F(T, i64, i, REQ, 0, 0, "always there") \
	F(T, bool, b, REQ, 0, 0, "always there") \
	F(T, strs, l, REQ, 0, 0, "always there") \
	F(T, any, a, REQ, 0, 0, "always there") \
	F(T, urgency, e, REQ, 0, 0, "always there") \
	F(T, colour, c, REQ, 0, 0, "always there") \
	F(T, place, o, REQ, 0, 0, "always there") \
	F(T, groups, g, REQ, 0, 0, "always there")
JSON_ARGS(needy, NEEDY_ARGS);

#define NULLABLE_ARGS(F, T) F(T, str, summary, REQ | NULLABLE, 0, 9, "text or null")
JSON_ARGS(nullable, NULLABLE_ARGS);

/* Cases are written with ' for ". */
static str quoted(struct arena *a, const char *text)
{
	char *copy = arena_cstr(a, str_from(text));

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return str_from(copy);
}

static struct err *decode(struct arena *a, const char *text, struct all_args *args,
			  unsigned *ret_unknown)
{
	const struct json *v;

	assert_ok(json_parse(a, quoted(a, text), &v));
	return json_decode(a, v, all_fields, args, sizeof(*args), ret_unknown);
}

TEST(every_kind)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct all_args in;
	unsigned unknown = 9;

	memset(&in, 0xff, sizeof(in));
	assert_ok(decode(
		a,
		"{'targetSpec':'bob','note':'','pin':'1234','key':'00ff','trace':'abc','timestamp':-1,"
		"'limit':50,'shift':-5,'silent':true,'priority':'low','paint':'green','words':['x','y\\n'],"
		"'meta':{'a':[1]},'home':{'street':'Elm','number':7},"
		"'groups':[{'name':'g','tags':['t'],'at':{'street':'S'}},{'name':'h'}]}",
		&in, &unknown));
	assert_int_equal(unknown, 0);
	assert_str(in.targetSpec, S("bob"));
	assert_true(in.note.ptr && in.note.len == 0);
	assert_str(in.pin, S("1234"));
	assert_str(in.key, S("00ff"));
	assert_str(in.trace, S("abc"));
	assert_int_equal(in.timestamp, -1);
	assert_int_equal(in.limit, 50);
	assert_int_equal(in.shift, -5);
	assert_true(in.silent);
	assert_int_equal(in.priority, URGENCY_LOW);
	assert_int_equal(in.paint, COLOUR_GREEN);
	assert_true(in.words.present && in.words.n == 2);
	assert_str(in.words.items[1], S("y\n"));
	assert_str(in.meta->raw, S("{\"a\":[1]}"));
	assert_true(in.home.present);
	assert_str(in.home.street, S("Elm"));
	assert_int_equal(in.home.number, 7);
	assert_int_equal(in.groups.n, 2);
	assert_str(in.groups.items[0].name, S("g"));
	assert_str(in.groups.items[0].tags.items[0], S("t"));
	assert_true(in.groups.items[0].at.present);
	assert_str(in.groups.items[0].at.street, S("S"));
	assert_str(in.groups.items[1].name, S("h"));
	assert_false(in.groups.items[1].tags.present || in.groups.items[1].at.present);
}

TEST(absent_and_null_are_zero)
{
	static const char *const texts[] = {
		"{'targetSpec':'b'}",
		"{'note':null,'pin':null,'key':null,'trace':null,'timestamp':null,'limit':null,'shift':null,'silent':null,"
		"'priority':null,'paint':null,'words':null,'meta':null,'home':null,'groups':null,'targetSpec':'b'}",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct all_args in, zero = { 0 };

		memset(&in, 0xff, sizeof(in));
		assert_ok(decode(a, texts[i], &in, NULL));
		zero.targetSpec = in.targetSpec;
		assert_memory_equal(&in, &zero, sizeof(in));
	}
}

TEST(unknown_keys_are_counted_at_every_level)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct all_args in;
	unsigned unknown;

	assert_ok(decode(
		a,
		"{'new':{'x':1,'y':2},'targetSpec':'b','target':1,'targetSpecs':2,'':3,'meta':{'free':1},"
		"'groups':[{'name':'g','z':1}],'home':{'street':'s','z':1}}",
		&in, &unknown));
	assert_int_equal(unknown, 6);
}

TEST(field_order_does_not_matter)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct all_args in;

	assert_ok(decode(a, "{'limit':3,'silent':true,'note':'n','targetSpec':'b'}", &in, NULL));
	assert_true(in.limit == 3 && in.silent);
	assert_str(in.note, S("n"));
}

TEST(errors_name_the_field_and_what_would_be_valid)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "[]", "expected an object, got array" },
		{ "'x'", "expected an object, got string" },
		{ "{}", "field 'targetSpec' is missing" },
		{ "{'targetSpec':null}", "field 'targetSpec' is missing" },
		{ "{'targetSpec':1}", "field 'targetSpec': expected a string, got number" },
		{ "{'targetSpec':''}", "field 'targetSpec': expected 1 to 20 bytes, got 0" },
		{ "{'targetSpec':'123456789012345678901'}",
		  "field 'targetSpec': expected 1 to 20 bytes, got 21" },
		{ "{'targetSpec':{}}", "field 'targetSpec': expected a string, got object" },
		{ "{'pin':'geheim'}", "field 'pin': expected 3 to 5 bytes, got 6" },
		{ "{'key':'00f'}", "field 'key': expected exactly 4 hex digits, got 3" },
		{ "{'key':'00fF'}", "field 'key': character 4 is not a lower-case hex digit" },
		{ "{'key':'0x00'}", "field 'key': character 2 is not a lower-case hex digit" },
		{ "{'key':true}", "field 'key': expected hex digits, got boolean" },
		{ "{'trace':'0123456789'}",
		  "field 'trace': expected at most 9 hex digits, got 10" },
		{ "{'timestamp':'soon'}",
		  "field 'timestamp': expected a whole number, got string" },
		{ "{'timestamp':1.5}", "field 'timestamp': 1.5 is no whole number of 64 bits" },
		{ "{'timestamp':9223372036854775808}",
		  "field 'timestamp': 9223372036854775808 is no whole number of 64 bits" },
		{ "{'limit':0}", "field 'limit': 0 is less than 1" },
		{ "{'limit':51}", "field 'limit': 51 is more than 50" },
		{ "{'shift':1}", "field 'shift': 1 is more than 0" },
		{ "{'shift':-6}", "field 'shift': -6 is less than -5" },
		{ "{'silent':'true'}", "field 'silent': expected true or false, got string" },
		{ "{'silent':1}", "field 'silent': expected true or false, got number" },
		{ "{'priority':'nwo'}",
		  "field 'priority': 'nwo' is not one of now, next, low (did you mean 'now'?)" },
		{ "{'priority':'soon'}", "field 'priority': 'soon' is not one of now, next, low" },
		{ "{'priority':'immediately'}",
		  "field 'priority': 'immediately' is not one of now, next, low" },
		{ "{'priority':''}", "field 'priority': '' is not one of now, next, low" },
		{ "{'priority':'a\\nb\\u001b'}",
		  "field 'priority': 'a?b?' is not one of now, next, low" },
		{ "{'priority':2}", "field 'priority': expected a string, got number" },
		{ "{'paint':'gren'}",
		  "field 'paint': 'gren' is not one of red, green (did you mean 'green'?)" },
		{ "{'words':'x'}", "field 'words': expected an array, got string" },
		{ "{'words':[]}", "field 'words': expected 1 to 3 items, got 0" },
		{ "{'words':['a','b','c','d']}", "field 'words': expected 1 to 3 items, got 4" },
		{ "{'words':['a',null]}", "field 'words[1]': expected a string, got null" },
		{ "{'home':[]}", "field 'home': expected an object, got array" },
		{ "{'home':{}}", "field 'home.street' is missing" },
		{ "{'home':{'street':'12345678901'}}",
		  "field 'home.street': expected 1 to 10 bytes, got 11" },
		{ "{'groups':{}}", "field 'groups': expected an array, got object" },
		{ "{'groups':[{'name':'a'},null]}",
		  "field 'groups[1]': expected an object, got null" },
		{ "{'groups':[{'name':'a'},{'name':'b'},{'name':7}]}",
		  "field 'groups[2].name': expected a string, got number" },
		{ "{'groups':[{'tags':[]}]}", "field 'groups[0].name' is missing" },
		{ "{'groups':[{'name':'g','tags':['a',{}]}]}",
		  "field 'groups[0].tags[1]': expected a string, got object" },
		{ "{'groups':[{'name':'g','at':{'street':'s','number':1000}}]}",
		  "field 'groups[0].at.number': 1000 is more than 999" },
		{ "{'groups':[{},{},{},{}]}", "field 'groups': expected at most 3 items, got 4" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned unknown = 77;
		struct all_args in;
		struct err *e = decode(a, cases[i].text, &in, &unknown);

		assert_err(e, BAD_REQUEST);
		assert_str(e->text, str_from(cases[i].why));
		assert_int_equal(unknown, 77);
	}
	{
		struct all_args in;

		assert_err(json_decode(a, NULL, all_fields, &in, sizeof(in), NULL), BAD_REQUEST);
	}
}

TEST(default_limits)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf buf = buf_make(FIELD_STR_MAX + 4000);
	const struct json *v;
	struct needy_args in;

	for (int over = 0; over < 2; over++) {
		struct err *e;

		buf_clear(&buf);
		buf_add(&buf, S("{\"s\":\""));
		memset(buf_room(&buf, FIELD_STR_MAX + 1), 'x', FIELD_STR_MAX + 1);
		buf.len += (size_t)FIELD_STR_MAX + (size_t)over;
		buf_add(&buf, S("\"}"));
		assert_ok(json_parse(a, buf_str(&buf), &v));
		e = json_decode(a, v, needy_fields, &in, sizeof(in), NULL);
		assert_str(e->text,
			   over ? S("field 's': expected at most 1048576 bytes, got 1048577")
				: S("field 'h' is missing"));
		buf_clear(&buf);
		buf_add(&buf, S("{\"l\":[\"\""));
		for (int i = 1; i < FIELD_LIST_MAX + over; i++)
			buf_add(&buf, S(",\"\""));
		buf_add(&buf, S("]}"));
		assert_ok(json_parse(a, buf_str(&buf), &v));
		e = json_decode(a, v, needy_fields, &in, sizeof(in), NULL);
		assert_str(e->text, over ? S("field 'l': expected at most 1024 items, got 1025")
					 : S("field 's' is missing"));
	}
	buf_done(&buf);
}

static str encoded(struct arena *a, const struct json_field *fields, const void *args)
{
	struct buf buf = buf_make(1 << 20);
	struct json_out out = json_out(&buf);
	str text;

	json_obj(&out);
	json_encode(&out, fields, args);
	json_obj_end(&out);
	text = arena_dup(a, buf_str(&buf));
	buf_done(&buf);
	return text;
}

TEST(encode_is_the_inverse)
{
	static const char *const texts[] = {
		"{'targetSpec':'b'}",
		"{'targetSpec':'b','note':'','pin':'123','key':'00ff','trace':'a','timestamp':-9223372036854775808,'limit':1,"
		"'shift':-1,'silent':true,'priority':'now','paint':'green','words':['','\\n'],'meta':[1.50,{'a':null}],"
		"'home':{'street':'s'},'groups':[{'name':'g','tags':[],'at':{'street':'s','number':1}},{'name':'h'}]}",
		"{'targetSpec':'b','meta':0,'groups':[]}",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct all_args in;

		assert_ok(decode(a, texts[i], &in, NULL));
		assert_str(encoded(a, all_fields, &in), quoted(a, texts[i]));
	}
}

TEST(encode_what_the_caller_left_zero)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct needy_args needy = { 0 };
	str words[] = { S("x"), STR_NONE };
	struct all_args all = { .targetSpec = S("b"),
				.paint = COLOUR_RED,
				.words = { words, 2, false } };

	assert_str(
		encoded(a, needy_fields, &needy),
		quoted(a,
		       "{'s':null,'h':null,'i':0,'b':false,'l':[],'a':null,'e':null,'c':'red','o':null,'g':[]}"));
	assert_str(encoded(a, all_fields, &all), quoted(a, "{'targetSpec':'b','words':['x','']}"));
}

TEST(schema)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf buf = buf_make(10000);
	struct json_out out = json_out(&buf);
	const struct json *v;

	json_schema(&out, all_fields);
	assert_str(
		buf_str(&buf),
		quoted(a,
		       "{'type':'object','properties':{"
		       "'targetSpec':{'type':'string','minLength':1,'maxLength':20,'description':'who gets it'},"
		       "'note':{'type':'string','description':'any text'},"
		       "'pin':{'type':'string','minLength':1,'maxLength':5,'writeOnly':true,'description':'never shown'},"
		       "'key':{'type':'string','pattern':'^[0-9a-f]*$','minLength':4,'maxLength':4,'description':'a key'},"
		       "'trace':{'type':'string','pattern':'^[0-9a-f]*$','maxLength':9,'description':'any hex'},"
		       "'timestamp':{'type':'integer','description':'when'},"
		       "'limit':{'type':'integer','minimum':1,'maximum':50,'description':'how many'},"
		       "'shift':{'type':'integer','minimum':-5,'maximum':0,'description':'how far back'},"
		       "'silent':{'type':'boolean','description':'no answer'},"
		       "'priority':{'type':'string','enum':['now','next','low'],'description':'now, next or low'},"
		       "'paint':{'type':'string','enum':['red','green'],'description':'red or green'},"
		       "'words':{'type':'array','minItems':1,'maxItems':3,'items':{'type':'string'},'description':'a few words'},"
		       "'meta':{'description':'whatever'},"
		       "'home':{'type':'object','properties':{"
		       "'street':{'type':'string','minLength':1,'maxLength':10,'description':'where'},"
		       "'number':{'type':'integer','minimum':1,'maximum':999,'description':'house'}},"
		       "'required':['street'],'description':'where'},"
		       "'groups':{'type':'array','maxItems':3,'items':{'type':'object','properties':{"
		       "'name':{'type':'string','minLength':1,'maxLength':8,'description':'its name'},"
		       "'tags':{'type':'array','maxItems':2,'items':{'type':'string'},'description':'words about it'},"
		       "'at':{'type':'object','properties':{"
		       "'street':{'type':'string','minLength':1,'maxLength':10,'description':'where'},"
		       "'number':{'type':'integer','minimum':1,'maximum':999,'description':'house'}},"
		       "'required':['street'],'description':'where it meets'}},"
		       "'required':['name']},'description':'memberships'}},"
		       "'required':['targetSpec']}"));
	assert_ok(json_parse(a, buf_str(&buf), &v));
	assert_int_equal(out.depth, 0);
	buf_done(&buf);
}

/* What the encoder writes for a text that is not there, the decoder takes. */
TEST(null_will_do_where_the_list_says_so)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf b = buf_make(256);
	struct json_out o = json_out(&b);
	struct nullable_args in = { .summary = STR_NONE };
	const struct json *v;

	json_obj(&o);
	json_encode(&o, nullable_fields, &in);
	json_obj_end(&o);
	assert_str(buf_str(&b), S("{\"summary\":null}"));
	assert_ok(json_parse(a, buf_str(&b), &v));
	assert_ok(json_decode(a, v, nullable_fields, &in, sizeof(in), NULL));
	assert_null(in.summary.ptr);
	assert_ok(json_parse(a, S("{}"), &v));
	assert_err(json_decode(a, v, nullable_fields, &in, sizeof(in), NULL), BAD_REQUEST);
	buf_clear(&b);
	o = json_out(&b);
	json_schema(&o, nullable_fields);
	assert_true(str_contains(buf_str(&b), S("\"type\":[\"string\",\"null\"]")));
}

TEST_MAIN("json/fields")
