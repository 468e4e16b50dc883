/* The daemon that runs, its key store, and whether VMs are found by name. */
#include "cli/doctor.h"

#include "cli/ask.h"
#include "cli/bounded.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_TIMEOUT_MS 8000
#define NAMES_MAX        65536
#define KEYS_PAGES       4096
#define ANSWER_MS        8000 /* each of the daemon */

struct doctor_gate {
	struct rows status, vms, keys;
	bool is_up, has_keys;
};

static const char *
status_of(const struct doctor *doctor, const char *key)
{
	const struct doctor_gate *own = doctor->group;

	return own->status.count > 0 ? rows_value(&own->status.rows[0], key) : "";
}

static void
check_down(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_gate *own = doctor->group;
	struct finding *finding;

	if (own->is_up)
		return;
	finding = doctor_find(doctor, check, "sallyportd does not answer");
	finding_at(finding, doctor->cli->socket_path, 0);
	if (access("/run/systemd/system", F_OK) == 0)
		finding_command(finding, "systemctl restart sallyportd");
	else
		finding_mend(finding, "start sallyportd; its log says why it ended");
}

static void
check_part(struct doctor *doctor, const struct doctor_check *check)
{
	static const char *const parts[] = {"verify", "recorder", "relay", "names", "virt"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *value = status_of(doctor, parts[i]);
		if (strncmp(value, "DOWN", 4) == 0)
			finding_mend(doctor_find(doctor, check, "%s: %s", parts[i], value),
			    "the daemon's log says why: journalctl -u sallyportd");
	}
}

static void
check_otp(struct doctor *doctor, const struct doctor_check *check)
{
	const char *value = status_of(doctor, "otp");

	if (*value != '\0' && strcmp(value, "can be verified") != 0)
		finding_mend(doctor_find(doctor, check, "otp: %s", value),
		    "see sallyport status, and SECURITY of its manual");
}

static void
check_endpoints(struct doctor *doctor, const struct doctor_check *check)
{
	const char *value = status_of(doctor, "endpoints"), *of = strstr(value, " of ");
	size_t len = strcspn(value, " ");

	if (of == NULL || (strncmp(of + 4, value, len) == 0 && of[4 + len] == ' '))
		return;
	finding_mend(doctor_find(doctor, check, "endpoints: %s", value),
	    "the daemon's log says which, and why: journalctl -u sallyportd");
}

static void
check_changed(struct doctor *doctor, const struct doctor_check *check)
{
	const char *value = status_of(doctor, "changed");

	if (*value != '\0')
		finding_command(doctor_find(doctor, check, "%s", value), "sallyport reload");
}

/* --- YubiKeys ------------------------------------------------------------------------- */

static const struct rows_row *
key_of(const struct doctor_gate *own, const char *id)
{
	for (size_t i = 0; i < own->keys.count; i++)
		if (strcmp(rows_value(&own->keys.rows[i], "key"), id) == 0)
			return &own->keys.rows[i];
	return NULL;
}

typedef void
key_visit(struct doctor *doctor, const struct doctor_check *check, const char *user,
    const char *id, const struct rows_row *key);

static void
each_key(struct doctor *doctor, const struct doctor_check *check, key_visit *call)
{
	const struct doctor_gate *own = doctor->group;

	if (doctor->policy == NULL || !own->has_keys)
		return;
	for (size_t i = 0; i < policy_key_user_count(doctor->policy); i++) {
		const char *user = policy_key_user(doctor->policy, i);
		size_t n;
		const char *const *ids = policy_keys(doctor->policy, user, &n);
		for (size_t k = 0; k < n; k++)
			call(doctor, check, user, ids[k], key_of(own, ids[k]));
	}
}

static void
visit_unknown(struct doctor *doctor, const struct doctor_check *check, const char *user,
    const char *id, const struct rows_row *key)
{
	struct finding *finding;

	if (key != NULL)
		return;
	finding = doctor_find(doctor, check, "the YubiKey %s is not in the store", id);
	finding_user(finding, user);
	finding_mend(finding, "sallyport key add %s", id);
}

static void
check_key_unknown(struct doctor *doctor, const struct doctor_check *check)
{
	each_key(doctor, check, visit_unknown);
}

