/* Preloaded into sshd: gives the forwards of a connection something better to do. When
 * a user's sshd connects to the place that ORDER names, it makes as many visits there as
 * that says, and puts the times into RESULT; so they are made by the
 * one process whose connections the gate takes, and cost no SSH. Only for figures.
 * The order: PLACE TIMES WIDTH; or PLACE TIMES 1 PER_S: so many links to a SPICE console,
 * which say what they want and are then left, PER_S begun in a second. */
#include "bench/relay/visit.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#define ORDER     "/run/bench-u/order"
#define RESULT    "/run/bench-u/result"
#define TIMES_MAX 100000
#define WIDTH_MAX 256
#define PER_S_MAX 100000
#define LEFT_MAX  200 /* links that lie about */

struct order {
	struct place place;
	uint64_t times, width, per_s; /* per_s 0: visits */
};

struct visitor {
	pthread_t thread;
	const struct place *place;
	size_t times, failed;
};

int
connect(int fd, const struct sockaddr *address, socklen_t len);

static int
really_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "connect");
	return real(fd, address, len);
}

static void *
visit_many(void *arg)
{
	struct visitor *visitor = arg;

	for (size_t i = 0; i < visitor->times; i++)
		visitor->failed += visit_once(visitor->place) < 0;
	return NULL;
}

static void
visit(const struct place *place, size_t times, size_t width)
{
	static int64_t samples[TIMES_MAX];
	static struct visitor visitors[WIDTH_MAX];
	size_t each = times / (width > 0 ? width : 1) + 1, failed = 0;
	int64_t began;
	FILE *f = fopen(RESULT, "we");

	if (f == NULL)
		return;
	for (size_t i = 0; i < times; i++) {
		samples[i] = visit_once(place);
		failed += samples[i] < 0;
	}
	fprintf(f, "visit_p50\t%.6g\n", visit_quantile(samples, times, 0.5));
	fprintf(f, "visit_p99\t%.6g\n", visit_quantile(samples, times, 0.99));
	began = visit_now_ns();
	for (size_t i = 0; i < width; i++) {
		visitors[i] = (struct visitor){.place = place, .times = each};
		if (pthread_create(&visitors[i].thread, NULL, visit_many, &visitors[i]) != 0)
			visitors[i].times = 0;
	}
	for (size_t i = 0; i < width; i++) {
		if (visitors[i].times > 0)
			pthread_join(visitors[i].thread, NULL);
		failed += visitors[i].failed;
	}
	fprintf(f, "visit_rate\t%.6g\nvisit_failed\t%zu\ndone\t1\n",
	    (double)(width * each) / ((double)(visit_now_ns() - began) / 1e9), failed);
	fclose(f);
}

/* What a viewer says first: of a main channel, with one word of capabilities. */
static void
link_at(const struct order *order)
{
	static const char greeting[] = "REDQ\2\0\0\0\2\0\0\0\26\0\0\0" /* header */
				       "\0\0\0\0\1\0\1\0\0\0\0\0\0\0\22\0\0\0\13\0\0";
	static int left[LEFT_MAX];
	int64_t began = visit_now_ns();
	size_t refused = 0;
	FILE *f = fopen(RESULT, "we");

	if (f == NULL)
		return;
	memset(left, 0xff, sizeof(left));
	for (size_t i = 0; i < order->times; i++) {
		int64_t at = began + (int64_t)(i * 1000000000 / order->per_s);
		const struct timespec then = {at / 1000000000, at % 1000000000};
		int *place = &left[i % LEFT_MAX];

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
		if (*place >= 0)
			close(*place);
		*place = place_connect(&order->place);
		refused += *place < 0 || send(*place, greeting, sizeof(greeting),
					     MSG_NOSIGNAL) != sizeof(greeting);
	}
	for (size_t i = 0; i < LEFT_MAX; i++)
		if (left[i] >= 0)
			close(left[i]);
	fprintf(f, "links_per_s\t%.6g\nlinks_closed_at_once\t%zu\ndone\t1\n",
	    (double)order->times / ((double)(visit_now_ns() - began) / 1e9), refused);
	fclose(f);
}

/* The words of a line. */
static bool
read_order(char *line, struct order *order)
{
	char *next = line, *word[4];

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < 4; i++)
		word[i] = strsep(&next, " ");
	order->per_s = 0;
	if (word[2] == NULL || num_parse(word[1], 1, TIMES_MAX, &order->times) < 0 ||
	    num_parse(word[2], 1, WIDTH_MAX, &order->width) < 0 ||
	    (word[3] != NULL && num_parse(word[3], 1, PER_S_MAX, &order->per_s) < 0))
		return false;
	order->place = place_read(word[0]);
	return true;
}

/* What the order says, if it is about this address. */
static void
obey(const struct sockaddr *address, socklen_t len)
{
	struct order order;
	char line[256];
	FILE *f = fopen(ORDER, "re");
	bool is_read = f != NULL && fgets(line, sizeof(line), f) != NULL;

	if (f != NULL)
		fclose(f);
	if (!is_read || !read_order(line, &order) ||
	    order.place.address.ss_family != address->sa_family ||
	    memcmp(&order.place.address, address,
		len < order.place.len ? len : order.place.len) != 0 ||
	    unlink(ORDER) != 0)
		return;
	if (order.per_s > 0)
		link_at(&order);
	else
		visit(&order.place, (size_t)order.times, (size_t)order.width);
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	static __thread int is_inside;

	if (!is_inside && getuid() != 0 && access(ORDER, R_OK) == 0) {
		is_inside = 1;
		obey(address, len);
		is_inside = 0;
	}
	return really_connect(fd, address, len);
}
