/* One row for each. */
#include "cli/key_files.h"

#include "lib/api_key.h"
#include "lib/authorities.h"
#include "lib/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STORE     "/var/lib/sallyport/verify/keys.db"
#define STORE_KEY 32 /* bytes (verify/crypt.h) */

struct key_file {
	const char *key, *path;
	enum io_trust trust;
	size_t max;
	/* What is wrong with the text; NULL: nothing. */
	const char *(*judge)(const char *text, size_t len);
};

static const char *
judge_api_key(const char *text, size_t len)
{
	struct secret key;
	const char *why = NULL;
	int err = api_key_read(text, len, &key, &why);

	secret_free(&key);
	return err < 0 && why == NULL ? "cannot be read: no memory" : why;
}

static const char *
judge_authorities(const char *text, size_t len)
{
	return authorities_read(text, len, NULL, NULL) < 0
		   ? "is not a file of certificates (PEM), or one of them is damaged"
		   : NULL;
}

static const char *
judge_store_key(const char *text, size_t len)
{
	(void)text;
	return len != STORE_KEY ? "is not a key file of 32 bytes" : NULL;
}

static void
check_file(const char *conf, const struct key_file *file, struct report *report)
{
	const char *why = NULL, *form = NULL;
	char *text = NULL;
	size_t len = 0;
	int err, fd = io_open_trusted(file->path, file->trust, &why);

	err = fd < 0 ? fd : io_read_all(fd, file->max, &text, &len);
	io_close(&fd);
	if (err == -EACCES && geteuid() != 0) {
		report_warning(report, conf, 0, file->key,
		    "%s can be looked at by root alone: not checked", file->path);
	} else if (err < 0) {
		report_error(report, conf, 0, file->key, "%s: %s", file->path,
		    why != NULL ? why : strerror(-err));
	} else {
		form = file->judge(text, len);
		if (form != NULL)
			report_error(report, conf, 0, file->key, "%s %s", file->path, form);
	}
	if (text != NULL)
		secret_wipe(text, len);
	free(text);
}

/* Before the first start there is none, and verify makes it; but never for a store. */
static void
check_store_key(const char *conf, const char *path, struct report *report)
{
	const struct key_file file = {
	    "store_key", path, IO_TRUST_SECRET, 4096, judge_store_key};

	if (access(path, F_OK) == 0 || errno != ENOENT)
		check_file(conf, &file, report);
	else if (access(STORE, F_OK) == 0)
		report_error(report, conf, 0, "store_key",
		    "%s is missing, and there is a store: put it back from a backup", path);
}

void
key_files_check(const char *conf, const struct settings *settings, struct report *report)
{
	const struct key_file files[] = {
	    {"api_key", settings->api.key, IO_TRUST_SECRET, 4096, judge_api_key},
	    {"api_ca", settings->api.ca, IO_TRUST_PUBLIC, 4 * 1024 * 1024, judge_authorities}};

	for (size_t i = 0; settings->api.url_count > 0 && i < 2; i++)
		check_file(conf, &files[i], report);
	check_store_key(conf, settings->store_key, report);
}
