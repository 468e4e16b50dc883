/* Lists of what scp and rsync may be told. What their clients put in front of a path, and
 * the path, are all there is: the rest of rsync's options would make its server write a
 * log, run a program or read its words from elsewhere. */
#include "shell/transfer_words.h"

#include "shell/asked.h"
#include "shell/quoted.h"

#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
refuse(struct transfer_words *w, const char *error)
{
	w->program = TRANSFER_NONE;
	w->error = error;
	return false;
}

/* --- the words ------------------------------------------------------------------- */

/* The home of who sees nothing but folders is where he is. */
static void
leave_home(char *word, size_t *len)
{
	size_t cut = word[1] == '\0' ? 1 : 2;

	if (word[cut] == '\0') {
		word[0] = '.';
		word[1] = '\0';
		*len = 1;
		return;
	}
	memmove(word, word + cut, *len - cut + 1);
	*len -= cut;
}

static bool
split(struct transfer_words *w, const char *command)
{
	struct quoted quoted = {.at = command};
	size_t used = 0, len;
	int found;

	w->count = 0;
	w->has_pattern = false;
	while (
	    (found = quoted_next(&quoted, w->text + used, sizeof(w->text) - used, &len)) == 1) {
		if (w->count == TRANSFER_WORDS_MAX)
			return refuse(w, "too many words in one command");
		if (quoted.is_home)
			leave_home(w->text + used, &len);
		w->has_pattern = w->has_pattern || quoted.has_pattern;
		w->list[w->count++] = w->text + used;
		used += len + 1;
	}
	w->list[w->count] = NULL;
	return found == 0 ? true : refuse(w, quoted.error);
}

static bool
is_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

/* --- scp ------------------------------------------------------------------------- */

/* -t and -f come from the client; of its own options only these go along. */
static bool
read_scp(struct transfer_words *w)
{
	size_t i = 1;
	bool is_sink = false;

	w->is_source = false;
	for (; i < w->count && w->list[i][0] == '-' && strcmp(w->list[i], "--") != 0; i++) {
		if (!is_of(w->list[i] + 1, "tfprdv"))
			return refuse(w, "scp may be told -t, -f, -p, -r, -d and -v here");
		is_sink = is_sink || strchr(w->list[i], 't') != NULL;
		w->is_source = w->is_source || strchr(w->list[i], 'f') != NULL;
	}
	if (is_sink == w->is_source)
		return refuse(w, "scp is run by the scp of another machine only (-t or -f)");
	i += i < w->count && strcmp(w->list[i], "--") == 0;
	if (i + 1 != w->count || w->list[i][0] == '\0')
		return refuse(w, "scp takes one path here: quote blanks, or copy one after the "
				 "other (or use scp without -O)");
	if (w->list[i - 1][0] != '-' || strcmp(w->list[i - 1], "--") != 0) {
		/* So that no path can be an option. */
		static char end[] = "--";

		if (w->count == TRANSFER_WORDS_MAX)
			return refuse(w, "too many words in one command");
		w->list[i + 1] = w->list[i];
		w->list[i] = end;
		w->list[++w->count] = NULL;
	}
	w->paths = w->count - 1;
	return true;
}

/* --- rsync ----------------------------------------------------------------------- */

/* Letters that take no word, as rsync's client sends them. Without s: the words would
 * come later, unseen. */
#define RSYNC_LETTERS "vbunlrdKmOJLkWHogDtUNpEAXcCIRxSz"

enum value {
	VALUE_NONE = 0,
	VALUE_WORD,   /* letters, digits, and %.,:_+- */
	VALUE_FOLDER, /* inside: a path that is not absolute */
	VALUE_SUFFIX, /* a part of a name */
	VALUE_STDIN,  /* - */
};

