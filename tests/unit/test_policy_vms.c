/* vms.conf: what it declares, and every complaint with its line. */
#include "policy/target.h"
#include "tests/support/policy_build.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

static void
complaints_with(const char *settings, const char *vms, const char *expected)
{
	const struct policy_texts texts = {settings, vms, NULL, NULL};
	struct report report;
	struct policy *policy = policy_build(&texts, &report);

	assert_string_equal(report.text != NULL ? report.text : "", expected);
	policy_free(policy);
	report_free(&report);
}

static void
complaints(const char *vms, const char *expected)
{
	complaints_with(POLICY_SETTINGS, vms, expected);
}

/* What is said of one line in [vm a]; "" for nothing. */
static void
complaints_of_line(const char *line, const char *expected)
{
	char text[2048], full[2200] = "";

	snprintf(text, sizeof(text), "[vm a]\n%s\n", line);
	if (*expected != '\0')
		snprintf(full, sizeof(full), "vms.conf:2: %s", expected);
	complaints(text, full);
}

static const struct vm_endpoint *
endpoint(const struct policy *policy, const char *vm, const char *right)
{
	const struct vm_endpoint *found = vms_endpoint(policy_vm_find(policy, vm), right);

	assert_non_null(found);
	return found;
}

/* The example of the design, word for word. */
static void
the_example(void **state)
{
	static const char text[] =
	    "[vm webdev]\n"
	    "title       = web server for development\n"
	    "spice       = libvirt:webdev        # or unix:/run/vms/webdev.spice\n"
	    "serial      = libvirt:webdev\n"
	    "service.ssh = tcp:192.168.122.10:22\n"
	    "folder      = /srv/vms/webdev       # what sftp shows\n"
	    "address     = 127.90.0.7            # optional\n"
	    "\n"
	    "[host]\n"
	    "run.backup  = /usr/local/sbin/backup --all\n";
	const struct policy_texts texts = {POLICY_SETTINGS, text, NULL, NULL};
	struct report report;
	struct policy *policy = policy_build(&texts, &report);
	const struct vm *vm = policy_vm_find(policy, "webdev");
	const struct vm_run *run = policy_run_find(policy, "backup");

	(void)state;
	assert_null(report.text);
	assert_int_equal(policy_vm_count(policy), 1);
	assert_ptr_equal(vm, policy_vm(policy, 0));
	assert_null(policy_vm(policy, 1));
	assert_null(policy_vm_find(policy, "web"));
	assert_string_equal(vm->title, "web server for development");
	assert_string_equal(vm->folder, "/srv/vms/webdev");
	assert_string_equal(vm->file, "vms.conf");
	assert_int_equal(vm->line, 1);
	assert_int_equal(ntohl(vm->address.s_addr), 0x7f5a0007);
	assert_int_equal(vm->endpoint_count, 3);
	assert_int_equal(endpoint(policy, "webdev", "spice")->target.kind, TARGET_LIBVIRT);
	assert_string_equal(endpoint(policy, "webdev", "spice")->target.name, "webdev");
	assert_int_equal(endpoint(policy, "webdev", "spice")->port, 5900);
	assert_int_equal(endpoint(policy, "webdev", "serial")->port, 0);
	assert_int_equal(endpoint(policy, "webdev", "ssh")->port, 2222);
	assert_int_equal(endpoint(policy, "webdev", "ssh")->line, 5);
	assert_int_equal(target_port(&endpoint(policy, "webdev", "ssh")->target), 22);
	assert_string_equal(run->words[0], "/usr/local/sbin/backup");
	assert_string_equal(run->words[1], "--all");
	assert_null(run->words[2]);
	assert_null(policy_run_find(policy, "all"));
	policy_free(policy);
}

