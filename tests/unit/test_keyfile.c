/* Key files: every form that is taken, and every reason to refuse one. */
#include "verify/keyfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UID "0102030405ff"
#define AES "000102030405060708090a0b0c0d0e0f"
#define B64 "AAECAwQFBgcICQoLDA0ODw=="

/* The first entry of a text in a format that is expected. */
static enum keyfile_kind
first(enum keyfile_format format, const char *text, struct keyfile_entry *entry)
{
	struct keyfile file;
	enum keyfile_kind kind;

	assert_int_equal(keyfile_open(&file, text, strlen(text), NULL), format);
	kind = keyfile_next(&file, entry);
	if (kind == KEYFILE_BAD || kind == KEYFILE_OTHER) {
		assert_non_null(entry->why);
		assert_null(strstr(entry->why, UID));
	}
	return kind;
}

static void
is_the_key(const struct keyfile_entry *entry, const char *id, const char *note)
{
	static const uint8_t uid[6] = {1, 2, 3, 4, 5, 0xff};

	assert_string_equal(entry->id, id);
	assert_string_equal(entry->note, note);
	assert_memory_equal(entry->key.uid, uid, 6);
	for (size_t b = 0; b < 16; b++)
		assert_int_equal(entry->key.aes[b], b);
}

static void
lines_give_the_key(void **state)
{
	static const struct {
		const char *line, *id, *note;
	} table[] = {
	    /* ykman */
	    {"4711,vvccccccccbd," UID "," AES ",,2026-11-21T01:32:57,\n", "vvccccccccbd",
		"serial 4711"},
	    {"4711,vvccccccccbd," UID "," AES ",0a0b0c0d0e0f,2026-11-21T01:32:57,\r\n",
		"vvccccccccbd", "serial 4711"},
	    {",VVCCCCCCCCBD,0102030405FF,000102030405060708090A0B0C0D0E0F,,,", "vvccccccccbd",
		""},
	    {"\xef\xbb\xbf"
	     "4711,vvcc," UID "," AES ",,,",
		"vvcc", "serial 4711"},
	    /* ykksm */
	    {"# ykksm 1\n1,cccccccccccb," UID "," AES ",000000000000,2026-01-01T00:00:00,",
		"cccccccccccb", "serial 1"},
	    {"# ykksm 1\r\n# serialnr,identity,…\r\n1,cccccccccccb," UID "," AES
	     ",000000000000,2026-01-01T00:00:00,,a # b,c\r\n",
		"cccccccccccb", "serial 1"},
	    {" 1 , cb ," UID " ," AES ",,,", "cb", "serial 1"},
	    {"1,cccccccccccccccccccccccccccccccb," UID "," AES ",,,",
		"cccccccccccccccccccccccccccccccb", "serial 1"},
	    /* a private id that happens to be all digits is one */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct keyfile_entry entry;
		assert_int_equal(first(KEYFILE_CSV, table[i].line, &entry), KEYFILE_KEY);
		is_the_key(&entry, table[i].id, table[i].note);
	}
}

static void
bad_lines_are_refused_and_leave_nothing(void **state)
{
	static const char *const table[] = {
	    "vvcc",
	    "4711,vvcc," UID "," AES,                   /* cut */
	    "4711,vvcc," UID "," AES ",,2026-11-21T01", /* cut in the date */
	    "4711,vvcc," UID "," AES ",,d,e,f,g",       /* 9 fields */
	    "x,vvcc," UID "," AES ",,,",
	    "12345678901,vvcc," UID "," AES ",,,",
	    "4711,," UID "," AES ",,,",    /* no public id */
	    "4711,vvc," UID "," AES ",,,", /* odd */
	    "4711,vvca," UID "," AES ",,,",
	    "4711,cccccccccccccccccccccccccccccccccc," UID "," AES ",,,", /* 34 */
	    "4711,vvcc,0102030405f," AES ",,,",
	    "4711,vvcc,0102030405fff," AES ",,,",
	    "4711,vvcc,0102030405fg," AES ",,,",
	    "4711,vvcc," UID ",000102030405060708090a0b0c0d0e0,,,",
	    "4711,vvcc," UID "," AES "00,,,",
	    "4711,vvcc," UID ",zz0102030405060708090a0b0c0d0e0f,,,",
	    "4711,vvcc," UID ",00000000000000000000000000000000,,,",
	    "4711;vvcc;" UID ";" AES ";;;",
	};
	static const struct crypt_key none;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct keyfile_entry entry;
		assert_int_equal(first(KEYFILE_CSV, table[i], &entry), KEYFILE_BAD);
		assert_memory_equal(&entry.key, &none, sizeof(none));
		assert_int_equal(entry.line, 1);
	}
}

