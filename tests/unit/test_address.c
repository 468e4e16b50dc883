/* Which VM gets which loopback address. The policy is a real one, from files. */
#include "policy/address.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static struct policy *
load(const char *vms)
{
	char path[128];
	struct report report = {0};
	struct policy *policy = NULL;

	put("sallyport.conf", "[sallyport]\ngated = @vmusers\n");
	put("vms.conf", vms);
	put("vm_mappings", "");
	put("yubikey_mappings", "");
	snprintf(path, sizeof(path), "%s/sallyport.conf", folder);
	if (policy_load(path, &report, &policy) < 0)
		fail_msg("%s", report.text != NULL ? report.text : "?");
	report_free(&report);
	return policy;
}

static struct address_kept
kept(const char *name, const char *address)
{
	struct address_kept k = {.name = ""};

	snprintf(k.name, sizeof(k.name), "%s", name);
	assert_int_equal(inet_pton(AF_INET, address, &k.address), 1);
	return k;
}

static void
expect(const struct in_addr *out, const char *const *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_string_equal(inet_ntoa(out[i]), wanted[i]);
}

#define VM(name) "[vm " name "]\nservice.ssh = tcp:192.168.122.10:22\n"

static void
in_order(void **state)
{
	struct policy *policy =
	    load(VM("b") VM("a") VM("fixed") "address = 127.90.0.2\n" VM("c"));
	struct in_addr out[4];

	(void)state;
	assert_int_equal(address_allot(policy, NULL, 0, out), 0);
	expect(out,
	    (const char *const[]){"127.90.0.1", "127.90.0.3", "127.90.0.2", "127.90.0.4"}, 4);
	policy_free(policy);
}

static void
keeps(void **state)
{
	struct policy *policy = load(VM("new") VM("old") VM("moved"));
	const struct address_kept list[] = {
	    kept("gone", "127.90.0.1"), kept("old", "127.90.0.7"), kept("moved", "127.90.0.2")};
	struct in_addr out[3];

	(void)state;
	assert_int_equal(address_allot(policy, list, 3, out), 0);
	expect(out, (const char *const[]){"127.90.0.3", "127.90.0.7", "127.90.0.2"}, 3);
	policy_free(policy);
}

/* The file may say anything: nobody gets what is another's or not ours to give. */
static void
distrusts_what_was_kept(void **state)
{
	struct policy *policy =
	    load(VM("a") VM("b") VM("c") VM("d") VM("e") VM("fixed") "address = 127.90.0.9\n");
	const struct address_kept list[] = {kept("a", "127.90.0.9"), kept("b", "10.0.0.1"),
	    kept("c", "127.90.0.5"), kept("d", "127.90.0.5"), kept("e", "127.90.0.0"),
	    kept("fixed", "127.90.0.1")};
	struct in_addr out[6];

	(void)state;
	assert_int_equal(address_allot(policy, list, 6, out), 0);
	expect(out,
	    (const char *const[]){"127.90.0.2", "127.90.0.3", "127.90.0.5", "127.90.0.4",
		"127.90.0.6", "127.90.0.9"},
	    6);
	policy_free(policy);
}

/* Told what it gave, it gives the same. */
static void
is_stable(void **state)
{
	struct policy *policy = load(VM("a") VM("b") VM("c"));
	struct address_kept list[3];
	struct in_addr once[3], twice[3];

	(void)state;
	assert_int_equal(address_allot(policy, NULL, 0, once), 0);
	for (size_t i = 0; i < 3; i++) {
		list[i] = kept(policy_vm(policy, i)->name, "0.0.0.0");
		list[i].address = once[i];
	}
	policy_free(policy);
	policy = load(VM("c") VM("a") VM("b"));
	assert_int_equal(address_allot(policy, list, 3, twice), 0);
	assert_int_equal(twice[0].s_addr, once[2].s_addr);
	assert_int_equal(twice[1].s_addr, once[0].s_addr);
	assert_int_equal(twice[2].s_addr, once[1].s_addr);
	policy_free(policy);
}

static void
all_taken(void **state)
{
	struct policy *policy = load(VM("a") VM("b"));
	struct address_kept *list = calloc(65533, sizeof(*list));
	struct in_addr out[2];

	(void)state;
	assert_non_null(list);
	for (uint32_t i = 0; i < 65533; i++)
		list[i].address.s_addr = htonl(0x7f5a0001 + i);
	assert_int_equal(address_allot(policy, list, 65533, out), -ENOSPC);
	expect(out, (const char *const[]){"127.90.255.254", "0.0.0.0"}, 2);
	free(list);
	policy_free(policy);
}

static void
reads_lines(void **state)
{
	struct address_kept *list = NULL;
	char path[128];
	size_t n = 9;

	(void)state;
	put("addresses",
	    "webdev 127.90.0.1\nbroken\n 127.90.0.2\nx 127.90.0.300\n"
	    "y  127.90.0.3\nwiki 127.90.0.4\n"
	    "a-name-that-is-longer-than-sixty-three-bytes-and-so-is-not-a-vms-name 127.90.0.5\n"
	    "cut 127.90.0.6");
	snprintf(path, sizeof(path), "%s/addresses", folder);
	assert_int_equal(address_read_kept(path, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "webdev");
	assert_string_equal(list[1].name, "wiki");
	assert_string_equal(inet_ntoa(list[1].address), "127.90.0.4");
	free(list);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(address_read_kept(path, &list, &n), -ENOENT);
	assert_null(list);
	assert_int_equal(n, 0);
}

static int
make_folder(void **state)
{
	(void)state;
	/* Where only root may write: policy files elsewhere are refused. */
	snprintf(folder, sizeof(folder), "/run/test-address-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {
	    "sallyport.conf", "vms.conf", "vm_mappings", "yubikey_mappings"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),
	    cmocka_unit_test(keeps),
	    cmocka_unit_test(distrusts_what_was_kept),
	    cmocka_unit_test(is_stable),
	    cmocka_unit_test(all_taken),
	    cmocka_unit_test(reads_lines),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
