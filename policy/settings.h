/* sallyport.conf, section [sallyport]: one table {key, type, default, meaning}
 * feeds the parser, `check`, `show`, the example file and the manual's test. */
#ifndef SALLYPORT_POLICY_SETTINGS_H
#define SALLYPORT_POLICY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum settings_otp {
	SETTINGS_OTP_PAM = 0,
	SETTINGS_OTP_SHELL = 1,
};

struct settings {
	char *gated;       /* group name without '@'; required */
	bool gate_root;    /* no */
	enum settings_otp otp; /* pam */
	char **sshd;       /* executables that may be M or U; absolute paths */
	size_t sshd_count;
	char **backend_users; /* who may listen at a VM's local back end: user names or uids;
	                         default none, so that none may */
	size_t backend_user_count;
	char *store_key;   /* /etc/sallyport/store.key, for verify */
	uint32_t prompt_timeout_s;  /* 90: how long a prompt stays open */
	uint32_t verify_timeout_ms; /* 5000 */
	uint32_t names_timeout_ms;  /* 2000 */
	uint32_t record_timeout_ms; /* 5000 */
	uint32_t connect_timeout_ms;/* 3000: to a VM */
	uint32_t nss_recheck_s;     /* 60 */
	uint32_t max_channels;      /* 256 per user */
	uint32_t max_prompts;       /* 16 open prompts per user */
	uint32_t channel_idle_s;    /* 0: never */
};

#define SETTINGS_WORDS_MAX 16 /* of sshd, of backend_uid */

/* One line of the table, for show, the example and the tests. */
struct settings_key {
	const char *name;
	const char *fallback; /* the default as one would write it; NULL: required */
	const char *meaning;  /* one sentence */
};

struct report;
/* Reads text[len] under the name file; what a key is not given is at its
 * default. What is wrong is said in report. 0, and the caller frees what is in
 * *settings by settings_free, errors or not; -ENOMEM, and nothing is in it. */
int settings_parse(const char *file, const char *text, size_t len, struct report *report,
    struct settings *settings);
void settings_free(struct settings *settings);

size_t settings_key_count(void);
const struct settings_key *settings_key(size_t i);
/* The effective value as one would write it, into text[cap]; "" when empty. */
void settings_value(const struct settings *settings, size_t i, char *text, size_t cap);

#endif
