/* Which questions to ask, and asking them. */
#include "cli/sshd_sample.h"

#include "cli/bounded.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_MS 5000
#define OUTPUT_MAX (8u << 20)
#define SPECS_MAX  16

struct spec {
	char text[512];
	char label[200];
};

/* What a connection has that no Match line asks for. */
enum part { PART_HOST, PART_ADDR, PART_LADDR, PART_LPORT, PARTS };
static const struct {
	const char *criterion, *key, *plain;
} parts[PARTS] = {
    {"host", "host", "client.invalid"},
    {"address", "addr", "192.0.2.1"},
    {"localaddress", "laddr", "192.0.2.2"},
    {"localport", "lport", "22"},
};

/* An example of a pattern-list's first pattern: no "!", no "/24", no wildcard. */
static void
example(char *text, size_t cap, const char *pattern, size_t len, enum part part)
{
	size_t used = 0;

	if (len > 0 && *pattern == '"') {
		pattern++;
		len--;
	}
	if (len > 0 && *pattern == '!') {
		pattern++;
		len--;
	}
	for (size_t i = 0; i < len && used + 1 < cap; i++) {
		char c = pattern[i];
		if (c == ',' || c == '"' || (c == '/' && part != PART_HOST))
			break;
		text[used++] = c == '*' || c == '?' ? '1' : c;
	}
	text[used] = '\0';
}

void
sshd_sample_spec(const char *criteria, char *spec, size_t cap, char *label, size_t label_cap)
{
	char values[PARTS][64];
	size_t used = 0;

	label[0] = '\0';
	for (unsigned int p = 0; p < PARTS; p++)
		snprintf(values[p], sizeof(values[p]), "%s", parts[p].plain);
	while (*criteria != '\0') {
		size_t len, word;
		criteria += strspn(criteria, " \t=");
		word = strcspn(criteria, " \t=");
		const char *value = criteria + word + strspn(criteria + word, " \t=");
		len = strcspn(value, " \t");
		for (unsigned int p = 0; p < PARTS; p++)
			if (strlen(parts[p].criterion) == word &&
			    strncasecmp(criteria, parts[p].criterion, word) == 0 && len > 0) {
				example(values[p], sizeof(values[p]), value, len, p);
				used +=
				    (size_t)snprintf(label + used, label_cap - used, "%s%s %s",
					used > 0 ? ", " : "", parts[p].criterion, values[p]);
				if (used >= label_cap)
					used = label_cap - 1;
			}
		/* "all" stands alone; everything else has a value. */
		criteria = word == 3 && strncasecmp(criteria, "all", 3) == 0 ? criteria + word
									     : value + len;
	}
	snprintf(spec, cap, "host=%s,addr=%s,laddr=%s,lport=%s", values[PART_HOST],
	    values[PART_ADDR], values[PART_LADDR], values[PART_LPORT]);
}

static bool
is_known(const struct spec *specs, size_t n, const struct spec *spec)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(specs[i].text, spec->text) == 0)
			return true;
	return false;
}

/* The plain one, and one for each Match line that asks whence. *unasked: how many
 * more there were than there is room for. */
static size_t
find_specs(const struct sshd_files *files, struct spec *specs, size_t *unasked)
{
	size_t n = 1;
	struct spec spec;

	*unasked = 0;
	sshd_sample_spec(
	    "", specs[0].text, sizeof(specs[0].text), specs[0].label, sizeof(specs[0].label));
	for (size_t i = 0; i < files->setting_count; i++) {
		const struct sshd_setting *s = &files->settings[i];
		if (strcasecmp(s->keyword, "match") != 0)
			continue;
		sshd_sample_spec(
		    s->value, spec.text, sizeof(spec.text), spec.label, sizeof(spec.label));
		if (spec.label[0] == '\0' || is_known(specs, n, &spec))
			continue;
		if (n < SPECS_MAX)
			specs[n++] = spec;
		else
			(*unasked)++;
	}
	return n;
}

static char *
first_line(const char *text)
{
	return strndup(text, strcspn(text, "\r\n"));
}

static int
ask(const char *sshd, const struct account *account, const struct spec *spec,
    struct sshd_samples *samples)
{
	struct sshd_sample *sample = &samples->list[samples->count];
	char who[1024];
	const char *const argv[] = {sshd, "-T", "-C", who, NULL};
	struct bounded out;
	char *text;
	int err;

	snprintf(who, sizeof(who), "user=%s,%s", account->name, spec->text);
	err = bounded_run(argv, TIMEOUT_MS, OUTPUT_MAX, &out);
	if (err < 0)
		return err;
	text = out.bytes;
	if (out.status != 0) {
		samples->error = first_line(text);
		bounded_free(&out);
		return samples->error != NULL ? 0 : -ENOMEM;
	}
	*sample = (struct sshd_sample){.account = account};
	snprintf(sample->label, sizeof(sample->label), "%s%s%s", account->name,
	    spec->label[0] != '\0' ? " from " : "", spec->label);
	err = sshd_effective_take(&sample->effective, text);
	samples->count += err == 0;
	return err;
}

int
sshd_samples_ask(const char *sshd, const struct sshd_files *files,
    const struct accounts *accounts, struct sshd_samples *samples)
{
	struct spec specs[SPECS_MAX];
	size_t n, wanted = 0;
	int err = 0;

	*samples = (struct sshd_samples){0};
	n = find_specs(files, specs, &samples->unasked);
	for (size_t i = 0; i < accounts->count; i++)
		wanted += accounts->list[i].is_sample;
	samples->list = calloc(n * wanted + 1, sizeof(*samples->list));
	if (samples->list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < accounts->count && err == 0; i++) {
		const struct account *a = &accounts->list[i];
		/* A comma would begin another criterion. */
		if (!a->is_sample || strchr(a->name, ',') != NULL)
			continue;
		for (size_t s = 0; s < (a->is_gated ? n : 1) && err == 0; s++) {
			err = ask(sshd, a, &specs[s], samples);
			if (samples->error != NULL)
				return err;
		}
	}
	return err;
}

void
sshd_samples_free(struct sshd_samples *samples)
{
	for (size_t i = 0; samples->list != NULL && i < samples->count; i++)
		sshd_effective_free(&samples->list[i].effective);
	free(samples->list);
	free(samples->error);
	*samples = (struct sshd_samples){0};
}
