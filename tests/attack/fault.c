/* LD_PRELOAD: the call of $FAULT_CALL number $FAULT_AT that pam_sallyport.so itself makes
 * fails; the calls of everybody else go through. Says on descriptor $FAULT_SAY, if it
 * could be reached, that it has struck. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_int calls;

static int
is_the_module(const void *address)
{
	Dl_info info;

	return dladdr(address, &info) != 0 && info.dli_fname != NULL &&
	       strstr(info.dli_fname, "pam_sallyport.so") != NULL;
}

static int
strikes(const char *call, const void *from)
{
	const char *wanted = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"), *say;

	if (wanted == NULL || at == NULL || strcmp(wanted, call) != 0 || !is_the_module(from) ||
	    atomic_fetch_add(&calls, 1) + 1 != (int)strtol(at, NULL, 10))
		return 0;
	say = getenv("FAULT_SAY");
	return say == NULL || write((int)strtol(say, NULL, 10), "struck\n", 7) != 0;
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))
#define STRIKE(call, error, value)                                                             \
	do {                                                                                   \
		if (strikes(call, __builtin_return_address(0))) {                              \
			errno = error;                                                         \
			return value;                                                          \
		}                                                                              \
	} while (0)

void *
malloc(size_t n)
{
	static void *(*real)(size_t);

	if (real == NULL)
		real = REAL(malloc);
	STRIKE("malloc", ENOMEM, NULL);
	return real(n);
}

void *
calloc(size_t n, size_t size)
{
	/* dlsym itself calls this: then from a little of our own. */
	static void *(*real)(size_t, size_t);
	static char own[4096];
	static size_t used;
	static int is_looking;

	if (real == NULL && is_looking) {
		char *p = own + used;
		used += (n * size + 15) & ~(size_t)15;
		return used <= sizeof(own) ? p : NULL;
	}
	if (real == NULL) {
		is_looking = 1;
		real = REAL(calloc);
	}
	STRIKE("malloc", ENOMEM, NULL);
	return real(n, size);
}

char *
strdup(const char *text)
{
	STRIKE("malloc", ENOMEM, NULL);
	return REAL(strdup)(text);
}

pid_t
fork(void)
{
	STRIKE("fork", EAGAIN, -1);
	return REAL(fork)();
}

int
pipe2(int ends[2], int flags)
{
	STRIKE("pipe", EMFILE, -1);
	return REAL(pipe2)(ends, flags);
}

int
socket(int domain, int type, int protocol)
{
	STRIKE("socket", EMFILE, -1);
	return REAL(socket)(domain, type, protocol);
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	STRIKE("connect", ECONNREFUSED, -1);
	return REAL(connect)(fd, address, len);
}

int
getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	STRIKE("getsockopt", ENOPROTOOPT, -1);
	return REAL(getsockopt)(fd, level, name, value, len);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	STRIKE("send", ENOBUFS, -1);
	return REAL(sendmsg)(fd, message, flags);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	STRIKE("receive", EIO, -1);
	return REAL(recvmsg)(fd, message, flags);
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	STRIKE("poll", ENOMEM, -1);
	return REAL(poll)(fds, n, timeout);
}

ssize_t
read(int fd, void *buf, size_t n)
{
	STRIKE("read", EIO, -1);
	return REAL(read)(fd, buf, n);
}

pid_t
waitpid(pid_t pid, int *status, int options)
{
	STRIKE("waitpid", ECHILD, -1);
	return REAL(waitpid)(pid, status, options);
}
