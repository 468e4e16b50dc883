/* Settings that are lists of words. */
#include "policy/settings_words.h"

#include "lib/layout.h"
#include "lib/num.h"
#include "lib/proto.h"
#include "lib/url.h"
#include "policy/settings.h"
#include "policy/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* sshd is known by its executable and has its connection; by its name alone it would
 * get in by the OTP alone. */
bool
settings_word_is_service(const struct settings_place *place, const char *word)
{
	if (strcmp(word, "sshd") == 0) {
		SETTINGS_BAD(place, "sshd is not among these: it is known by sshd =");
		return false;
	}
	if (strlen(word) <= PROTO_NAME_MAX && word[0] != '.' && strpbrk(word, "/,@:") == NULL)
		return true;
	SETTINGS_BAD(place, "'%s' is not the name of a PAM service", word);
	return false;
}

bool
settings_word_is_url(const struct settings_place *place, const char *word)
{
	const char *why = NULL;
	struct url url;

	if (url_parse(word, "https", 443, &url, &why) == 0)
		return true;
	SETTINGS_BAD(place, "'%s': %s: write https://HOST[:PORT]/PATH", word, why);
	return false;
}

bool
settings_word_is_path(const struct settings_place *place, const char *word)
{
	if (text_is_path(word, PATH_MAX - 1))
		return true;
	SETTINGS_BAD(place, "'%s' is not an absolute path", word);
	return false;
}

bool
settings_word_is_layout(const struct settings_place *place, const char *word)
{
	if (layout_find(word) >= 0)
		return true;
	SETTINGS_BAD(place, "there is no layout '%s'", word);
	return false;
}

bool
settings_word_is_user(const struct settings_place *place, const char *word)
{
	uint64_t uid;

	if (word[strspn(word, "0123456789")] == '\0') {
		/* The highest uid is the "no change" of setuid: nobody has it. */
		if (num_parse(word, 0, UINT32_MAX - 1, &uid) == 0)
			return true;
		SETTINGS_BAD(place, "'%s' is not a uid", word);
		return false;
	}
	if (strlen(word) <= PROTO_NAME_MAX && strpbrk(word, "@:,*/") == NULL && word[0] != '-')
		return true;
	SETTINGS_BAD(place, "'%s' is not a user's name or uid", word);
	return false;
}

static bool
word_is_new(const struct settings_place *place, char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0) {
			SETTINGS_BAD(place, "'%s' is there twice", word);
			return false;
		}
	return true;
}

int
settings_words_read(const struct settings_place *place, settings_word_fn *is_good, size_t most,
    char ***to, size_t *count, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;
	int err = -ENOMEM;

	*to = calloc(SETTINGS_WORDS_MAX, sizeof(**to));
	*count = 0;
	if (copy == NULL || *to == NULL)
		goto out;
	while ((word = text_word(&rest)) != NULL) {
		if (*count == most) {
			SETTINGS_BAD(place, "has more than %zu words", most);
			break;
		}
		if (!is_good(place, word) || !word_is_new(place, *to, *count, word))
			continue;
		(*to)[*count] = strdup(word);
		if ((*to)[*count] == NULL)
			goto out;
		(*count)++;
	}
	err = 0;
out:
	free(copy);
	return err;
}
