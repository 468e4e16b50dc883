/* Reads vms.conf and looks things up in it. What only all files together show is
 * in vms_check.c. */
#include "policy/vms.h"

#include "lib/array.h"
#include "policy/hash.h"
#include "policy/ini.h"
#include "policy/target.h"
#include "policy/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TITLE_MAX     255
#define RUN_WORDS_MAX 64

/* What is being read, for messages. */
struct place {
	const char *file;
	struct report *report;
	const struct ini_entry *entry;
};

static void
bad(const struct place *place, const char *why)
{
	report_error(place->report, place->file, place->entry->line, place->entry->key,
	    "'%s' %s", place->entry->value, why);
}

bool
vms_is_service_name(const char *name)
{
	static const char *const words[] = {"spice", "vnc", "serial", "sftp", "shell", "run",
	    "mic", "usb", "smartcard", "clipboard", "share", "takeover"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(name, words[i]) == 0)
			return false;
	return text_is_name(name, VMS_SERVICE_MAX);
}

/* --- [vm NAME] ---------------------------------------------------------------- */

static uint16_t
port_of(const char *right, const struct target *target)
{
	if (strcmp(right, "spice") == 0)
		return 5900;
	if (strcmp(right, "vnc") == 0)
		return 5800;
	if (strcmp(right, "ssh") == 0)
		return 2222;
	return target_port(target);
}

/* Static text when a right of that kind can't be reached in this way. */
static const char *
misfit(const char *right, bool is_service, enum target_kind kind)
{
	if (is_service && (kind == TARGET_LIBVIRT || kind == TARGET_QMP))
		return "is not for a service: use unix: or tcp:";
	if (kind == TARGET_QMP && strcmp(right, "serial") == 0)
		return "is not for serial: use unix:, tcp: or libvirt:";
	return NULL;
}

static int
add_endpoint(struct vm *vm, const struct place *place, const char *right, bool is_service)
{
	struct vm_endpoint endpoint = {.line = place->entry->line}, *grown;
	const char *why;
	int err = target_parse(place->entry->value, &endpoint.target, &why);

	if (err == -ENOMEM)
		goto out;
	if (err == 0)
		why = misfit(right, is_service, endpoint.target.kind);
	if (why != NULL) {
		bad(place, why);
		err = 0;
		goto out;
	}
	err = -ENOMEM;
	grown = array_grow(vm->endpoints, vm->endpoint_count, sizeof(endpoint));
	if (grown == NULL)
		goto out;
	vm->endpoints = grown;
	endpoint.right = strdup(right);
	if (endpoint.right == NULL)
		goto out;
	endpoint.port = port_of(right, &endpoint.target);
	vm->endpoints[vm->endpoint_count++] = endpoint;
	return 0;
out:
	free(endpoint.target.name);
	return err;
}

static int
set_title(struct vm *vm, const struct place *place)
{
	if (strlen(place->entry->value) > TITLE_MAX) {
		report_error(place->report, place->file, place->entry->line, "title",
		    "has more than %d bytes", TITLE_MAX);
		return 0;
	}
	free(vm->title);
	vm->title = strdup(place->entry->value);
	return vm->title != NULL ? 0 : -ENOMEM;
}

static int
set_folder(struct vm *vm, const struct place *place)
{
	if (!text_is_path(place->entry->value, PATH_MAX - 1)) {
		bad(place, "is not an absolute path without '.' and '..'");
		return 0;
	}
	vm->folder = strdup(place->entry->value);
	return vm->folder != NULL ? 0 : -ENOMEM;
}

static void
set_address(struct vm *vm, const struct place *place)
{
	struct in_addr address;
	uint32_t host;

	if (inet_pton(AF_INET, place->entry->value, &address) != 1) {
		bad(place, "is not an IPv4 address");
		return;
	}
	host = ntohl(address.s_addr);
	if (host >> 24 != 127)
		bad(place, "is not in 127.0.0.0/8");
	else if (host >> 8 == 0x7f0000)
		bad(place, "is in 127.0.0.0/24, where the gateway's own services are");
	else if ((host & 0xff) == 0 || (host & 0xff) == 0xff)
		bad(place, "ends in .0 or .255");
	else
		vm->address = address;
	vm->address_line = place->entry->line;
}