static void
other_slots_and_comments_are_passed_over(void **state)
{
	static const char text[] = "# keys\n\n \t\r\n"
				   "4711,ubhecccccccc,0," AES "00000000,,d,\n" /* HOTP */
				   "4711,,," AES ",,d,\n"                      /* static */
				   "4711,,0," AES ",,d,\n" /* challenge-response */
				   "4711,vvcc,010203040506," AES ",,d,\n";
	struct keyfile_entry entry;
	struct keyfile file;

	(void)state;
	assert_int_equal(keyfile_open(&file, text, strlen(text), NULL), KEYFILE_CSV);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t line = 4; line < 7; line++) {
			assert_int_equal(keyfile_next(&file, &entry), KEYFILE_OTHER);
			assert_int_equal(entry.line, line);
		}
		assert_int_equal(keyfile_next(&file, &entry), KEYFILE_KEY);
		assert_int_equal(entry.line, 7);
		assert_int_equal(keyfile_next(&file, &entry), KEYFILE_END);
		assert_int_equal(keyfile_next(&file, &entry), KEYFILE_END);
		keyfile_rewind(&file);
	}
}

static void
long_lines_and_nul_are_refused(void **state)
{
	static char line[2048];
	struct keyfile_entry entry;
	struct keyfile file;

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "1,cb," UID "," AES ",,,", 4 + 1 + 12 + 1 + 32 + 3);
	keyfile_open(&file, line, 1024, NULL);
	assert_int_equal(keyfile_next(&file, &entry), KEYFILE_KEY);
	keyfile_open(&file, line, 1025, NULL);
	assert_int_equal(keyfile_next(&file, &entry), KEYFILE_BAD);
	line[1000] = '\0';
	keyfile_open(&file, line, 1024, NULL);
	assert_int_equal(keyfile_next(&file, &entry), KEYFILE_BAD);
	keyfile_open(&file, line, 0, NULL);
	assert_int_equal(keyfile_next(&file, &entry), KEYFILE_END);
}

