/* The table of layouts. */
#include "lib/layout.h"

#include <errno.h>
#include <string.h>

#define KEYS 16

static const char modhex[KEYS + 1] = "cbdefghijklnrtuv";

/* What the sixteen keys of modhex, in its order, give. Left out are the layouts
 * that give modhex itself: QWERTY, QWERTZ and AZERTY of most countries. */
static const struct layout {
	const char *name;
	const char *keys[KEYS];
} layouts[LAYOUT_COUNT] = {
    {"dvorak",
	{"j", "x", "e", ".", "u", "i", "d", "c", "h", "t", "n", "b", "p", "y", "g", "k"}},
    {"colemak",
	{"c", "b", "s", "f", "t", "d", "h", "u", "n", "e", "i", "k", "p", "g", "l", "v"}},
    {"norman",
	{"c", "b", "e", "d", "t", "g", "y", "r", "n", "i", "o", "p", "f", "k", "u", "v"}},
    {"bepo", {"x", "k", "i", "p", "e", ",", "c", "d", "t", "s", "r", "'", "o", "è", "v", "."}},
    {"turkish",
	{"c", "b", "d", "e", "f", "g", "h", "ı", "j", "k", "l", "n", "r", "t", "u", "v"}},
    {"russian",
	{"с", "и", "в", "у", "а", "п", "р", "ш", "о", "л", "д", "т", "к", "е", "г", "м"}},
    {"greek", {"ψ", "β", "δ", "ε", "φ", "γ", "η", "ι", "ξ", "κ", "λ", "ν", "ρ", "τ", "θ", "ω"}},
};

const char *
layout_name(size_t layout)
{
	return layout < LAYOUT_COUNT ? layouts[layout].name : NULL;
}

int
layout_find(const char *name)
{
	for (size_t i = 0; i < LAYOUT_COUNT; i++)
		if (strcmp(layouts[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

/* Which of the keys text[len] begins with; KEYS: none. No key's character is the
 * beginning of another's, as UTF-8 has it. */
static size_t
find_key(const struct layout *layout, const char *text, size_t len)
{
	for (size_t i = 0; i < KEYS; i++) {
		size_t n = strlen(layout->keys[i]);
		if (n <= len && memcmp(text, layout->keys[i], n) == 0)
			return i;
	}
	return KEYS;
}

int
layout_to_modhex(size_t layout, const char *text, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	if (layout >= LAYOUT_COUNT)
		return -EINVAL;
	while (len > 0) {
		size_t key = find_key(&layouts[layout], text, len);
		size_t used;
		if (key == KEYS || n + 1 >= cap)
			return -EINVAL;
		used = strlen(layouts[layout].keys[key]);
		out[n++] = modhex[key];
		text += used;
		len -= used;
	}
	if (n >= cap)
		return -EINVAL;
	out[n] = '\0';
	return (int)n;
}