static const struct {
	const char *name;
	enum value value; /* after a '=', or as the next word */
} rsync_options[] = {
    {"append", VALUE_NONE},
    {"append-verify", VALUE_NONE},
    {"backup-dir", VALUE_FOLDER},
    {"block-size", VALUE_WORD},
    {"bwlimit", VALUE_WORD},
    {"checksum-choice", VALUE_WORD},
    {"checksum-seed", VALUE_WORD},
    {"compare-dest", VALUE_FOLDER},
    {"compress-choice", VALUE_WORD},
    {"compress-level", VALUE_WORD},
    {"compress-threads", VALUE_WORD},
    {"copy-dest", VALUE_FOLDER},
    {"copy-unsafe-links", VALUE_NONE},
    {"debug", VALUE_WORD},
    {"delay-updates", VALUE_NONE},
    {"delete", VALUE_NONE},
    {"delete-after", VALUE_NONE},
    {"delete-before", VALUE_NONE},
    {"delete-delay", VALUE_NONE},
    {"delete-during", VALUE_NONE},
    {"delete-excluded", VALUE_NONE},
    {"delete-missing-args", VALUE_NONE},
    {"existing", VALUE_NONE},
    {"files-from", VALUE_STDIN},
    {"force", VALUE_NONE},
    {"from0", VALUE_NONE},
    {"fsync", VALUE_NONE},
    {"fuzzy", VALUE_NONE},
    {"ignore-errors", VALUE_NONE},
    {"ignore-existing", VALUE_NONE},
    {"ignore-missing-args", VALUE_NONE},
    {"info", VALUE_WORD},
    {"inplace", VALUE_NONE},
    {"link-dest", VALUE_FOLDER},
    {"list-only", VALUE_NONE},
    {"log-format", VALUE_WORD},
    {"max-alloc", VALUE_WORD},
    {"max-delete", VALUE_WORD},
    {"max-size", VALUE_WORD},
    {"min-size", VALUE_WORD},
    {"mkpath", VALUE_NONE},
    {"modify-window", VALUE_WORD},
    {"msgs2stderr", VALUE_NONE},
    {"munge-links", VALUE_NONE},
    {"new-compress", VALUE_NONE},
    {"no-devices", VALUE_NONE},
    {"no-implied-dirs", VALUE_NONE},
    {"no-inc-recursive", VALUE_NONE},
    {"no-i-r", VALUE_NONE},
    {"no-msgs2stderr", VALUE_NONE},
    {"no-r", VALUE_NONE},
    {"no-recurse", VALUE_NONE},
    {"no-relative", VALUE_NONE},
    {"no-specials", VALUE_NONE},
    {"no-W", VALUE_NONE},
    {"numeric-ids", VALUE_NONE},
    {"old-compress", VALUE_NONE},
    {"old-dirs", VALUE_NONE},
    {"omit-link-times", VALUE_NONE},
    {"open-noatime", VALUE_NONE},
    {"partial", VALUE_NONE},
    {"partial-dir", VALUE_FOLDER},
    {"preallocate", VALUE_NONE},
    {"remove-sent-files", VALUE_NONE},
    {"remove-source-files", VALUE_NONE},
    {"safe-links", VALUE_NONE},
    {"sender", VALUE_NONE},
    {"size-only", VALUE_NONE},
    {"skip-compress", VALUE_WORD},
    {"specials", VALUE_NONE},
    {"stats", VALUE_NONE},
    {"stderr", VALUE_WORD},
    {"stop-after", VALUE_WORD},
    {"suffix", VALUE_SUFFIX},
    {"temp-dir", VALUE_FOLDER},
    {"timeout", VALUE_WORD},
};

static bool
is_value(enum value kind, const char *text)
{
	switch (kind) {
	case VALUE_WORD:
		return is_of(text, LETTERS DIGITS "%.,:_+-");
	case VALUE_FOLDER:
		return text[0] != '\0' && text[0] != '/' && text[0] != '-';
	case VALUE_SUFFIX:
		return strchr(text, '/') == NULL && text[0] != '-';
	case VALUE_STDIN:
		return strcmp(text, "-") == 0;
	case VALUE_NONE:
	default:
		return false;
	}
}