static void
formats_are_told_by_their_content(void **state)
{
	static const struct {
		const char *text;
		enum keyfile_format format;
	} table[] = {
	    {"# ykksm 1\n1,cb,", KEYFILE_CSV},
	    {"4711,vvcc", KEYFILE_CSV},
	    {"", KEYFILE_CSV},
	    {"-----BEGIN PGP MESSAGE-----\n", KEYFILE_FOREIGN},
	    {"\x85\x02\x0c\x03", KEYFILE_FOREIGN},
	    {"\xff\xfe"
	     "1\0",
		KEYFILE_FOREIGN},
	    {"{\"yubiProdConfig\"", KEYFILE_FOREIGN},
	    {"1,1,1383728711,mG5be6ZJU1qBGz24yPh/ESM3UdU=,a@b,notes,vvcc", KEYFILE_FOREIGN},
	    {" \r\n<?xml version=\"1.0\"?>", KEYFILE_PSKC},
	    {"\xef\xbb\xbf<KeyContainer/>", KEYFILE_PSKC},
	    {"fixed: m:vvcc", KEYFILE_DUMP},
	    {"Firmware version 3.2.0\n\nfixed: m:vvcc", KEYFILE_DUMP},
	    {"LOGGING START,1\nYubico OTP,1,1,vvcc," UID "," AES ",,,0,0,0,0,0,0,0,0,0,0",
		KEYFILE_TRADITIONAL},
	    {"1,1383728711,1383728711,vvcc,1,2,3,4,nonce,notes", KEYFILE_COUNTERS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *what = NULL;
		struct keyfile file;
		assert_int_equal(
		    keyfile_open(&file, table[i].text, strlen(table[i].text), &what),
		    table[i].format);
		assert_int_equal(what != NULL, table[i].format == KEYFILE_FOREIGN);
	}
}

#define TAIL ",000000000000,000000000000,0,0,0,0,0,0,0,0,0,0"

static void
traditional_logs_in_any_language(void **state)
{
	static const char text[] =
	    "LOGGING START,21/11/2026 01:32\r\n"
	    "Yubico OTP,21/11/2026 01:33,1,vvccccccccbd," UID "," AES TAIL "\r\n"
	    "D\xc3\xa9marrage,samedi, 21 novembre 2026\r\n"
	    "OTP Yubico,samedi, 21 novembre 2026, 01:34,2,vvccccccccbe," UID "," AES TAIL "\r\n"
	    "OATH-HOTP,21/11/2026 01:35,2,ubhecccccccc,," AES "00000000" TAIL "\r\n"
	    "Static Password,21/11/2026 01:36,2,,," AES TAIL "\r\n"
	    "Yubico OTP,21/11/2026 01:37,1,vvccccccccbf," UID ",0102" TAIL "\r\n"
	    "Yubico OTP,21/11/2026 01:37,1,vvccccccccbf," UID "," AES ",0,0";
	static const enum keyfile_kind kinds[] = {KEYFILE_KEY, KEYFILE_KEY, KEYFILE_OTHER,
	    KEYFILE_OTHER, KEYFILE_BAD, KEYFILE_BAD, KEYFILE_END};
	static const size_t lines[] = {2, 4, 5, 6, 7, 8};
	struct keyfile_entry entry;
	struct keyfile file;

	(void)state;
	assert_int_equal(keyfile_open(&file, text, strlen(text), NULL), KEYFILE_TRADITIONAL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(keyfile_next(&file, &entry), kinds[i]);
		if (kinds[i] == KEYFILE_KEY)
			is_the_key(&entry, i == 0 ? "vvccccccccbd" : "vvccccccccbe", "");
		if (kinds[i] != KEYFILE_END)
			assert_int_equal(entry.line, lines[i]);
	}
}

static void
counters_without_secrets(void **state)
{
	static const struct {
		const char *line;
		enum keyfile_kind kind;
		uint32_t counter;
		bool is_inactive;
	} table[] = {
	    {"1,1383728711,1383728712,vvcc,19,17,100,2,abcdef,", KEYFILE_COUNTER, 19 << 8 | 17,
		false},
	    {"0,1383728711,1383728712,VVCC,0,0,100,2,abcdef,a note, with a comma\r\n",
		KEYFILE_COUNTER, 0, true},
	    {"1,1383728711,1383728712,vvcc,-1,-1,-1,-1,,", KEYFILE_COUNTER, 0, false},
	    {"1,1383728711,1383728712,vvcc,32767,255,0,0,,", KEYFILE_COUNTER, 0x7fffff, false},
	    {"1,1383728711,1383728712,vvcc,32768,0,0,0,,", KEYFILE_BAD, 0, false},
	    {"1,1383728711,1383728712,vvcc,1,256,0,0,,", KEYFILE_BAD, 0, false},
	    {"1,1383728711,1383728712,vvcc,-1,1,0,0,,", KEYFILE_BAD, 0, false},
	    {"1,1383728711,1383728712,vvcc,99999999999,1,0,0,,", KEYFILE_BAD, 0, false},
	};
	struct keyfile_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(first(KEYFILE_COUNTERS, table[i].line, &entry), table[i].kind);
		assert_int_equal(entry.counter, table[i].counter);
		if (table[i].kind == KEYFILE_COUNTER) {
			assert_int_equal(entry.is_inactive, table[i].is_inactive);
			assert_string_equal(entry.id, "vvcc");
		}
	}
}

#define DUMP_KEY "uid: " UID "\nkey: h:" AES "\nacc_code: h:000000000000\n"

