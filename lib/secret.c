/* Memory for secrets: whole pages, so that lock and advice hit nothing else. */
#include "lib/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define SECRET_MAX 4096

int
secret_new(struct secret *s, size_t len)
{
	void *page;

	*s = (struct secret){0};
	if (len == 0 || len > SECRET_MAX)
		return -EINVAL;
	page =
	    mmap(NULL, SECRET_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -ENOMEM;
	/* Best effort: an unlocked secret is worse than a locked one, and better
	 * than a gateway that is closed because of RLIMIT_MEMLOCK. */
	(void)mlock(page, SECRET_MAX);
	(void)madvise(page, SECRET_MAX, MADV_DONTDUMP);
	(void)madvise(page, SECRET_MAX, MADV_WIPEONFORK);
	s->bytes = page;
	s->len = len;
	return 0;
}

void
secret_free(struct secret *s)
{
	if (s->bytes != NULL) {
		explicit_bzero(s->bytes, SECRET_MAX);
		munmap(s->bytes, SECRET_MAX);
	}
	*s = (struct secret){0};
}

void
secret_wipe(void *bytes, size_t len)
{
	explicit_bzero(bytes, len);
}

bool
secret_is_equal(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;
	unsigned char diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= (unsigned char)(x[i] ^ y[i]);
	return diff == 0;
}
