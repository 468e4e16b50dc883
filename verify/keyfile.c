/* Which format it is, and whose reader goes on. */
#include "verify/keyfile.h"

#include "verify/keycsv.h"
#include "verify/keydump.h"
#include "verify/pskc.h"

#include <string.h>

/* Of so many lines one must show a format that begins with others. */
#define LINES_LOOKED_AT 50

static void
skip(struct keyfield *f, size_t n)
{
	f->at += n;
	f->len -= n;
}

static enum keyfile_format
detect_first_bytes(struct keyfield text, const char **what)
{
	static const struct {
		const char *begin, *what;
	} foreign[] = {
	    {"-----BEGIN PGP", "an OpenPGP message: decrypt it first (gpg -d FILE | …)"},
	    {"{", "JSON, which carries no AES key"},
	    {"\xff\xfe", "UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)"},
	    {"\xfe\xff", "UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)"},
	    {"PK\x03\x04", "a zip archive: unpack it first"},
	};

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (!keyfield_begins(text, foreign[i].begin))
			continue;
		*what = foreign[i].what;
		return KEYFILE_FOREIGN;
	}
	if (text.len > 0 && (unsigned char)*text.at >= 0x80 && (unsigned char)*text.at < 0xc0) {
		*what = "no text: if it is encrypted, decrypt it first (gpg -d FILE | …)";
		return KEYFILE_FOREIGN;
	}
	return keyfield_begins(text, "<") ? KEYFILE_PSKC : KEYFILE_CSV;
}

static enum keyfile_format
detect_lines(struct keyfield text, const char **what)
{
	enum keyfile_format format = KEYFILE_CSV;
	struct keyfield line, rest = text;

	for (int i = 0; i < LINES_LOOKED_AT && keyfield_line(&rest, &line); i++)
		if (keydump_is_begin(line))
			return KEYFILE_DUMP;
	rest = text;
	for (int i = 0; i < LINES_LOOKED_AT && keyfield_line(&rest, &line); i++)
		if (keycsv_detect(line, &format, what))
			break;
	return format;
}

enum keyfile_format
keyfile_open(struct keyfile *file, const char *text, size_t len, const char **what)
{
	const char *unwanted;
	struct keyfield begin;

	if (what == NULL)
		what = &unwanted;
	*what = NULL;
	*file = (struct keyfile){.text = {text, len}};
	if (keyfield_begins(file->text, "\xef\xbb\xbf")) /* UTF-8's byte order mark */
		skip(&file->text, 3);
	begin = file->text;
	while (begin.len > 0 && strchr(" \t\r\n", *begin.at) != NULL && *begin.at != '\0')
		skip(&begin, 1);
	file->format = detect_first_bytes(begin, what);
	if (file->format == KEYFILE_CSV)
		file->format = detect_lines(begin, what);
	keyfile_rewind(file);
	return file->format;
}

void
keyfile_rewind(struct keyfile *file)
{
	file->rest = file->text;
	file->line = 0;
	file->serial = (struct keyfield){"", 0};
	file->is_over = false;
	xml_open(&file->xml, file->text);
}

enum keyfile_kind
keyfile_next(struct keyfile *file, struct keyfile_entry *entry)
{
	*entry = (struct keyfile_entry){0};
	switch (file->format) {
	case KEYFILE_CSV:
	case KEYFILE_TRADITIONAL:
	case KEYFILE_COUNTERS:
		return keycsv_next(file, entry);
	case KEYFILE_DUMP:
		return keydump_next(file, entry);
	case KEYFILE_PSKC:
		return pskc_next(file, entry);
	case KEYFILE_FOREIGN:
	default:
		return KEYFILE_END;
	}
}
