/* A key file, read and imported between other work. */
#include "verify/verifier_state.h"

#include "lib/log.h"

#include <errno.h>

int
verifier_on_import(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	uint8_t flags = wire_get_u8(in);
	int err, passed = *fd;

	if (wire_end(in) < 0 || flags > 1)
		return -EBADMSG;
	if (v->intake.fd >= 0)
		return verifier_send_done(v, id, 1, "another import is under way: try again\n");
	*fd = -1;
	err = intake_open(&v->intake, passed);
	if (err == -EINVAL)
		return verifier_send_done(
		    v, id, 1, "keys are read from a file or a pipe only\n");
	if (err < 0)
		return verifier_send_done(v, id, 1, "no memory for the keys\n");
	v->import_id = id;
	v->import_is_dry = flags & 1;
	return 0;
}

static const char *
intake_trouble(int err)
{
	if (err == -EFBIG)
		return "nothing imported: more than 16 MiB\n";
	if (err == -ETIMEDOUT)
		return "nothing imported: the keys did not come within 60 s\n";
	return "nothing imported: the keys cannot be read\n";
}

/* err is of keyimport_begin or keyimport_step. */
static int
import_goes_on(struct verifier *v, int err)
{
	struct keyimport *import = &v->import;
	int told;

	v->is_importing = err == -EAGAIN;
	if (v->is_importing)
		return 0;
	keyimport_end(import);
	intake_close(&v->intake);
	told = verifier_send_done(v, v->import_id, import->status, import->report);
	if (err == 0 && import->status == 0 && !v->import_is_dry)
		log_info(
		    "keys imported: %zu; counters raised: %zu", import->keys, import->counters);
	return err < 0 ? err : told;
}

static int
read_more(struct verifier *v)
{
	int err = intake_read(&v->intake);

	if (err == -EAGAIN)
		return 0;
	if (err < 0) {
		intake_close(&v->intake);
		return verifier_send_done(v, v->import_id, 1, intake_trouble(err));
	}
	return import_goes_on(v, keyimport_begin(&v->import, v->ring, v->intake.text,
				     v->intake.len, v->import_is_dry));
}

int
verifier_import_wait_ms(const struct verifier *v)
{
	if (v->is_importing)
		return 0;
	if (v->intake.fd < 0)
		return -1; /* for the supervisor, whose end is also an event */
	return io_timeout_ms(v->intake.deadline_ms, io_now_ms());
}

int
verifier_import_more(struct verifier *v, bool is_readable)
{
	if (v->is_importing)
		return import_goes_on(v, keyimport_step(&v->import));
	return is_readable || verifier_import_wait_ms(v) == 0 ? read_more(v) : 0;
}
