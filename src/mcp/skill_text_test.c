#include "base/test.h"
#include "mcp/skill_text.h"

static struct skill_manifest_args manifest_of(struct arena *a, const char *text)
{
	struct skill_manifest_args m = { 0 };
	const struct json *v = NULL;

	assert_ok(json_parse(a, str_from(text), &v));
	assert_ok(json_decode(a, v, skill_manifest_fields, &m, sizeof(m), NULL));
	return m;
}

static str written(struct arena *a, void (*write)(struct buf *, const struct skill_args *,
						  const struct skill_manifest_args *), const char *manifest)
{
	str tags[] = { S("a"), S("b: c") };
	struct skill_args s = { .name = S("x"), .description = S("says \"hi\"\nand more"),
				.instructions = S("Do it."), .tags = { tags, 2, true } };
	struct skill_manifest_args m = manifest_of(a, manifest);
	struct buf b = buf_make(1 << 20);
	str out;

	write(&b, &s, &m);
	out = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return out;
}

TEST(a_prompt_without_a_manifest_is_the_instructions)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(written(a, skill_prompt, "{}"), S("Do it."));
	assert_str(written(a, skill_prompt, "{\"user_invocable\":true}"), S("Do it."));
}

TEST(one_field_is_enough_for_front_matter)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(written(a, skill_prompt, "{\"model\":\"m\"}"), S("---\nmodel: \"m\"\n---\n\nDo it."));
}

TEST(a_manifest_is_front_matter_and_fork_an_instruction)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(written(a, skill_prompt,
			   "{\"description\":\"d\",\"when_to_use\":\"w\",\"allowed_tools\":[\"Bash\",\"Read\"],\"model\":\"m\","
			   "\"context\":\"fork\",\"agent\":\"e\",\"user_invocable\":false,\"argument_hint\":\"[f]\",\"new\":1}"),
		   S("---\ndescription: \"d\"\nwhen_to_use: \"w\"\nallowed-tools:\n  - \"Bash\"\n  - \"Read\"\nmodel: \"m\"\n"
		     "context: \"fork\"\nagent: \"e\"\nuser-invocable: false\nargument-hint: \"[f]\"\n---\n\n"
		     "Run this skill in a sub-agent of its own, of type e, with the model m, with these tools only: "
		     "Bash, Read. Give it the text below and report what it returns.\n\nDo it."));
}

TEST(a_file_names_the_skill_and_cannot_be_broken_out_of)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(written(a, skill_file, "{\"context\":\"inline\"}"),
		   S("---\nname: \"x\"\ndescription: \"says \\\"hi\\\"\\nand more\"\ntags:\n  - \"a\"\n  - \"b: c\"\n"
		     "context: \"inline\"\n---\n\nDo it."));
}

TEST_MAIN("mcp/skill_text")
