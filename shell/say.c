/* Output without stdio: nothing is left in a buffer when something else is executed. */
#include "shell/say.h"

#include "lib/escape.h"
#include "lib/io.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 79

void
say(int fd, const char *text)
{
	(void)io_write_all(fd, text, strlen(text));
}

void
say_foreign(int fd, const char *foreign)
{
	char text[4096];

	say(fd, escape_str(text, sizeof(text), foreign));
}

void
say_format(int fd, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(fd, text);
}

/* As many whole words as fit into a line, at least one. */
static size_t
line_length(const char *words, size_t room)
{
	size_t len = strcspn(words, " "), next;

	while (words[len] == ' ') {
		next = len + 1 + strcspn(words + len + 1, " ");
		if (next > room)
			break;
		len = next;
	}
	return len;
}

void
say_error(const char *words)
{
	static const char name[] = "sallyport: ";
	char text[4096];
	const char *at = escape_str(text, sizeof(text), words);
	size_t room = COLUMNS - (sizeof(name) - 1);

	say(STDERR_FILENO, name);
	while (*at != '\0') {
		size_t len = line_length(at, room);

		(void)io_write_all(STDERR_FILENO, at, len);
		say(STDERR_FILENO, "\n");
		at += len + strspn(at + len, " ");
		room = COLUMNS;
	}
}
