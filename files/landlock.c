/* Three system calls and their bits. */
#include "files/landlock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(n) (UINT64_C(1) << (n))

enum {
	EXECUTE,
	WRITE_FILE,
	READ_FILE,
	READ_DIR,
	REMOVE_DIR,
	REMOVE_FILE,
	MAKE_CHAR,
	MAKE_DIR,
	MAKE_REG,
	MAKE_SOCK,
	MAKE_FIFO,
	MAKE_BLOCK,
	MAKE_SYM,
	REFER,     /* ABI 2 */
	TRUNCATE,  /* ABI 3 */
	IOCTL_DEV, /* ABI 5 */
};

#define QUERY_ABI  1 /* flag of create_ruleset */
#define BENEATH    1 /* type of a rule */
#define NET_ALL    (BIT(0) | BIT(1))
#define SCOPED_ALL (BIT(0) | BIT(1))

/* As the kernel reads them. */
struct ruleset {
	uint64_t files, net, scoped;
};

struct __attribute__((packed)) beneath {
	uint64_t allowed;
	int32_t fd;
};

unsigned int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, QUERY_ABI);

	if (abi <= 0)
		return 0;
	return abi < LANDLOCK_ABI_KNOWN ? (unsigned int)abi : LANDLOCK_ABI_KNOWN;
}

/* All rights that abi knows of. */
static uint64_t
known(unsigned int abi)
{
	if (abi >= 5)
		return BIT(IOCTL_DEV + 1) - 1;
	if (abi >= 3)
		return BIT(TRUNCATE + 1) - 1;
	return BIT((abi == 2 ? REFER : MAKE_SYM) + 1) - 1;
}

uint64_t
landlock_rights(enum landlock_reach reach, bool is_file, unsigned int abi)
{
	uint64_t rights = 0;

	switch (reach) {
	case LANDLOCK_WRITABLE:
		rights |= BIT(WRITE_FILE) | BIT(TRUNCATE) | BIT(REMOVE_DIR) | BIT(REMOVE_FILE) |
			  BIT(MAKE_DIR) | BIT(MAKE_REG) | BIT(MAKE_SYM) | BIT(REFER);
		rights |= BIT(READ_DIR) | BIT(READ_FILE);
		break;
	case LANDLOCK_READABLE:
		rights |= BIT(READ_DIR) | BIT(READ_FILE);
		break;
	case LANDLOCK_PROGRAM:
		rights |= BIT(EXECUTE) | BIT(READ_FILE);
		break;
	case LANDLOCK_LIBRARY:
		rights |= BIT(READ_FILE);
		break;
	case LANDLOCK_NOTHING:
	default:
		break;
	}
	if (is_file)
		rights &= BIT(EXECUTE) | BIT(WRITE_FILE) | BIT(READ_FILE) | BIT(TRUNCATE);
	return rights & known(abi);
}

int
landlock_ruleset(unsigned int abi)
{
	struct ruleset attr = {.files = known(abi)};
	size_t len = sizeof(attr.files);
	long fd;

	if (abi >= 4) {
		attr.net = NET_ALL;
		len += sizeof(attr.net);
	}
	if (abi >= 6) {
		attr.scoped = SCOPED_ALL;
		len += sizeof(attr.scoped);
	}
	fd = syscall(SYS_landlock_create_ruleset, &attr, len, 0);
	return fd < 0 ? -errno : (int)fd;
}

int
landlock_add(int ruleset, int fd, enum landlock_reach reach, unsigned int abi)
{
	struct beneath rule = {.fd = fd};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	rule.allowed = landlock_rights(reach, !S_ISDIR(st.st_mode), abi);
	if (syscall(SYS_landlock_add_rule, ruleset, BENEATH, &rule, 0) < 0)
		return -errno;
	return 0;
}

int
landlock_enter(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}
