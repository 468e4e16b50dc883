/* Pictures compared: is what a VM draws (a PPM of QEMU's screendump) to be seen on
 * an X screen (the XWD file that Xvfb keeps with -fbdir)?
 *
 *   frame find SCREEN.xwd GUEST.ppm   where it is and how much of it; exit 0: it is there
 *   frame same ONE.ppm OTHER.ppm      exit 0: hardly a pixel differs
 *   frame lit GUEST.ppm               exit 0: something is drawn, and not on black
 *   frame keep SCREEN.xwd OUT.ppm     the screen as a picture, to be looked at
 *
 * Pixels besides the guest's background count for themselves: else an empty black
 * guest would be found on an empty black screen. Formats: ppm(5); XWDFile.h of X11. */
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX   (64U << 20)
#define SIDE_MAX   8192
#define ENOUGH     0.98 /* of all pixels, and of those that are not background */
#define FORE_MIN   200  /* fewer are no picture */
#define NEAR       8    /* of 255, in each colour */
#define ANCHORS    6    /* rows that are looked for */
#define XWD_HEADER 100
#define XWD_COLOUR 12

struct picture {
	uint32_t *pixels; /* 0x00rrggbb, row after row */
	size_t width, height;
};

struct found {
	size_t x, y;
	double match;
};

static void
die(const char *path, const char *what)
{
	fprintf(stderr, "frame: %s: %s\n", path, what);
	exit(2);
}

static uint8_t *
load(const char *path, size_t *len)
{
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || io_read_all(fd, FILE_MAX, &text, len) < 0)
		die(path, strerror(errno));
	io_close(&fd);
	return (uint8_t *)text;
}

static struct picture
blank(const char *path, size_t width, size_t height)
{
	struct picture p = {NULL, width, height};

	if (width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX)
		die(path, "no size for a picture");
	p.pixels = calloc(width * height, sizeof *p.pixels);
	if (p.pixels == NULL)
		die(path, "out of memory");
	return p;
}

/* The next number of a PPM's head; *at is left behind it. */
static size_t
head_number(const char *path, const uint8_t *data, size_t len, size_t *at)
{
	size_t value = 0;

	while (*at < len && (data[*at] == ' ' || data[*at] == '\n'))
		++*at;
	if (*at >= len || data[*at] < '0' || data[*at] > '9')
		die(path, "no PPM of the kind that QEMU writes");
	for (; *at < len && data[*at] >= '0' && data[*at] <= '9' && value <= SIDE_MAX; ++*at)
		value = value * 10 + (size_t)(data[*at] - '0');
	return value;
}

static struct picture
load_ppm(const char *path)
{
	size_t len, at = 2, width, height, i;
	uint8_t *data = load(path, &len);
	struct picture p;

	if (len < 2 || data[0] != 'P' || data[1] != '6')
		die(path, "no PPM");
	width = head_number(path, data, len, &at);
	height = head_number(path, data, len, &at);
	if (head_number(path, data, len, &at) != 255)
		die(path, "not 8 bits a colour");
	at++;
	p = blank(path, width, height);
	if (at > len || (len - at) / 3 < width * height)
		die(path, "cut short");
	for (i = 0; i < width * height; i++, at += 3)
		p.pixels[i] =
		    (uint32_t)data[at] << 16 | (uint32_t)data[at + 1] << 8 | data[at + 2];
	free(data);
	return p;
}

static uint32_t
be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The head's words are big endian; pixels are the machine's, of 32 bits. */
static struct picture
load_xwd(const char *path)
{
	size_t len, offset, line, x, y;
	uint8_t *data = load(path, &len);
	struct picture p;

	if (len < XWD_HEADER || be32(data + 4) != 7)
		die(path, "no XWD file");
	if (be32(data + 44) != 32 || be32(data + 28) != 0)
		die(path, "not 32 bits a pixel, least byte first");
	p = blank(path, be32(data + 16), be32(data + 20));
	line = be32(data + 48);
	offset = (size_t)be32(data) + (size_t)be32(data + 76) * XWD_COLOUR;
	if (line < p.width * 4 || offset > len || (len - offset) / line < p.height)
		die(path, "cut short");
	for (y = 0; y < p.height; y++) {
		for (x = 0; x < p.width; x++) {
			uint32_t pixel;
			memcpy(&pixel, data + offset + y * line + x * 4, sizeof pixel);
			p.pixels[y * p.width + x] = pixel & 0xffffff;
		}
	}
	free(data);
	return p;
}

