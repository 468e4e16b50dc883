/* Module arguments. A misspelt word never opens anything: without group= all
 * but root count as gated. */
#include "pam_module/options.h"

#include <stddef.h>
#include <string.h>

static const char *
value_of(const char *word, const char *key)
{
	size_t len = strlen(key);

	return strncmp(word, key, len) == 0 && word[len] != '\0' ? word + len : NULL;
}

void
options_parse(struct options *options, int argc, const char **argv)
{
	*options = (struct options){.socket = "/run/sallyport/pam.sock"};
	for (int i = 0; i < argc; i++) {
		const char *socket = value_of(argv[i], "socket=");
		const char *group = value_of(argv[i], "group=");

		if (socket != NULL)
			options->socket = socket;
		else if (group != NULL)
			options->group = group;
		else if (strcmp(argv[i], "gate_root") == 0)
			options->gate_root = true;
		else if (strcmp(argv[i], "otp_in_password") == 0)
			options->otp_in_password = true;
		else if (options->unknown == NULL)
			options->unknown = argv[i];
	}
}