static void
dumps_of_ykpersonalize(void **state)
{
	static const char text[] =
	    "Firmware version 3.2.0 Touch level 1541 Program sequence 1\n\n"
	    "Configuration data to be written to key configuration 1:\n\n"
	    "fixed: m:vvccccccccbd\n" DUMP_KEY "ticket_flags: APPEND_CR\nconfig_flags:\n"
	    "\nCommit? (y/n) [n]:\n"
	    "fixed: m:vvccccccccbe\r\n" DUMP_KEY "config_flags: STATIC_TICKET\r\n"
	    "fixed: m:\n" DUMP_KEY "fixed: m:vvccccccccbf\nuid: n/a\nkey: h:" AES "\n"
	    "fixed: m:vvccccccccbf\nuid: " UID "\nuid: " UID "\nkey: h:" AES "\n"
	    "fixed: m:vvccccccccbg\nuid: " UID "\n"
	    "fixed: m:vvccccccccbh\n" DUMP_KEY;
	static const enum keyfile_kind kinds[] = {KEYFILE_KEY, KEYFILE_OTHER, KEYFILE_BAD,
	    KEYFILE_BAD, KEYFILE_BAD, KEYFILE_BAD, KEYFILE_KEY, KEYFILE_END};
	static const size_t lines[] = {5, 13, 18, 23, 25, 29, 31};
	struct keyfile_entry entry;
	struct keyfile file;

	(void)state;
	assert_int_equal(keyfile_open(&file, text, strlen(text), NULL), KEYFILE_DUMP);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(keyfile_next(&file, &entry), kinds[i]);
		if (kinds[i] == KEYFILE_KEY)
			is_the_key(&entry, i == 0 ? "vvccccccccbd" : "vvccccccccbh", "");
		if (kinds[i] != KEYFILE_END)
			assert_int_equal(entry.line, lines[i]);
	}
}

#define ALGORITHM "Algorithm=\"http://www.yubico.com/#yubikey-aes\""
#define PSKC(inner)                                                                            \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                         \
	"<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n" inner \
	"</KeyContainer>\n"
#define PACKAGE(key)                                                                           \
	"<KeyPackage><DeviceInfo><SerialNo>4711</SerialNo></DeviceInfo>\n" key "</KeyPackage>"
#define KEY(attr, secret, user)                                                                \
	"<Key Id=\"1:1\" " attr "><Data><Secret>" secret "</Secret><Counter>"                  \
	"<PlainValue>0</PlainValue></Counter></Data><UserId>" user "</UserId></Key>"
#define PLAIN(text) "<PlainValue>" text "</PlainValue>"
#define USER        "CN=vvccccccccbd, UID=" UID

