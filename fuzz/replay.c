/*
 * replay.c - runs a fuzz target over the files of a corpus, without libFuzzer.
 *
 * Makes each target an ordinary test: replay DIR. A file that crashes the target ends the
 * program; its name is the last one printed. An empty or absent corpus is a failure.
 */
#include <dirent.h>
#include <errno.h>

#include "base/buf.h"

enum { CORPUS_FILE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *dir, const char *name)
{
	char path[4096];
	char chunk[4096];
	size_t n;
	struct buf content = buf_make(CORPUS_FILE_MAX);
	u8 *exact;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	printf("# %s\n", name);
	fflush(stdout);
	f = fopen(path, "rb");
	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&content, str_of(chunk, n));
	fclose(f);
	/* Exactly as long as the input, so that ASan sees a read past its end. */
	exact = malloc(content.len + !content.len);
	if (!exact || content.full)
		return false;
	if (content.len)
		memcpy(exact, content.ptr, content.len);
	LLVMFuzzerTestOneInput(exact, content.len);
	free(exact);
	buf_done(&content);
	return true;
}

int main(int argc, char **argv)
{
	struct dirent **names = NULL;
	size_t inputs = 0;
	bool ok = true;
	int n = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			ok = replay_file(argv[1], names[i]->d_name) && ok;
			inputs++;
		}
		free(names[i]);
	}
	free(names);
	ok = ok && inputs > 0;
	printf("%s 1 - %zu inputs\n1..1\n", ok ? "ok" : "not ok", inputs);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