static int
take_vm_entry(struct vm *vm, const struct place *place)
{
	const char *key = place->entry->key;

	if (*place->entry->value == '\0' && strcmp(key, "title") != 0) {
		report_error(place->report, place->file, place->entry->line, key, "is empty");
		return 0;
	}
	if (strcmp(key, "title") == 0)
		return set_title(vm, place);
	if (strcmp(key, "folder") == 0)
		return set_folder(vm, place);
	if (strcmp(key, "address") == 0) {
		set_address(vm, place);
		return 0;
	}
	if (strcmp(key, "spice") == 0 || strcmp(key, "vnc") == 0 || strcmp(key, "serial") == 0)
		return add_endpoint(vm, place, key, false);
	if (strncmp(key, "service.", 8) != 0) {
		report_error(
		    place->report, place->file, place->entry->line, key, "unknown key");
		return 0;
	}
	if (vms_is_service_name(key + 8))
		return add_endpoint(vm, place, key + 8, true);
	report_error(place->report, place->file, place->entry->line, key,
	    text_is_name(key + 8, VMS_SERVICE_MAX)
		? "the name has another meaning in vm_mappings"
		: "the name is not of a-z, 0-9 and '-', or longer than 32");
	return 0;
}

static bool
vm_name_is_good(const char *name, const char *file, size_t line, struct report *report)
{
	const char *why = NULL;

	if (strcmp(name, "host") == 0)
		why = "is the gateway itself: a VM can't be called so";
	else if (!text_is_name(name, VMS_NAME_MAX))
		why = "is not of a-z, 0-9 and '-', or longer than 63";
	if (why != NULL)
		report_error(report, file, line, NULL, "the VM's name '%s' %s", name, why);
	return why == NULL;
}

static int
take_vm(struct vms *vms, const char *name, const char *file, const struct ini_section *section,
    struct report *report)
{
	struct place place = {.file = file, .report = report};
	struct vm *vm = array_grow(vms->vms, vms->count, sizeof(*vm));
	int err = 0;

	if (vm == NULL)
		return -ENOMEM;
	vms->vms = vm;
	vm = &vms->vms[vms->count++];
	*vm = (struct vm){
	    .file = file, .line = section->line, .name = strdup(name), .title = strdup("")};
	if (vm->name == NULL || vm->title == NULL)
		return -ENOMEM;
	vm_name_is_good(name, file, section->line, report);
	for (size_t i = 0; i < section->entry_count && err == 0; i++) {
		place.entry = &section->entries[i];
		err = take_vm_entry(vm, &place);
	}
	return err;
}

/* --- [host] ---------------------------------------------------------------- */

/* Splits the command line into run's words. -EINVAL with *why, -ENOMEM. */
static int
split_words(struct vm_run *run, const char *value, const char **why)
{
	char *copy = strdup(value), *rest = copy, *word;
	size_t n = 0;
	int err = -ENOMEM;

	run->words = calloc(RUN_WORDS_MAX + 1, sizeof(*run->words));
	if (copy == NULL || run->words == NULL)
		goto out;
	err = -EINVAL;
	*why = "has a character that only a shell gives a meaning: put it into a script";
	if (strpbrk(value, "\"'\\`$|&;<>*?(){}") != NULL)
		goto out;
	while ((word = text_word(&rest)) != NULL) {
		*why = "has more than 64 words";
		if (n == RUN_WORDS_MAX)
			goto out;
		*why = "does not begin with the absolute path of a program";
		if (n == 0 && !text_is_path(word, PATH_MAX - 1))
			goto out;
		run->words[n] = strdup(word);
		if (run->words[n++] == NULL) {
			err = -ENOMEM;
			goto out;
		}
	}
	err = n > 0 ? 0 : -EINVAL;
	*why = "is empty";
out:
	free(copy);
	return err;
}

static void
free_run(struct vm_run *run)
{
	for (size_t i = 0; run->words != NULL && run->words[i] != NULL; i++)
		free(run->words[i]);
	free(run->words);
	free(run->name);
}