/* "e.LsfxCIvu", "e31.0": what the client can, where others would name a program. */
static bool
is_protocol(const char *text)
{
	size_t digits = strspn(text, DIGITS);

	return text[digits] == '.' &&
	       strspn(text + digits + 1, LETTERS DIGITS) == strlen(text + digits + 1);
}

/* "-vlogDtpre.iLsfxCIvu", "-B700", "-@-1". */
static bool
is_cluster(const char *word)
{
	size_t len;

	if (word[1] == 'B')
		return is_of(word + 2, DIGITS);
	if (word[1] == '@')
		return is_of(word + 2 + (word[2] == '-'), DIGITS);
	len = strspn(word + 1, RSYNC_LETTERS);
	return word[1 + len] == '\0' ? len > 0
				     : word[1 + len] == 'e' && is_protocol(word + len + 2);
}

/* How many words the option takes with it: 1 or 2; 0: it is not in the list. */
static size_t
read_option(const char *word, const char *next)
{
	size_t len = strcspn(word + 2, "=");
	const char *given = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;

	if (word[1] != '-')
		return is_cluster(word);
	for (size_t i = 0; i < sizeof(rsync_options) / sizeof(rsync_options[0]); i++) {
		enum value kind = rsync_options[i].value;

		if (strlen(rsync_options[i].name) != len ||
		    strncmp(rsync_options[i].name, word + 2, len) != 0)
			continue;
		if (kind == VALUE_NONE)
			return given == NULL;
		if (given != NULL)
			return is_value(kind, given);
		if (next == NULL || (kind != VALUE_STDIN && next[0] == '-'))
			return 0;
		return is_value(kind, next) ? 2 : 0;
	}
	return 0;
}

static bool
read_rsync(struct transfer_words *w)
{
	size_t i = 2, step;

	if (w->count < 2 || strcmp(w->list[1], "--server") != 0)
		return refuse(
		    w, "rsync is run by the rsync of another machine only (--server)");
	w->is_source = false;
	for (; i < w->count && w->list[i][0] == '-'; i += step) {
		step = read_option(w->list[i], w->list[i + 1]);
		if (step == 0)
			return refuse(w,
			    "an option of this rsync is not taken here (what is, says "
			    "sallyport-shell(1); -s and --protect-args are not: blanks in "
			    "names need them no longer)");
		w->is_source = w->is_source || strcmp(w->list[i], "--sender") == 0;
	}
	if (i >= w->count || strcmp(w->list[i], ".") != 0 || i + 1 == w->count)
		return refuse(w, "that is not how an rsync runs the one of another machine");
	w->paths = i + 1;
	for (i++; i < w->count; i++)
		if (w->list[i][0] == '-' || w->list[i][0] == '\0')
			return refuse(w, "an rsync's path cannot begin with '-': write ./-");
	return true;
}

/* --- which ----------------------------------------------------------------------- */

static bool
read_sftp(struct transfer_words *w)
{
	w->is_source = false;
	w->paths = w->count;
	return w->count == 1 ? true : refuse(w, "sftp-server takes no words here");
}

bool
transfer_words_read(struct transfer_words *words, const char *command)
{
	static const struct {
		const char *name;
		enum transfer_program program;
		bool (*read)(struct transfer_words *words);
	} programs[] = {{"sftp-server", TRANSFER_SFTP, read_sftp},
	    {"internal-sftp", TRANSFER_SFTP, read_sftp}, {"scp", TRANSFER_SCP, read_scp},
	    {"rsync", TRANSFER_RSYNC, read_rsync}};

	words->program = TRANSFER_NONE;
	words->error = "that is no file transfer";
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!asked_runs(command, programs[i].name))
			continue;
		words->program = programs[i].program;
		return split(words, command) && programs[i].read(words);
	}
	return false;
}