static void
containers_in_xml(void **state)
{
	static const struct {
		const char *text;
		enum keyfile_kind kind;
	} table[] = {
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64), USER))), KEYFILE_KEY},
	    {PSKC("<!-- <Key> --><x:KeyPackage xmlns:x='u'>\n<x:DeviceInfo><x:SerialNo> 4711 "
		  "</x:SerialNo></x:DeviceInfo><x:Key " ALGORITHM ">"
		  "<x:UserId>UID=" UID ",CN=VVCCCCCCCCBD</x:UserId><x:Data><x:Secret>"
		  "<x:PlainValue>\n " B64 "\r\n</x:PlainValue></x:Secret></x:Data></x:Key>"
		  "</x:KeyPackage>"),
		KEYFILE_KEY},
	    {PSKC(PACKAGE(KEY(
		 "Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"", PLAIN(B64), USER))),
		KEYFILE_OTHER},
	    {PSKC(PACKAGE(KEY("", PLAIN(B64), USER))), KEYFILE_OTHER},
	    {PSKC(PACKAGE(KEY(ALGORITHM, "<EncryptedValue>x</EncryptedValue>", USER))),
		KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, "", USER))), KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64) PLAIN(B64), USER))), KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN("AAECAwQFBgcICQoLDA0ODx=="), USER))),
		KEYFILE_BAD}, /* bits behind the end */
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN("AAECAwQFBgcICQoLDA0O"), USER))), KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN("AAAAAAAAAAAAAAAAAAAAAA=="), USER))),
		KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN("AAEC&#65;wQFBgcICQoLDA0="), USER))),
		KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64), "CN=vvcc"))), KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64), "CN=vvca, UID=" UID))), KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64), "CN=vvcc, UID=01"))), KEYFILE_BAD},
	    {PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64), "CN=vvcc, UID=" UID ", O=x"))),
		KEYFILE_BAD},
	    {PSKC(""), KEYFILE_END},
	    {"<html><Key " ALGORITHM "/></html>", KEYFILE_BAD},
	    {"<!DOCTYPE a [<!ENTITY b \"c\">]>" PSKC(""), KEYFILE_BAD},
	    {PSKC("<![CDATA[x]]>"), KEYFILE_BAD},
	    {PSKC("<?php ?>"), KEYFILE_BAD},
	    {PSKC("<a><b></a></b>"), KEYFILE_BAD},
	    {PSKC("<a x=\"1\" x=\"2\"/>"), KEYFILE_BAD},
	    {PSKC("<a x=1/>"), KEYFILE_BAD},
	    {PSKC("<a x=\"<\"/>"), KEYFILE_BAD},
	    {PSKC("<!-- "), KEYFILE_BAD},
	    {PSKC("") "<more/>", KEYFILE_BAD},
	    {PSKC("") "more", KEYFILE_BAD},
	    {"<", KEYFILE_BAD},
	    {"<a", KEYFILE_BAD},
	    {"<a b", KEYFILE_BAD},
	    {"<a b=\"", KEYFILE_BAD},
	    {"<?xml version", KEYFILE_BAD},
	    {"<KeyContainer>", KEYFILE_BAD},
	};
	struct keyfile_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (first(KEYFILE_PSKC, table[i].text, &entry) != table[i].kind)
			fail_msg("%zu: %s", i, entry.why != NULL ? entry.why : "");
		if (table[i].kind == KEYFILE_KEY)
			is_the_key(&entry, "vvccccccccbd", "serial 4711");
	}
}

static void
xml_is_bounded(void **state)
{
	char *deep = calloc(1, 400000);
	struct keyfile_entry entry;

	(void)state;
	assert_non_null(deep);
	for (size_t i = 0; i < 100000; i++)
		memcpy(deep + 3 * i, "<a>", 3);
	assert_int_equal(first(KEYFILE_PSKC, deep, &entry), KEYFILE_BAD);
	memset(deep, 'a', 100);
	*deep = '<';
	memcpy(deep + 100, "/>", 3); /* a name of 99 */
	assert_int_equal(first(KEYFILE_PSKC, deep, &entry), KEYFILE_BAD);
	/* Every beginning of a good one, cut anywhere, ends in one BAD. */
	snprintf(deep, 4000, "%s", PSKC(PACKAGE(KEY(ALGORITHM, PLAIN(B64), USER))));
	for (size_t len = strlen(deep) - 2; len > 0; len--) {
		struct keyfile file;
		enum keyfile_kind kind = KEYFILE_KEY;
		keyfile_open(&file, deep, len, NULL);
		if (file.format != KEYFILE_PSKC)
			continue;
		for (int i = 0; kind == KEYFILE_KEY && i < 3; i++)
			kind = keyfile_next(&file, &entry);
		assert_int_equal(kind, KEYFILE_BAD);
		assert_int_equal(keyfile_next(&file, &entry), KEYFILE_END);
	}
	free(deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_give_the_key),
	    cmocka_unit_test(bad_lines_are_refused_and_leave_nothing),
	    cmocka_unit_test(other_slots_and_comments_are_passed_over),
	    cmocka_unit_test(long_lines_and_nul_are_refused),
	    cmocka_unit_test(formats_are_told_by_their_content),
	    cmocka_unit_test(traditional_logs_in_any_language),
	    cmocka_unit_test(counters_without_secrets),
	    cmocka_unit_test(dumps_of_ykpersonalize),
	    cmocka_unit_test(containers_in_xml),
	    cmocka_unit_test(xml_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
