/* sallyport.conf. The table of the keys of [sallyport]: settings_key.h. */
#ifndef SALLYPORT_POLICY_SETTINGS_H
#define SALLYPORT_POLICY_SETTINGS_H

#include "policy/settings_api.h"

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
	bool gate_root, kernel_audit, files_only_read; /* no; yes; files_fallback: refuse */
	enum settings_otp otp; /* pam */
	char **sshd;       /* executables that may be M or U; absolute paths */
	size_t sshd_count;
	char **services; /* PAM services that may have an OTP checked without a connection */
	size_t service_count;
	char **backend_users; /* who may listen at a VM's local back end: user names or uids;
	                         default none, so that none may */
	size_t backend_user_count;
	char *store_key;   /* /etc/sallyport/store.key, for verify */
	char **layouts;    /* dvorak: names of lib/layout.h */
	size_t layout_count;
	struct settings_api api;
	uint32_t prompt_timeout_s;  /* 90: how long a prompt stays open */
	uint32_t verify_timeout_ms; /* 5000 */
	uint32_t names_timeout_ms;  /* 2000 */
	uint32_t record_timeout_ms; /* 5000 */
	uint32_t connect_timeout_ms;/* 3000: to a VM */
	uint32_t nss_recheck_s;     /* 60 */
	uint32_t max_channels, opens_per_s; /* 256, 50 per user */
	uint32_t max_prompts;       /* 16 of one user, SSH key and address */
	uint32_t max_greetings, links_per_s; /* 32, 20 per user: of links to consoles */
	uint32_t seat_idle_s, channel_idle_s; /* 8 h, 0 (never): of consoles, of others */
	uint32_t keep_days, rotate_mib; /* 365 (0: for ever); 256: of the audit log's files */
	uint32_t max_age_s, max_idle_s, max_sessions; /* 0: never; of a connection; 64 per user */
	char *shell, *ssh_name;     /* /bin/bash: of those whose passwd entry has none; "" */
	struct settings_user *users; /* sections [user NAME] */
	size_t user_count;
};
struct settings_user { char *name, *shell; };

#define SETTINGS_WORDS_MAX 16 /* of sshd, services, backend_uid, layouts */

struct report;
/* Reads text[len] under the name file; what a key is not given is at its
 * default. What is wrong is said in report. 0, and the caller frees what is in
 * *settings by settings_free, errors or not; -ENOMEM, and nothing is in it. */
int settings_parse(const char *file, const char *text, size_t len, struct report *report,
    struct settings *settings);
void settings_free(struct settings *settings);

#endif
