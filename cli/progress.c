/* One line that is written over. */
#include "cli/progress.h"

#include "lib/io.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define FIRST_MS 1000
#define EVERY_MS 250
#define STEPS    1024 /* between two looks at the clock */
#define ERASE    "\r\033[K"

void
progress_begin(struct progress *progress, const char *what, uint64_t total)
{
	*progress = (struct progress){.what = what,
	    .total = total,
	    .next_ms = io_now_ms() + FIRST_MS,
	    .is_terminal = isatty(STDERR_FILENO) == 1};
}

static void
show(struct progress *progress)
{
	uint64_t percent = progress->total > 0 ? progress->bytes * 100 / progress->total : 0;

	fprintf(stderr, ERASE "%" PRIu64 " %s", progress->count, progress->what);
	if (progress->total > 0)
		fprintf(stderr, ", %" PRIu64 " %%", percent < 100 ? percent : 100);
	fflush(stderr);
	progress->is_shown = true;
}

void
progress_step(struct progress *progress, uint64_t bytes)
{
	int64_t now_ms;

	progress->bytes += bytes;
	progress->count++;
	if (!progress->is_terminal || progress->count % STEPS != 0)
		return;
	now_ms = io_now_ms();
	if (now_ms < progress->next_ms)
		return;
	progress->next_ms = now_ms + EVERY_MS;
	show(progress);
}

void
progress_end(struct progress *progress)
{
	if (!progress->is_shown)
		return;
	fputs(ERASE, stderr);
	fflush(stderr);
	progress->is_shown = false;
}
