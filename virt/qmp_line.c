/* The depth is counted before the parser recurses. */
#include "virt/qmp_line.h"

#include "lib/escape.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Events that say what the machine does now. POWERDOWN only asks the guest, and after
 * RESET it goes on as before. */
static const struct {
	const char *name;
	enum proto_vm_state state;
} events[] = {
    {"STOP", PROTO_VM_PAUSED},
    {"RESUME", PROTO_VM_RUNNING},
    {"SHUTDOWN", PROTO_VM_OFF},
    {"SUSPEND", PROTO_VM_PAUSED},
    {"WAKEUP", PROTO_VM_RUNNING},
};

/* Of query-status (RunState in qapi/run-state.json); what is not here is paused. */
static const struct {
	const char *name;
	enum proto_vm_state state;
} statuses[] = {
    {"running", PROTO_VM_RUNNING},
    {"shutdown", PROTO_VM_OFF},
    {"guest-panicked", PROTO_VM_OFF},
    {"inmigrate", PROTO_VM_PAUSED},
    {"internal-error", PROTO_VM_PAUSED},
};

void
qmp_line_init(void)
{
	json_object_seed(0);
}

static bool
is_too_deep(const char *text, size_t len)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
		} else if (text[i] == '"') {
			in_string = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > QMP_DEPTH_MAX)
				return true;
		} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static void
read_event(const char *name, struct qmp_line *line)
{
	line->kind = QMP_EVENT;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(name, events[i].name) == 0) {
			line->tells_state = true;
			line->state = events[i].state;
		}
	}
}

static void
read_return(const json_t *value, struct qmp_line *line)
{
	const char *status = json_string_value(json_object_get(value, "status"));

	line->kind = QMP_RETURN;
	if (status == NULL)
		return;
	line->tells_state = true;
	line->state = PROTO_VM_PAUSED;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(status, statuses[i].name) == 0)
			line->state = statuses[i].state;
}

static void
read_error(const json_t *error, struct qmp_line *line)
{
	const char *class = json_string_value(json_object_get(error, "class"));
	const char *text = json_string_value(json_object_get(error, "desc"));
	char first[40], second[80];

	if (class == NULL || text == NULL)
		return;
	line->kind = QMP_ERROR;
	snprintf(line->words, sizeof(line->words), "%s: %s",
	    escape_str(first, sizeof(first), class), escape_str(second, sizeof(second), text));
}

static void
read_id(const json_t *id, struct qmp_line *line)
{
	json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;

	line->has_id = value >= 0 && value <= UINT32_MAX;
	line->id = line->has_id ? (uint32_t)value : 0;
}

void
qmp_line_read(const char *text, size_t len, struct qmp_line *line)
{
	const json_t *greeting, *event, *value, *error;
	json_t *root = NULL;

	*line = (struct qmp_line){.kind = QMP_BROKEN};
	if (len <= QMP_LINE_MAX && !is_too_deep(text, len))
		root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	greeting = json_object_get(root, "QMP");
	event = json_object_get(root, "event");
	value = json_object_get(root, "return");
	error = json_object_get(root, "error");
	/* Exactly one of them, or it could be read in two ways. */
	if ((greeting != NULL) + (event != NULL) + (value != NULL) + (error != NULL) == 1) {
		if (json_is_object(greeting))
			line->kind = QMP_GREETING;
		else if (json_is_string(event))
			read_event(json_string_value(event), line);
		else if (value != NULL)
			read_return(value, line);
		else if (json_is_object(error))
			read_error(error, line);
		read_id(json_object_get(root, "id"), line);
	}
	json_decref(root);
}
