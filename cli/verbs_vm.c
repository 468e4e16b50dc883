/* vm import: libvirt's domains as text for vms.conf. libvirt is asked by virt, in a
 * child without rights and with a deadline. */
#include "cli/bounded.h"
#include "cli/verb.h"
#include "policy/policy.h"
#include "policy/target.h"
#include "policy/text.h"
#include "policy/vms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_MS  30000
#define LIST_MAX (4 * 1024 * 1024)
#define PATH_LEN 4096

/* A line of virt --list. */
struct domain {
	const char *name, *graphics, *serial, *title;
};

/* Cuts line at its tabs. False: it is none of the list. */
static bool
split(char *line, struct domain *domain)
{
	const char *fields[4];

	for (size_t i = 0; i < 4; i++) {
		fields[i] = strsep(&line, "\t");
		if (fields[i] == NULL)
			return false;
	}
	*domain = (struct domain){fields[0], fields[1], fields[2], fields[3]};
	return line == NULL;
}

/* Why it cannot be a VM of that name here; NULL: it can. */
static const char *
misfit(const struct domain *domain, const struct policy *policy)
{
	struct target target;
	const char *why = NULL;
	char text[PATH_LEN];

	if (strcmp(domain->graphics, "-") == 0 && strcmp(domain->serial, "-") == 0)
		return "has neither graphics of SPICE or VNC nor a serial console";
	if (strcmp(domain->name, "host") == 0 || !text_is_name(domain->name, VMS_NAME_MAX))
		return "is no name for a VM here: a-z, 0-9 and '-', at most 63";
	if (policy != NULL && policy_vm_find(policy, domain->name) != NULL)
		return "is declared already";
	snprintf(text, sizeof(text), "libvirt:%s", domain->name);
	if (target_parse(text, &target, &why) < 0)
		return why != NULL ? why : "cannot be read";
	free(target.name);
	return NULL;
}

static void
print_domain(FILE *out, const struct domain *domain, const char *why)
{
	const char *mark = why != NULL ? "# " : "";

	fputc('\n', out);
	if (why != NULL)
		fprintf(out, "# left out: %s %s\n", domain->name, why);
	fprintf(out, "%s[vm %s]\n", mark, domain->name);
	/* Nothing that would be more than a title. */
	if (*domain->title != '\0' && strpbrk(domain->title, "\\#;\"&") == NULL)
		fprintf(out, "%stitle  = %s\n", mark, domain->title);
	if (strstr(domain->graphics, "spice") != NULL)
		fprintf(out, "%sspice  = libvirt:%s\n", mark, domain->name);
	if (strstr(domain->graphics, "vnc") != NULL)
		fprintf(out, "%svnc    = libvirt:%s\n", mark, domain->name);
	if (strcmp(domain->serial, "serial") == 0)
		fprintf(out, "%sserial = libvirt:%s\n", mark, domain->name);
}

/* How many domains there were; *taken: of these, not left out. */
static size_t
print_all(FILE *out, char *list, const struct policy *policy, size_t *taken)
{
	size_t count = 0;
	char *line;

	*taken = 0;
	fputs("# libvirt's domains, by sallyport vm import.\n", out);
	while ((line = strsep(&list, "\n")) != NULL) {
		struct domain domain;
		const char *why;
		if (!split(line, &domain))
			continue;
		count++;
		why = misfit(&domain, policy);
		*taken += why == NULL;
		print_domain(out, &domain, why);
	}
	return count;
}

/* 0, or an exit status. */
static int
ask_libvirt(const struct cli *cli, struct bounded *list)
{
	static const char program[] = LIBEXECDIR "/virt";
	const char *argv[] = {program, "--list", NULL, NULL, NULL};
	int err;

	if (cli_has(cli, CLI_URI)) {
		argv[2] = "--uri";
		argv[3] = cli->uri;
	}
	err = bounded_run(argv, LIST_MS, LIST_MAX, list);
	if (err < 0)
		return cli_fail(CLI_UNAVAILABLE, "libvirt does not answer: %s", strerror(-err));
	if (list->status == 0)
		return 0;
	list->bytes[strcspn(list->bytes, "\n")] = '\0';
	return cli_fail(CLI_UNAVAILABLE, "libvirt cannot be asked: %s", list->bytes);
}

/* What is written has another name until it is whole: no reload takes that for a file of
 * the policy's. */
#define UNREADY     ".new"
#define UNREADY_LEN (PATH_LEN + sizeof(UNREADY))

/* In vms.conf.d beside sallyport.conf, for a file of which path is the name. 0, or an exit
 * status. */
static int
create(const struct cli *cli, FILE **out, char path[PATH_LEN], char unready[UNREADY_LEN])
{
	const char *slash = strrchr(cli->conf_path, '/'), *name = cli->write;
	size_t len = strlen(name),
	       folder = slash != NULL ? (size_t)(slash - cli->conf_path) : 0;
	int fd;

	if (len <= 5 || strcmp(name + len - 5, ".conf") != 0 || *name == '.' ||
	    strchr(name, '/') != NULL || slash == NULL || folder + len + 24 > PATH_LEN)
		return cli_fail(
		    CLI_USAGE, "--write takes the name of a file in vms.conf.d, NAME.conf");
	snprintf(path, PATH_LEN, "%.*s/vms.conf.d", (int)folder, cli->conf_path);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return cli_fail(CLI_FINDING, "%s: %s", path, strerror(errno));
	snprintf(path + strlen(path), PATH_LEN - strlen(path), "/%s", name);
	snprintf(unready, UNREADY_LEN, "%s" UNREADY, path);
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return cli_fail(CLI_FINDING, "%s: %s", path, strerror(EEXIST));
	fd = open(unready, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return cli_fail(CLI_FINDING, "%s: %s", unready, strerror(errno));
	*out = fdopen(fd, "w");
	if (*out != NULL)
		return 0;
	close(fd);
	return cli_fail(CLI_SOFTWARE, "out of memory");
}

/* The file is whole or not there. */
static int
write_file(const struct cli *cli, char *list, const struct policy *policy)
{
	char path[PATH_LEN], unready[UNREADY_LEN];
	size_t count, taken;
	FILE *out = NULL;
	int status = create(cli, &out, path, unready);

	if (status != 0)
		return status;
	count = print_all(out, list, policy, &taken);
	status = fflush(out) != 0 || fsync(fileno(out)) < 0;
	if (fclose(out) != 0 || status != 0)
		status = cli_fail(CLI_SOFTWARE, "%s: %s", unready, strerror(errno));
	else if (link(unready, path) < 0) /* never in the place of another */
		status = cli_fail(CLI_FINDING, "%s: %s", path, strerror(errno));
	(void)unlink(unready);
	if (status != 0)
		return status;
	fprintf(cli->out,
	    "%s: %zu of %zu domains. To put it into force: sallyport check; sallyport reload\n",
	    path, taken, count);
	return CLI_OK;
}

int
verb_vm_import(struct cli *cli)
{
	struct bounded list = {0};
	struct report report = {0};
	struct policy *policy = NULL;
	size_t taken;
	int status = ask_libvirt(cli, &list);

	if (status == 0) {
		/* A configuration that cannot be read declares nothing: check says why. */
		(void)policy_load(cli->conf_path, &report, &policy);
		if (cli_has(cli, CLI_WRITE))
			status = write_file(cli, list.bytes, policy);
		else
			(void)print_all(cli->out, list.bytes, policy, &taken);
	}
	report_free(&report);
	policy_free(policy);
	bounded_free(&list);
	return status;
}