static void
visit_broken(struct doctor *doctor, const struct doctor_check *check, const char *user,
    const char *id, const struct rows_row *key)
{
	struct finding *finding;

	if (key == NULL || strcmp(rows_value(key, "state"), "broken") != 0)
		return;
	finding = doctor_find(doctor, check, "the row of YubiKey %s is broken", id);
	finding_user(finding, user);
	finding_mend(finding, "somebody, or the disk, changed the store: import the key anew");
}

static void
check_key_broken(struct doctor *doctor, const struct doctor_check *check)
{
	each_key(doctor, check, visit_broken);
}

static void
visit_disabled(struct doctor *doctor, const struct doctor_check *check, const char *user,
    const char *id, const struct rows_row *key)
{
	struct finding *finding;

	if (key == NULL || strcmp(rows_value(key, "state"), "disabled") != 0)
		return;
	finding = doctor_find(doctor, check, "the YubiKey %s is disabled", id);
	finding_user(finding, user);
	finding_mend(finding, "take it out of yubikey_mappings when it stays so");
}

static void
check_key_disabled(struct doctor *doctor, const struct doctor_check *check)
{
	each_key(doctor, check, visit_disabled);
}

/* --- names ------------------------------------------------------------------------------ */

/* In a child: for each VM of rows a line, its number and the address or "-". */
static int
resolve(void *arg, int fd)
{
	const struct rows *vms = arg;

	for (size_t i = 0; i < vms->count; i++) {
		const struct addrinfo hints = {
		    .ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
		char text[INET_ADDRSTRLEN] = "-";
		struct addrinfo *found = NULL;

		if (getaddrinfo(rows_value(&vms->rows[i], "vm"), NULL, &hints, &found) == 0 &&
		    found != NULL)
			inet_ntop(AF_INET,
			    &((const struct sockaddr_in *)(const void *)found->ai_addr)
				 ->sin_addr,
			    text, sizeof(text));
		if (found != NULL)
			freeaddrinfo(found);
		if (dprintf(fd, "%zu %s\n", i, text) < 0)
			return 1;
	}
	return 0;
}

static void
check_name(struct doctor *doctor, const struct doctor_check *check, bool is_found)
{
	const struct doctor_gate *own = doctor->group;
	struct bounded out;
	char *rest, *line;
	size_t i = 0;
	int err = bounded_call(
	    resolve, (void *)(uintptr_t)&own->vms, NAMES_TIMEOUT_MS, NAMES_MAX, &out);

	if (err < 0) {
		if (!is_found)
			finding_mend(
			    doctor_find(doctor, check, "the VMs' names cannot be looked up: %s",
				strerror(-err)),
			    "put the block of `sallyport print hosts` into /etc/hosts");
		return;
	}
	rest = out.bytes;
	while (i < own->vms.count && (line = strsep(&rest, "\n")) != NULL) {
		const struct rows_row *vm = &own->vms.rows[i++];
		const char *name = rows_value(vm, "vm"), *wanted = rows_value(vm, "address");
		const char *got = strchr(line, ' ');
		struct finding *finding;
		if (got == NULL || *wanted == '\0' || strcmp(got + 1, wanted) == 0 ||
		    (strcmp(got + 1, "-") != 0) != is_found)
			continue;
		finding = is_found
			      ? doctor_find(doctor, check, "%s is %s, and not %s", name,
				    got + 1, wanted)
			      : doctor_find(doctor, check, "%s is not found by name", name);
		finding_at(finding, "/etc/hosts", 0);
		finding_command(finding,
		    "sed -i '/^# BEGIN sallyport$/,/^# END sallyport$/d' /etc/hosts && "
		    "sallyport print hosts >>/etc/hosts");
	}
	bounded_free(&out);
}

static void
check_name_missing(struct doctor *doctor, const struct doctor_check *check)
{
	check_name(doctor, check, false);
}

static void
check_name_other(struct doctor *doctor, const struct doctor_check *check)
{
	check_name(doctor, check, true);
}

static const struct doctor_check checks[] = {
    DOCTOR_CHECK(
	"daemon-down", FINDING_LOCKOUT, check_down, "No gated user can log in or reach a VM."),
    DOCTOR_CHECK("daemon-part", FINDING_LOCKOUT, check_part,
	"A helper is down: OTPs, records, forwards or look-ups are refused."),
    DOCTOR_CHECK("daemon-otp", FINDING_LOCKOUT, check_otp, "Every OTP is refused."),
    DOCTOR_CHECK("daemon-endpoints", FINDING_WARNING, check_endpoints,
	"A VM, or one of its rights, cannot be reached."),
    DOCTOR_CHECK("daemon-changed", FINDING_WARNING, check_changed,
	"What the files say now is not what is in force; they are looked at here as they are."),
    DOCTOR_CHECK("key-unknown", FINDING_WARNING, check_key_unknown,
	"Its OTPs are refused: nobody here can check them."),
    DOCTOR_CHECK("key-broken", FINDING_LOCKOUT, check_key_broken, "Its OTPs are refused."),
    DOCTOR_CHECK(
	"key-disabled", FINDING_NOTE, check_key_disabled, "Its OTPs are refused, as was said."),
    DOCTOR_CHECK("name-missing", FINDING_WARNING, check_name_missing,
	"ssh -L PORT:VM:5900 and ssh -J gateway VM do not find it."),
    DOCTOR_CHECK("name-other", FINDING_HOLE, check_name_other,
	"Whoever forwards to that name is connected elsewhere."),
    DOCTOR_CHECKS_END};

/* 0: *rows is the answer. */
static int
ask(const struct doctor *doctor, enum proto_type type, const char *word, struct rows *rows)
{
	struct ask *question = malloc(sizeof(*question));
	int status = CLI_SOFTWARE;

	if (question == NULL)
		return status;
	ask_begin(question, type);
	question->is_quiet = true;
	question->timeout_ms = ANSWER_MS;
	if (word != NULL)
		wire_put_str(&question->out, word);
	status = ask_daemon(doctor->cli, question);
	if (status == 0 && question->status > CLI_FINDING)
		status = question->status;
	if (status == 0) {
		*rows = question->rows;
		question->rows = (struct rows){0};
	}
	ask_free(question);
	free(question);
	return status;
}

/* Keys come in pages, each behind the last key of the one before. */
static bool
ask_keys(const struct doctor *doctor, struct rows *all)
{
	char after[PROTO_PUBLIC_ID_MAX + 1] = "";

	for (int page = 0; page < KEYS_PAGES; page++) {
		struct rows rows = {0};
		bool is_good = ask(doctor, PROTO_ADMIN_KEYS_LIST, after, &rows) == 0;

		if (!is_good || rows.count == 0) {
			rows_free(&rows);
			return is_good;
		}
		snprintf(
		    after, sizeof(after), "%s", rows_value(&rows.rows[rows.count - 1], "key"));
		for (size_t i = 0; i < rows.count && is_good; i++) {
			struct rows_row *row = rows_add(all);
			is_good =
			    row != NULL &&
			    rows_put(row, "key", rows_value(&rows.rows[i], "key")) == 0 &&
			    rows_put(row, "state", rows_value(&rows.rows[i], "state")) == 0;
		}
		rows_free(&rows);
		if (!is_good)
			return false;
	}
	return true;
}

static bool
begin(struct doctor *doctor)
{
	struct doctor_gate *own = calloc(1, sizeof(*own));

	doctor->group = own;
	if (own == NULL) {
		doctor->findings.failed = true;
		return false;
	}
	own->is_up = ask(doctor, PROTO_ADMIN_STATUS, NULL, &own->status) == 0;
	if (own->is_up && ask(doctor, PROTO_ADMIN_LIST, "vms", &own->vms) != 0)
		doctor_blind(doctor, "the daemon's list of VMs");
	if (own->is_up) {
		own->has_keys = ask_keys(doctor, &own->keys);
		if (!own->has_keys)
			doctor_blind(doctor, "the key store");
	}
	return true;
}

static void
end(struct doctor *doctor)
{
	struct doctor_gate *own = doctor->group;

	if (own != NULL) {
		rows_free(&own->status);
		rows_free(&own->vms);
		rows_free(&own->keys);
	}
	free(own);
	doctor->group = NULL;
}

const struct doctor_group doctor_gate = {
    .name = "gate", .checks = checks, .begin = begin, .end = end};