static int
compare_pixels(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

/* The colour that most pixels have. */
static uint32_t
background(const struct picture *p)
{
	struct picture sorted = blank("copy", p->width, p->height);
	size_t n = p->width * p->height, i, run = 0, best = 0;
	uint32_t colour = 0;

	memcpy(sorted.pixels, p->pixels, n * sizeof *p->pixels);
	qsort(sorted.pixels, n, sizeof *sorted.pixels, compare_pixels);
	for (i = 0; i < n; i++) {
		run = i > 0 && sorted.pixels[i] == sorted.pixels[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			colour = sorted.pixels[i];
		}
	}
	free(sorted.pixels);
	return colour;
}

static bool
near(uint32_t a, uint32_t b)
{
	unsigned shift;

	for (shift = 0; shift < 24; shift += 8) {
		int d = (int)(a >> shift & 0xff) - (int)(b >> shift & 0xff);
		if (d > NEAR || d < -NEAR)
			return false;
	}
	return true;
}

/* The lesser of the shares of all pixels and of those unlike ground. */
static double
match_at(const struct picture *screen, const struct picture *guest, size_t x, size_t y,
    uint32_t ground)
{
	size_t row, col, same = 0, fore = 0, fore_same = 0, all = guest->width * guest->height;
	double of_all, of_fore;

	for (row = 0; row < guest->height; row++) {
		const uint32_t *g = guest->pixels + row * guest->width;
		const uint32_t *s = screen->pixels + (y + row) * screen->width + x;
		for (col = 0; col < guest->width; col++) {
			bool equal = near(g[col], s[col]);
			same += equal;
			if (g[col] != ground) {
				fore++;
				fore_same += equal;
			}
		}
	}
	if (fore < FORE_MIN)
		return 0;
	of_all = (double)same / (double)all;
	of_fore = (double)fore_same / (double)fore;
	return of_all < of_fore ? of_all : of_fore;
}

static size_t
changes_in_row(const struct picture *p, size_t row)
{
	const uint32_t *at = p->pixels + row * p->width;
	size_t i, n = 0;

	for (i = 1; i < p->width; i++)
		n += at[i] != at[i - 1];
	return n;
}

/* The rows with the most in them, the best first. */
static size_t
anchors(const struct picture *p, size_t rows[ANCHORS])
{
	size_t counts[ANCHORS] = {0}, n = 0, row, i;

	for (row = 0; row < p->height; row++) {
		size_t count = changes_in_row(p, row);
		if (count == 0 || (n == ANCHORS && count <= counts[n - 1]))
			continue;
		if (n < ANCHORS)
			n++;
		for (i = n - 1; i > 0 && counts[i - 1] < count; i--) {
			counts[i] = counts[i - 1];
			rows[i] = rows[i - 1];
		}
		counts[i] = count;
		rows[i] = row;
	}
	return n;
}

/* All places where guest's row is on the screen. */
static void
try_row(const struct picture *screen, const struct picture *guest, size_t row, uint32_t ground,
    struct found *best)
{
	const uint32_t *line = guest->pixels + row * guest->width;
	size_t x, y;

	for (y = row; y + guest->height - row <= screen->height; y++) {
		const uint32_t *at = screen->pixels + y * screen->width;
		for (x = 0; x + guest->width <= screen->width; x++) {
			double match;
			if (memcmp(at + x, line, guest->width * sizeof *line) != 0)
				continue;
			match = match_at(screen, guest, x, y - row, ground);
			if (match > best->match)
				*best = (struct found){x, y - row, match};
			if (best->match >= ENOUGH)
				return;
		}
	}
}

static int
do_find(const char *screen_path, const char *guest_path)
{
	struct picture screen = load_xwd(screen_path), guest = load_ppm(guest_path);
	uint32_t ground = background(&guest);
	struct found best = {0, 0, 0};
	size_t rows[ANCHORS], n = anchors(&guest, rows), i;

	for (i = 0; i < n && best.match < ENOUGH; i++)
		try_row(&screen, &guest, rows[i], ground, &best);
	printf("%zux%zu at %zu,%zu: %.4f\n", guest.width, guest.height, best.x, best.y,
	    best.match);
	free(screen.pixels);
	free(guest.pixels);
	return best.match >= ENOUGH ? 0 : 1;
}

static int
do_same(const char *one_path, const char *other_path)
{
	struct picture one = load_ppm(one_path), other = load_ppm(other_path);
	bool equal = one.width == other.width && one.height == other.height;
	size_t i, differ = 0;

	for (i = 0; equal && i < one.width * one.height; i++)
		differ += !near(one.pixels[i], other.pixels[i]);
	free(one.pixels);
	free(other.pixels);
	printf(equal ? "%zu pixels differ\n" : "another size\n", differ);
	return equal && differ == 0 ? 0 : 1;
}

static int
do_lit(const char *path, const char *unused)
{
	struct picture p = load_ppm(path);
	uint32_t ground = background(&p);
	size_t i, fore = 0;

	(void)unused;
	for (i = 0; i < p.width * p.height; i++)
		fore += p.pixels[i] != ground;
	free(p.pixels);
	return ground != 0 && fore >= FORE_MIN ? 0 : 1;
}

static int
do_keep(const char *screen_path, const char *out_path)
{
	struct picture screen = load_xwd(screen_path);
	FILE *out = fopen(out_path, "we");
	size_t i;

	if (out == NULL)
		die(out_path, strerror(errno));
	fprintf(out, "P6\n%zu %zu\n255\n", screen.width, screen.height);
	for (i = 0; i < screen.width * screen.height; i++) {
		uint32_t pixel = screen.pixels[i];
		uint8_t bytes[3] = {
		    (uint8_t)(pixel >> 16), (uint8_t)(pixel >> 8), (uint8_t)pixel};
		fwrite(bytes, 1, sizeof bytes, out);
	}
	free(screen.pixels);
	return fclose(out) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*run)(const char *, const char *);
	} verbs[] = {{"find", 2, do_find}, {"same", 2, do_same}, {"lit", 1, do_lit},
	    {"keep", 2, do_keep}};
	size_t i;

	for (i = 0; argc >= 3 && i < sizeof verbs / sizeof verbs[0]; i++)
		if (argc == verbs[i].args + 2 && strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv[2], argv[3]);
	fprintf(stderr, "usage: frame find SCREEN.xwd GUEST.ppm | same ONE.ppm OTHER.ppm | "
			"lit GUEST.ppm | keep SCREEN.xwd OUT.ppm\n");
	return 2;
}