static int
take_run(struct vms *vms, const struct place *place)
{
	struct vm_run run = {.file = place->file, .line = place->entry->line}, *grown;
	const char *key = place->entry->key, *why = "unknown key";
	int err = 0;

	if (strncmp(key, "run.", 4) != 0)
		goto fault;
	why = "the name is not of a-z, 0-9 and '-', or longer than 32";
	if (!text_is_name(key + 4, VMS_SERVICE_MAX))
		goto fault;
	why = "is declared already";
	if (vms_find_run(vms, key + 4) != NULL)
		goto fault;
	run.name = strdup(key + 4);
	err = run.name != NULL ? split_words(&run, place->entry->value, &why) : -ENOMEM;
	if (err == -EINVAL)
		goto fault;
	grown = err == 0 ? array_grow(vms->runs, vms->run_count, sizeof(run)) : NULL;
	if (grown == NULL) {
		err = -ENOMEM;
		goto out;
	}
	vms->runs = grown;
	vms->runs[vms->run_count++] = run;
	return 0;
fault:
	report_error(place->report, place->file, place->entry->line, key, "%s", why);
	err = 0;
out:
	free_run(&run);
	return err;
}

static int
take_host(
    struct vms *vms, const char *file, const struct ini_section *section, struct report *report)
{
	struct place place = {.file = file, .report = report};
	int err = 0;

	for (size_t i = 0; i < section->entry_count && err == 0; i++) {
		place.entry = &section->entries[i];
		err = take_run(vms, &place);
	}
	return err;
}

/* --- the file ---------------------------------------------------------------- */

static int
take_section(
    struct vms *vms, const char *file, const struct ini_section *section, struct report *report)
{
	if (strcmp(section->name, "host") == 0)
		return take_host(vms, file, section, report);
	if (strncmp(section->name, "vm ", 3) == 0)
		return take_vm(vms, section->name + 3, file, section, report);
	report_error(report, file, section->line, NULL,
	    "unknown section [%s]: there are [vm NAME] and [host]", section->name);
	return 0;
}

int
vms_parse(
    struct vms *vms, const char *file, const char *text, size_t len, struct report *report)
{
	struct ini ini = {0};
	int err = ini_parse(file, text, len, report, &ini);

	for (size_t i = 0; i < ini.section_count && err == 0; i++)
		err = take_section(vms, file, &ini.sections[i], report);
	ini_free(&ini);
	return err;
}

void
vms_free(struct vms *vms)
{
	for (size_t i = 0; i < vms->count; i++) {
		struct vm *vm = &vms->vms[i];
		for (size_t k = 0; k < vm->endpoint_count; k++) {
			free(vm->endpoints[k].right);
			free(vm->endpoints[k].target.name);
		}
		free(vm->endpoints);
		free(vm->name);
		free(vm->title);
		free(vm->folder);
	}
	for (size_t i = 0; i < vms->run_count; i++)
		free_run(&vms->runs[i]);
	free(vms->vms);
	free(vms->runs);
	index_free(&vms->names);
	*vms = (struct vms){0};
}

const struct vm_run *
vms_find_run(const struct vms *vms, const char *name)
{
	for (size_t i = 0; i < vms->run_count; i++)
		if (strcmp(vms->runs[i].name, name) == 0)
			return &vms->runs[i];
	return NULL;
}

const struct vm_endpoint *
vms_endpoint(const struct vm *vm, const char *right)
{
	for (size_t i = 0; i < vm->endpoint_count; i++)
		if (strcmp(vm->endpoints[i].right, right) == 0)
			return &vm->endpoints[i];
	return NULL;
}

/* Of those of one name the first declared. */
const struct vm *
vms_find(const struct vms *vms, const char *name)
{
	uint64_t hash = hash_str(name);
	size_t at;
	uint32_t n = index_first(&vms->names, hash, &at);

	while (n != INDEX_NONE && strcmp(vms->vms[n].name, name) != 0)
		n = index_next(&vms->names, hash, &at);
	return n != INDEX_NONE ? &vms->vms[n] : NULL;
}