static void
ports(void **state)
{
	static const char text[] =
	    "[vm a]\nspice = unix:/s\nvnc = tcp:10.0.0.1:5999\n"
	    "serial = tcp:10.0.0.1:4555\nservice.web = tcp:[fd00::1]:80\n"
	    "service.sock = unix:/run/x\nservice.ssh = unix:/run/y\n";
	const struct policy_texts texts = {POLICY_SETTINGS, text, NULL, NULL};
	struct report report;
	struct policy *policy = policy_build(&texts, &report);

	(void)state;
	assert_null(report.text);
	assert_int_equal(endpoint(policy, "a", "spice")->port, 5900);
	assert_int_equal(endpoint(policy, "a", "vnc")->port, 5800);
	assert_int_equal(endpoint(policy, "a", "serial")->port, 4555);
	assert_int_equal(endpoint(policy, "a", "web")->port, 80);
	assert_int_equal(endpoint(policy, "a", "web")->target.address.ss_family, AF_INET6);
	assert_int_equal(
	    endpoint(policy, "a", "web")->target.address_len, sizeof(struct sockaddr_in6));
	assert_int_equal(endpoint(policy, "a", "sock")->port, 0);
	assert_int_equal(endpoint(policy, "a", "ssh")->port, 2222);
	assert_int_equal(policy_vm(policy, 0)->address.s_addr, INADDR_ANY);
	assert_string_equal(policy_vm(policy, 0)->title, "");
	assert_null(policy_vm(policy, 0)->folder);
	policy_free(policy);
}

#define NO_TCP  "needs a numeric address of one host, tcp:ADDRESS:PORT or tcp:[IPV6]:PORT"
#define NO_PORT "needs a port, tcp:ADDRESS:PORT, from 1 to 65535"
#define NO_PATH "needs an absolute path of at most 107 bytes, without blanks, '.' and '..'"
#define NO_KIND "is none of unix:/path, tcp:ADDRESS:PORT, libvirt:DOMAIN, qmp:/path"

