/* The reading before is looked up by the channels' ids. */
#include "cli/rates.h"

#include "cli/amount.h"
#include "lib/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rates_count {
	char id[16];
	uint64_t up, down;
};

static int
by_id(const void *a, const void *b)
{
	const struct rates_count *one = a, *other = b;

	return strcmp(one->id, other->id);
}

static uint64_t
number(const struct rows_row *row, const char *key)
{
	uint64_t value;

	return num_parse(rows_value(row, key), 0, UINT64_MAX, &value) == 0 ? value : 0;
}

static void
read_row(struct rates_count *count, const struct rows_row *row)
{
	snprintf(count->id, sizeof(count->id), "%s", rows_value(row, "id"));
	count->up = number(row, "up");
	count->down = number(row, "down");
}

static int
put_rate(struct rows_row *row, const char *key, uint64_t before, uint64_t now, int64_t ms)
{
	char text[32];
	double rate = now > before ? (double)(now - before) * 1000 / (double)ms : 0;

	snprintf(text, sizeof(text), "%.0f", rate);
	return rows_put(row, key, text);
}

static int
put_rates(struct rows_row *row, const struct rates_count *before, const struct rates_count *now,
    int64_t ms)
{
	int err;

	if (before == NULL || ms <= 0) {
		err = rows_put(row, "up_per_s", "");
		return err < 0 ? err : rows_put(row, "down_per_s", "");
	}
	err = put_rate(row, "up_per_s", before->up, now->up, ms);
	return err < 0 ? err : put_rate(row, "down_per_s", before->down, now->down, ms);
}

int
rates_add(struct rates *rates, struct rows *rows, int64_t now_ms)
{
	struct rates_count *counts = calloc(rows->count + 1, sizeof(*counts));
	int err = counts == NULL ? -ENOMEM : 0;

	for (size_t i = 0; err == 0 && i < rows->count; i++) {
		const struct rates_count *before = NULL;

		read_row(&counts[i], &rows->rows[i]);
		if (rates->count > 0)
			before = bsearch(
			    &counts[i], rates->counts, rates->count, sizeof(*counts), by_id);
		err = put_rates(&rows->rows[i], before, &counts[i], now_ms - rates->at_ms);
	}
	rates_free(rates);
	if (err < 0) {
		free(counts);
		return err;
	}
	qsort(counts, rows->count, sizeof(*counts), by_id);
	*rates = (struct rates){.counts = counts, .count = rows->count, .at_ms = now_ms};
	return 0;
}

void
rates_free(struct rates *rates)
{
	free(rates->counts);
	*rates = (struct rates){0};
}

int
rates_to_read(struct rows *rows)
{
	static const struct {
		const char *key, *per;
	} amounts[] = {{"up", ""}, {"down", ""}, {"up_per_s", "/s"}, {"down_per_s", "/s"}};
	int err = 0;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; err == 0 && j < sizeof(amounts) / sizeof(amounts[0]); j++) {
			const char *key = amounts[j].key;
			char size[AMOUNT_MAX], text[AMOUNT_MAX + 4];

			if (*rows_value(&rows->rows[i], key) == '\0')
				continue;
			amount_size(size, number(&rows->rows[i], key));
			snprintf(text, sizeof(text), "%s%s", size, amounts[j].per);
			err = rows_set(&rows->rows[i], key, text);
		}
	return err;
}
