/* For each key:
 *
 *   <KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
 *     <KeyPackage>
 *       <DeviceInfo><SerialNo>1</SerialNo></DeviceInfo>
 *       <Key Id="1:1" Algorithm="http://www.yubico.com/#yubikey-aes">
 *         <Data><Secret><PlainValue>base64 of the AES key</PlainValue></Secret></Data>
 *         <UserId>CN=public id, UID=private id in hex</UserId>
 *       </Key>
 *     </KeyPackage>
 *   </KeyContainer>
 *
 * Other elements are passed over. An encrypted value is no key to us. */
#include "verify/pskc.h"

#include "lib/secret.h"
#include "verify/keycsv.h"

#define ALGORITHM "http://www.yubico.com/#yubikey-aes"

/* What a <Key> has shown so far. */
struct key {
	size_t line;
	bool is_ours; /* its algorithm is that of YubiKey OTPs */
	bool is_encrypted, has_secret, has_user, is_double;
	struct keyfield secret, user;
};

static bool
take_once(bool *has, struct keyfield *place, struct keyfield text)
{
	bool is_first = !*has;

	*has = true;
	*place = keyfield_trim(text);
	return is_first;
}

static void
take_text(const struct xml *xml, struct key *key)
{
	struct keyfield in = xml_above(xml, 0);

	if (keyfield_is(in, "PlainValue") && keyfield_is(xml_above(xml, 1), "Secret")) {
		if (!take_once(&key->has_secret, &key->secret, xml->text))
			key->is_double = true;
	} else if (keyfield_is(in, "UserId")) {
		if (!take_once(&key->has_user, &key->user, xml->text))
			key->is_double = true;
	}
}

/* "CN=vvccccccccbd, UID=0102030405ff", in any order. NULL or what is wrong. */
static const char *
read_user(struct keyfield user, struct keyfile_entry *entry)
{
	struct keyfield f[2], *cn = &f[0], *uid = &f[1];

	if (keyfield_split(user, f, 2) != 2)
		return "UserId is not \"CN=public id, UID=private id\"";
	if (keyfield_begins(f[0], "UID=")) {
		cn = &f[1];
		uid = &f[0];
	}
	if (!keyfield_begins(*cn, "CN=") || !keyfield_begins(*uid, "UID="))
		return "UserId is not \"CN=public id, UID=private id\"";
	if (!keyfield_id((struct keyfield){cn->at + 3, cn->len - 3}, entry->id))
		return "CN in UserId is not 2 to 32 modhex characters";
	if (!keyfield_hex(
		(struct keyfield){uid->at + 4, uid->len - 4}, entry->key.uid, CRYPT_UID))
		return "UID in UserId is not 12 hex digits";
	return NULL;
}

static const char *
read_key(const struct key *key, struct keyfile_entry *entry)
{
	const char *why;

	if (key->is_encrypted)
		return "the key's value is encrypted: export it in the clear, into gpg";
	if (key->is_double)
		return "PlainValue or UserId is there twice";
	if (!key->has_secret)
		return "PlainValue of Secret is missing";
	if (!key->has_user)
		return "UserId is missing: without it the key has no public id";
	why = read_user(key->user, entry);
	if (why != NULL)
		return why;
	if (!keyfield_base64(key->secret, entry->key.aes))
		return "PlainValue is not 16 bytes in base64";
	return keycsv_check_aes(&entry->key);
}

static enum keyfile_kind
end_key(struct keyfile *file, const struct key *key, struct keyfile_entry *entry)
{
	entry->line = key->line;
	if (!key->is_ours) {
		entry->why = "not a YubiKey OTP key (Algorithm)";
		return KEYFILE_OTHER;
	}
	entry->why = read_key(key, entry);
	if (entry->why != NULL) {
		secret_wipe(&entry->key, sizeof(entry->key));
		return KEYFILE_BAD;
	}
	if (keyfield_is_digits(file->serial, 10))
		keycsv_note_serial(entry, file->serial);
	return KEYFILE_KEY;
}

/* Up to the key's end. XML_CLOSE, or XML_BAD. */
static enum xml_token
take_key(struct xml *xml, struct key *key)
{
	size_t outside = xml->depth - 1;
	enum xml_token token;

	for (;;) {
		token = xml_next(xml);
		if (token == XML_BAD || (token == XML_CLOSE && xml->depth == outside))
			return token;
		if (token == XML_TEXT)
			take_text(xml, key);
		else if (token == XML_OPEN && keyfield_is(xml->name, "EncryptedValue"))
			key->is_encrypted = true;
	}
}

static enum keyfile_kind
broken(struct keyfile *file, struct keyfile_entry *entry)
{
	file->is_over = true;
	entry->line = file->xml.line;
	entry->why = file->xml.why;
	return KEYFILE_BAD;
}

/* A token outside of keys. */
static const char *
take_outer(struct keyfile *file, enum xml_token token)
{
	const struct xml *xml = &file->xml;

	if (token == XML_OPEN && xml->depth == 1 && !keyfield_is(xml->name, "KeyContainer"))
		return "this XML is no key container (PSKC)";
	if (token == XML_OPEN && keyfield_is(xml->name, "KeyPackage"))
		file->serial = (struct keyfield){"", 0};
	if (token == XML_TEXT && keyfield_is(xml_above(xml, 0), "SerialNo"))
		file->serial = keyfield_trim(xml->text);
	return NULL;
}

enum keyfile_kind
pskc_next(struct keyfile *file, struct keyfile_entry *entry)
{
	struct xml *xml = &file->xml;
	enum xml_token token;
	struct key key;

	while (!file->is_over) {
		token = xml_next(xml);
		if (token == XML_END)
			return KEYFILE_END;
		if (token == XML_OPEN && keyfield_is(xml->name, "Key") && xml->depth > 1) {
			key = (struct key){.line = xml->line,
			    .is_ours = keyfield_is(xml_attr(xml, "Algorithm"), ALGORITHM)};
			token = take_key(xml, &key);
			if (token != XML_BAD)
				return end_key(file, &key, entry);
		}
		if (token != XML_BAD)
			xml->why = take_outer(file, token);
		if (xml->why != NULL)
			return broken(file, entry);
	}
	return KEYFILE_END;
}