static void
targets(void **state)
{
	static const char *const cases[][2] = {
	    {"spice = unix:/run/vms/a.spice", ""},
	    {"spice = qmp:/run/vms/a.qmp", ""},
	    {"vnc = libvirt:win 11",
		"vnc: 'libvirt:win 11' needs the name of a libvirt domain"},
	    {"vnc = libvirt:", "vnc: 'libvirt:' needs the name of a libvirt domain"},
	    {"vnc = libvirt:-a", "vnc: 'libvirt:-a' needs the name of a libvirt domain"},
	    {"vnc = libvirt:a/b", "vnc: 'libvirt:a/b' needs the name of a libvirt domain"},
	    {"vnc = libvirt:win11_x.2", ""},
	    {"spice = unix:run/a", "spice: 'unix:run/a' " NO_PATH},
	    {"spice = unix:/run/../a", "spice: 'unix:/run/../a' " NO_PATH},
	    {"spice = unix:/run//a", "spice: 'unix:/run//a' " NO_PATH},
	    {"spice = unix:/run/./a", "spice: 'unix:/run/./a' " NO_PATH},
	    {"spice = unix:/run/a/", "spice: 'unix:/run/a/' " NO_PATH},
	    {"spice = unix:/", "spice: 'unix:/' " NO_PATH},
	    {"spice = unix:", "spice: 'unix:' " NO_PATH},
	    {"spice = unix:/a b", "spice: 'unix:/a b' " NO_PATH},
	    {"spice = "
	     "unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
	     "012345678901234567890123456789012345",
		""},
	    {"spice = "
	     "unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
	     "0123456789012345678901234567890123456",
		"spice: "
		"'unix:/0123456789012345678901234567890123456789012345678901234567890123456"
		"7890123456789012345678901234567890123456' " NO_PATH},
	    {"spice = tcp:10.0.0.1", "spice: 'tcp:10.0.0.1' " NO_PORT},
	    {"spice = tcp:10.0.0.1:", "spice: 'tcp:10.0.0.1:' " NO_PORT},
	    {"spice = tcp:10.0.0.1:0", "spice: 'tcp:10.0.0.1:0' " NO_PORT},
	    {"spice = tcp:10.0.0.1:65536", "spice: 'tcp:10.0.0.1:65536' " NO_PORT},
	    {"spice = tcp:10.0.0.1:http", "spice: 'tcp:10.0.0.1:http' " NO_PORT},
	    {"spice = tcp:webdev:22", "spice: 'tcp:webdev:22' " NO_TCP},
	    {"spice = tcp:10.1:22", "spice: 'tcp:10.1:22' " NO_TCP},
	    {"spice = tcp:0x7f.0.0.1:22", "spice: 'tcp:0x7f.0.0.1:22' " NO_TCP},
	    {"spice = tcp:0.0.0.0:22", "spice: 'tcp:0.0.0.0:22' " NO_TCP},
	    {"spice = tcp:224.0.0.1:22", "spice: 'tcp:224.0.0.1:22' " NO_TCP},
	    {"spice = tcp:255.255.255.255:22", "spice: 'tcp:255.255.255.255:22' " NO_TCP},
	    {"spice = tcp::22", "spice: 'tcp::22' " NO_TCP},
	    {"spice = tcp:fd00::1:22", "spice: 'tcp:fd00::1:22' " NO_TCP},
	    {"spice = tcp:[fd00::1]:22", ""},
	    {"spice = tcp:[::]:22", "spice: 'tcp:[::]:22' " NO_TCP},
	    {"spice = tcp:[::ffff:127.0.0.1]:22", "spice: 'tcp:[::ffff:127.0.0.1]:22' " NO_TCP},
	    {"spice = tcp:[fe80::1]:22", "spice: 'tcp:[fe80::1]:22' " NO_TCP},
	    {"spice = tcp:[ff02::1]:22", "spice: 'tcp:[ff02::1]:22' " NO_TCP},
	    {"spice = /run/a", "spice: '/run/a' " NO_KIND},
	    {"spice = UNIX:/run/a", "spice: 'UNIX:/run/a' " NO_KIND},
	    {"spice = http://x", "spice: 'http://x' " NO_KIND},
	    {"spice =", "spice: is empty"},
	    {"serial = qmp:/a",
		"serial: 'qmp:/a' is not for serial: use unix:, tcp: or libvirt:"},
	    {"service.x = qmp:/a",
		"service.x: 'qmp:/a' is not for a service: use unix: or tcp:"},
	    {"service.x = libvirt:a",
		"service.x: 'libvirt:a' is not for a service: use unix: or tcp:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		complaints_of_line(cases[i][0], cases[i][1]);
}

static void
keys(void **state)
{
	static const char *const cases[][2] = {
	    {"colour = red", "colour: unknown key"},
	    {"services.x = unix:/a", "services.x: unknown key"},
	    {"service. = unix:/a",
		"service.: the name is not of a-z, 0-9 and '-', or longer than 32"},
	    {"service.Web = unix:/a",
		"service.Web: the name is not of a-z, 0-9 and '-', or longer than 32"},
	    {"service.a.b = unix:/a",
		"service.a.b: the name is not of a-z, 0-9 and '-', or longer than 32"},
	    {"service.-a = unix:/a",
		"service.-a: the name is not of a-z, 0-9 and '-', or longer than 32"},
	    {"service.a2345678901234567890123456789012 = unix:/a", ""},
	    {"service.a23456789012345678901234567890123 = unix:/a",
		"service.a23456789012345678901234567890123: the name is not of a-z, 0-9 and "
		"'-', "
		"or longer than 32"},
	    {"service.spice = unix:/a",
		"service.spice: the name has another meaning in vm_mappings"},
	    {"service.usb = unix:/a",
		"service.usb: the name has another meaning in vm_mappings"},
	    {"service.shell = unix:/a",
		"service.shell: the name has another meaning in vm_mappings"},
	    {"folder = srv", "folder: 'srv' is not an absolute path without '.' and '..'"},
	    {"folder = /", "folder: '/' is not an absolute path without '.' and '..'"},
	    {"folder = /srv/../etc",
		"folder: '/srv/../etc' is not an absolute path without '.' and '..'"},
	    {"folder = /srv/my files", ""},
	    {"address = webdev", "address: 'webdev' is not an IPv4 address"},
	    {"address = 127.90.0", "address: '127.90.0' is not an IPv4 address"},
	    {"address = 10.0.0.1", "address: '10.0.0.1' is not in 127.0.0.0/8"},
	    {"address = 128.0.1.1", "address: '128.0.1.1' is not in 127.0.0.0/8"},
	    {"address = 127.0.0.2", "address: '127.0.0.2' is in 127.0.0.0/24, where the "
				    "gateway's own services are"},
	    {"address = 127.90.0.0", "address: '127.90.0.0' ends in .0 or .255"},
	    {"address = 127.90.0.255", "address: '127.90.0.255' ends in .0 or .255"},
	    {"address = 127.0.1.1", ""},
	    {"title =", ""},
	    {"title = caf\xc3\xa9 # not this", ""},
	    {"title = a#b", ""},
	    {"title = x\xc2\x9b", "the line is not plain UTF-8"},
	    {"title one", "title: is no \"key = value\" line"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		complaints_of_line(cases[i][0], cases[i][1]);
	complaints("[vm a]\ntitle = x\x1b[31m\n",
	    "vms.conf:2: the line holds a control character\n"
	    "vms.conf:2: the line is not plain UTF-8");
}

static void
names(void **state)
{
	static const char long_name[] =
	    "a23456789012345678901234567890123456789012345678901234567890123";
	static const char *const bad[] = {"Webdev", "web_dev", "web.dev", "-web"};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[vm %s]\n", bad[i]);
		snprintf(expected, sizeof(expected),
		    "vms.conf:1: the VM's name '%s' is not of a-z, 0-9 and '-', or longer than "
		    "63",
		    bad[i]);
		complaints(text, expected);
	}
	assert_int_equal(strlen(long_name), 63);
	snprintf(text, sizeof(text), "[vm %s]\n", long_name);
	complaints(text, "");
	snprintf(text, sizeof(text), "[vm %sx]\n", long_name);
	snprintf(expected, sizeof(expected),
	    "vms.conf:1: the VM's name '%sx' is not of a-z, 0-9 and '-', or longer than 63",
	    long_name);
	complaints(text, expected);
	complaints("[vm host]\n",
	    "vms.conf:1: the VM's name 'host' is the gateway itself: a VM can't be called so");
	complaints(
	    "[vm]\n", "vms.conf:1: unknown section [vm]: there are [vm NAME] and [host]");
	complaints("[vm a b]\n",
	    "vms.conf:1: the VM's name 'a b' is not of a-z, 0-9 and '-', or longer than 63");
	complaints("[host a]\n",
	    "vms.conf:1: unknown section [host a]: there are [vm NAME] and [host]");
	complaints("[default]\nx = 1\n",
	    "vms.conf:1: unknown section [default]: there are [vm NAME] and [host]");
	complaints("[ vm   a ]\n[vm b]\n", "");
	complaints("[vm a]\n[vm b]\n[vm  a]\n",
	    "vms.conf:3: section [vm a] is there twice, first in line 1");
}

static void
meeting(void **state)
{
	(void)state;
	complaints("[vm a]\naddress = 127.9.0.7\n[vm b]\naddress = 127.9.0.8\n"
		   "[vm c]\naddress = 127.9.0.7\n",
	    "vms.conf:6: address: 127.9.0.7 is the address of VM 'a' already");
	complaints("[vm a]\nservice.ssh = unix:/a\nservice.x = tcp:10.0.0.1:2222\n"
		   "service.y = tcp:10.0.0.2:2222\nservice.z = unix:/z\nservice.u = unix:/u\n",
	    "vms.conf:3: ssh and x of VM 'a' would both have port 2222\n"
	    "vms.conf:4: ssh and y of VM 'a' would both have port 2222");
	complaints("[vm a]\nspice = tcp:10.0.0.1:1\nserial = tcp:10.0.0.1:5900\n",
	    "vms.conf:3: spice and serial of VM 'a' would both have port 5900");
	complaints("[vm a]\nspice = unix:/a\n[vm b]\nspice = unix:/a\n", "");
}

#define NO_UID                                                                                 \
	"anyone here could listen there: say in sallyport.conf whose programs may, e.g. "      \
	"backend_uid = libvirt-qemu"

static void
local_back_ends(void **state)
{
	static const char settings[] = "[sallyport]\ngated = @vmusers\n";

	(void)state;
	complaints_with(settings,
	    "[vm a]\nspice = unix:/a\nvnc = tcp:127.3.2.1:5\nserial = tcp:[::1]:6\n"
	    "service.x = tcp:10.0.0.1:7\nservice.y = tcp:[fd00::1]:8\n"
	    "[vm b]\nspice = libvirt:b\nvnc = qmp:/b\n",
	    "vms.conf:2: spice: " NO_UID "\nvms.conf:3: vnc: " NO_UID
	    "\nvms.conf:4: serial: " NO_UID "\nvms.conf:9: vnc: " NO_UID);
	complaints_with(NULL, "[vm a]\nspice = unix:/a\n", "");
}

static void
runs(void **state)
{
	static const char *const cases[][2] = {
	    {"run.a = /bin/a b  c", ""},
	    {"run.a =", "run.a: is empty"},
	    {"run.a = backup", "run.a: does not begin with the absolute path of a program"},
	    {"run.a = ../backup", "run.a: does not begin with the absolute path of a program"},
	    {"run.a = /bin/sh -c 'x'", "run.a: has a character that only a shell gives a "
				       "meaning: put it into a script"},
	    {"run.a = /bin/a; /bin/b", "run.a: has a character that only a shell gives a "
				       "meaning: put it into a script"},
	    {"run.a = /bin/a $HOME", "run.a: has a character that only a shell gives a "
				     "meaning: put it into a script"},
	    {"run.A = /bin/a", "run.A: the name is not of a-z, 0-9 and '-', or longer than 32"},
	    {"run. = /bin/a", "run.: the name is not of a-z, 0-9 and '-', or longer than 32"},
	    {"run = /bin/a", "run: unknown key"},
	    {"shell = /bin/sh", "shell: unknown key"},
	};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "[host]\n%s\n", cases[i][0]);
		snprintf(expected, sizeof(expected), "%s%s",
		    *cases[i][1] != '\0' ? "vms.conf:2: " : "", cases[i][1]);
		complaints(text, expected);
	}
	complaints("[host]\nrun.a = /bin/a\nrun.a = /bin/b\n",
	    "vms.conf:3: run.a: is given twice in this section");
}

static void
all_at_once(void **state)
{
	(void)state;
	complaints("x = 1\n"             /* 1 */
		   "[vm a]\n"            /* 2 */
		   "spice = unix:\n"     /* 3 */
		   "spice = unix:/b\n"   /* 4 */
		   "nonsense\n"          /* 5 */
		   "address = 1.2.3.4\n" /* 6 */
		   "[what]\n"            /* 7 */
		   "[vm B]\n"            /* 8 */
		   "colour = red\n",     /* 9 */
	    "vms.conf:1: stands before the first [section]\n"
	    "vms.conf:4: spice: is given twice in this section\n"
	    "vms.conf:5: nonsense: is no \"key = value\" line\n"
	    "vms.conf:3: spice: 'unix:' " NO_PATH "\n"
	    "vms.conf:6: address: '1.2.3.4' is not in 127.0.0.0/8\n"
	    "vms.conf:7: unknown section [what]: there are [vm NAME] and [host]\n"
	    "vms.conf:8: the VM's name 'B' is not of a-z, 0-9 and '-', or longer than 63\n"
	    "vms.conf:9: colour: unknown key");
}

/* Five thousand VMs are read in well under a second, each found by its name. */
static void
many(void **state)
{
	enum { VMS = 5000 };
	char *text = NULL, name[32];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const struct policy_texts texts = {POLICY_SETTINGS, "", NULL, NULL};
	struct policy_texts full = texts;
	struct report report;
	struct policy *policy;
	struct timespec start, end;

	(void)state;
	for (int i = 0; i < VMS; i++)
		fprintf(f,
		    "[vm v%d]\nspice = libvirt:v%d\nservice.ssh = tcp:10.0.0.1:22\n"
		    "folder = /srv/v%d\n",
		    i, i, i);
	fclose(f);
	full.vms = text;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	policy = policy_build(&full, &report);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_null(report.text);
	for (size_t i = 0; i < VMS; i++) {
		snprintf(name, sizeof(name), "v%zu", i);
		assert_ptr_equal(policy_vm_find(policy, name), policy_vm(policy, i));
	}
	print_message("%d VMs in %ld ms\n", VMS,
	    (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000);
	assert_true(end.tv_sec - start.tv_sec < 5);
	policy_free(policy);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_example),
	    cmocka_unit_test(ports),
	    cmocka_unit_test(targets),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(names),
	    cmocka_unit_test(meeting),
	    cmocka_unit_test(local_back_ends),
	    cmocka_unit_test(runs),
	    cmocka_unit_test(all_at_once),
	    cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
