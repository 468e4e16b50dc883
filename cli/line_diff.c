/* The longest common subsequence of lines, by the book. */
#include "cli/line_diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lines {
	const char **at; /* each to its newline or the end of the text */
	size_t count;
};

static int
split(const char *text, struct lines *lines)
{
	lines->at = calloc(LINE_DIFF_MAX, sizeof(*lines->at));
	if (lines->at == NULL)
		return -ENOMEM;
	while (*text != '\0') {
		if (lines->count == LINE_DIFF_MAX)
			return -EFBIG;
		lines->at[lines->count++] = text;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

static bool
is_equal(const char *a, const char *b)
{
	size_t len = strcspn(a, "\n");

	return len == strcspn(b, "\n") && memcmp(a, b, len) == 0;
}

static void
put(FILE *out, const char *prefix, char sign, const char *line)
{
	fprintf(out, "%s%c%.*s\n", prefix, sign, (int)strcspn(line, "\n"), line);
}

/* common[i * width + j]: how many lines a[i..] and b[j..] have in common. */
static void
count_common(const struct lines *a, const struct lines *b, uint16_t *common)
{
	size_t width = b->count + 1;

	for (size_t i = a->count; i-- > 0;) {
		for (size_t j = b->count; j-- > 0;) {
			uint16_t down = common[(i + 1) * width + j],
				 right = common[i * width + j + 1];
			uint16_t both = (uint16_t)(common[(i + 1) * width + j + 1] + 1);
			common[i * width + j] = is_equal(a->at[i], b->at[j]) ? both
						: down > right               ? down
									     : right;
		}
	}
}

static void
print(FILE *out, const struct lines *a, const struct lines *b, const uint16_t *common,
    const char *prefix)
{
	size_t i = 0, j = 0, width = b->count + 1;
	bool in_run = false;

	while (i < a->count || j < b->count) {
		if (i < a->count && j < b->count && is_equal(a->at[i], b->at[j])) {
			i++;
			j++;
			in_run = false;
			continue;
		}
		if (!in_run)
			fprintf(out, "%s@@ line %zu\n", prefix, i + 1);
		in_run = true;
		if (i < a->count &&
		    (j == b->count || common[(i + 1) * width + j] >= common[i * width + j + 1]))
			put(out, prefix, '-', a->at[i++]);
		else
			put(out, prefix, '+', b->at[j++]);
	}
}

int
line_diff(FILE *out, const char *before, const char *after, const char *prefix)
{
	struct lines a = {0}, b = {0};
	uint16_t *common = NULL;
	int err = split(before, &a);

	if (err == 0)
		err = split(after, &b);
	if (err < 0)
		goto out;
	common = calloc((a.count + 1) * (b.count + 1), sizeof(*common));
	err = common != NULL ? 0 : -ENOMEM;
	if (err < 0)
		goto out;
	count_common(&a, &b, common);
	print(out, &a, &b, common, prefix);
out:
	free(a.at);
	free(b.at);
	free(common);
	return err;
}
