/* What the checks of sshd's configuration share, for the files doctor_sshd*.c. */
#ifndef SALLYPORT_CLI_DOCTOR_SSHD_H
#define SALLYPORT_CLI_DOCTOR_SSHD_H

#include "cli/doctor.h"
#include "cli/sshd_sample.h"

#include <sys/types.h>

/* Where `sallyport print sshd` says that its text goes. */
#define SSHD_BLOCK "/etc/ssh/sshd_config.d/sallyport.conf"

struct doctor_sshd {
	char *printed; /* what print sshd says for everybody */
	struct sshd_files files;
	struct sshd_samples samples;
};

typedef void doctor_check_run(struct doctor *doctor, const struct doctor_check *check);

/* The samples, one after the other: i 0 at first; NULL behind the last. */
const struct sshd_sample *doctor_sshd_gated(const struct doctor *doctor, size_t *i);

/* keyword has value, which is bad: says where that stands, for whom, and the mend. */
void doctor_sshd_point(const struct doctor *doctor, struct finding *finding,
    const struct sshd_sample *sample, const char *keyword, const char *value);

/* In doctor_sshd_more.c: those that are more than a comparison. */
doctor_check_run doctor_sshd_methods, doctor_sshd_acceptenv, doctor_sshd_permitopen,
    doctor_sshd_permitopen_missing, doctor_sshd_permitopen_many, doctor_sshd_permitopen_limit,
    doctor_sshd_sftp, doctor_sshd_grace, doctor_sshd_maxstartups, doctor_sshd_penalties,
    doctor_sshd_keysfile, doctor_sshd_nokeys, doctor_sshd_keyscommand, doctor_sshd_filter,
    doctor_sshd_others, doctor_sshd_way_back, doctor_sshd_tries;

/* In doctor_sshd_state.c: the files, and the sshd that runs. */
doctor_check_run doctor_sshd_parse, doctor_sshd_loaded, doctor_sshd_arguments;

#endif
