/* Every message between Sallyport's processes: numbers and fields, in order.
 * A message begins with the header {u8 PROTO_VERSION, u8 type, u32 id}; an
 * answer carries the id of its request. Fields are packed as in wire.h; "str"
 * is u16 length and bytes without NUL. A receiver refuses unknown versions and
 * types, missing fields and bytes left over. */
#ifndef SALLYPORT_LIB_PROTO_H
#define SALLYPORT_LIB_PROTO_H

#include "lib/wire.h"

#include <stdint.h>

#define PROTO_VERSION 1

/* Field bounds, in bytes without the final NUL. */
#define PROTO_NAME_MAX      255 /* user, group, VM, right, service, host */
#define PROTO_TEXT_MAX      1023
#define PROTO_OTP_MAX       128
#define PROTO_PUBLIC_ID_MAX 32 /* modhex characters */
#define PROTO_KEY_MAX       12288 /* one line of SSH_AUTH_INFO_0 */
#define PROTO_AUTH_LINES    8
#define PROTO_GROUPS_MAX    512
#define PROTO_ADDRESSES_MAX 16 /* of one host */
#define PROTO_KEYS_MAX      64 /* YubiKeys of one user */
#define PROTO_PATH_MAX      1023
#define PROTO_WORDS_MAX     64 /* of a command line */
#define PROTO_FOLDERS_MAX   512 /* of one file transfer */

enum proto_type {
	PROTO_NONE = 0,

	/* pam.sock, from the module (root). LOGIN fields: str service, str user,
	 * str rhost, str tty, str ruser, u8 n, n * {str method, str data} (the lines of
	 * SSH_AUTH_INFO_0; data "" when longer than PROTO_KEY_MAX). From a service other
	 * than sshd, ACCOUNT, OPEN and CLOSE are answered by UNCONCERNED or REFUSED. */
	PROTO_PAM_BEGIN = 1,   /* LOGIN -> PROMPT or REFUSED */
	PROTO_PAM_OTP = 2,     /* str otp -> GRANTED or REFUSED */
	PROTO_PAM_ACCOUNT = 3, /* LOGIN -> GRANTED or REFUSED */
	PROTO_PAM_OPEN = 4,    /* LOGIN -> GRANTED or REFUSED */
	PROTO_PAM_CLOSE = 5,   /* LOGIN -> GRANTED or REFUSED */
	PROTO_PAM_PROMPT = 6,  /* str text, u16 n (<= PROTO_KEYS_MAX), n * str public id (the
	                          user's, for password and OTP in one line) */
	PROTO_PAM_GRANTED = 7, /* no field */
	PROTO_PAM_REFUSED = 8, /* u8 enum proto_refusal, str text for the user */
	PROTO_PAM_UNCONCERNED = 9, /* no field: an OTP is asked here, and nothing else; to
	                              BEGIN_GATED: not known to be gated by that group */
	PROTO_PAM_BEGIN_GATED = 10, /* str group of the PAM file, LOGIN -> as BEGIN if the user is
	                               gated by this group, else UNCONCERNED: then the module
	                               looks for itself, and asks by BEGIN if he is */

	/* admin.sock, from the CLI (root). */
	PROTO_ADMIN_STATUS = 20,  /* no field -> ROW..., END */
	PROTO_ADMIN_LIST = 21,    /* str what: vms users connections channels seats locks
	                             -> ROW..., END */
	PROTO_ADMIN_SHOW = 22,    /* no field -> ROW{key, value, origin}..., END */
	PROTO_ADMIN_EXPLAIN = 23, /* str user, str vm, str right, u64 time (s since epoch, 0 = now)
	                             -> ROW..., END (exit 0 allow, 1 deny) */
	PROTO_ADMIN_RELOAD = 24,  /* u8 flags: 1 dry run, 2 force -> ROW..., END */
	PROTO_ADMIN_KEYS_IMPORT = 25,  /* u8 flags: 1 dry run; one descriptor -> END */
	PROTO_ADMIN_KEYS_LIST = 26,    /* str after (public id, "" = from the start) -> ROW..., END */
	PROTO_ADMIN_KEYS_DISABLE = 27, /* str public id -> END */
	PROTO_ADMIN_DISCONNECT = 28, /* str what: "anne", "c12" or "ch340" -> END */
	PROTO_ADMIN_LOCK = 29,       /* str user ("*": all), str reason -> END */
	PROTO_ADMIN_UNLOCK = 30,     /* str user ("*": all) -> END */
	PROTO_ADMIN_KEYS_ENABLE = 31,  /* str public id -> END */
	PROTO_ADMIN_KEYS_CODES = 32,   /* str user, u8 n (<= 20): new recovery codes -> ROW..., END */
	PROTO_ADMIN_KEYS_TEST = 33,    /* str user ("" none), str public id that counts as his ("" none),
	                                  str otp -> ROW{result, key, counter, text}, END */
	PROTO_ADMIN_KEYS_ADD_API = 34, /* str public id, str note: a key of the validation service
	                                  -> END */
	PROTO_ADMIN_KEYS_DROP_API = 39, /* str public id: a KEYS_ADD_API taken back -> END */
	PROTO_ADMIN_KEYS_RECOVER = 35, /* u8 flags: 1 do it -> ROW..., END */
	PROTO_ADMIN_ROW = 40, /* u16 n, n * {str key, str value} */
	PROTO_ADMIN_END = 41, /* u8 exit status of the CLI, str text (may be "") */

	/* Every helper, once it is confined and ready; id 0. */
	PROTO_READY = 50, /* verify: u64 store sequence, u64 highest audit sequence it was told;
	                     recorder: u64 last audit sequence, u64 highest store sequence on record,
	                     u8 it goes on in audit.jsonl.new, whose name is to be made good;
	                     relay, names, api, virt: no field */

	/* supervisor -> verify. */
	PROTO_VERIFY_OTP = 60, /* str otp, u64 audit sequence, u16 n (<= PROTO_KEYS_MAX), n * str
	                          public id (the user's keys), str user (whose recovery codes
	                          count; "" nobody's) -> VERIFIED */
	PROTO_VERIFIED = 61,   /* u8 enum proto_otp, str public id ("" if none could be read),
	                          u32 counter (use << 8 | session), u64 store sequence */
	PROTO_KEYS_IMPORT = 62,  /* u8 flags: 1 dry run; one descriptor, a readable file or pipe of
	                            key lines (man/sallyport.8) -> KEYS_DONE */
	PROTO_KEYS_LIST = 63,    /* str after -> KEYS */
	PROTO_KEYS_DISABLE = 64, /* str public id -> KEYS_DONE */
	PROTO_KEYS = 65,      /* u8 more follow, u16 n, n * {str public id, u8 enum proto_key_state,
	                         u32 counter, u64 created (s since epoch), str note} */
	PROTO_KEYS_DONE = 66, /* u8 exit status of the CLI, str report */

	PROTO_VERIFY_LAYOUTS = 72, /* u32 keyboard layouts that OTPs may be typed through: 1 << each
	                              number of lib/layout.h; from now on; no answer */
	PROTO_VERIFY_NOTED = 79, /* u64 audit sequence that is on disk: to be kept, as an OTP's is;
	                            no answer */
	/* A key whose secret a validation service has: the OTP is claimed on disk, and
	 * the service must be asked (PROTO_API_OTP). Nothing but its OK, brought back by
	 * VERIFY_API, gives an accepted OTP. */
	PROTO_VERIFY_ASK = 67, /* in place of VERIFIED: str public id, u64 store sequence,
	                          str otp, normalised */
	PROTO_VERIFY_API = 68, /* the service said OK: str public id, u32 counter (0: it told
	                          none), u64 audit sequence -> VERIFIED */
	PROTO_KEYS_ADD_API = 69, /* str public id, str note -> KEYS_DONE */

	PROTO_KEYS_DROP_API = 78, /* str public id: its row goes, if it is a service's key, active,
	                             and less than an hour old; its claims stay -> KEYS_DONE */
	PROTO_KEYS_ENABLE = 70, /* str public id -> KEYS_DONE */
	PROTO_KEYS_RECOVER = 71, /* u64 store sequence, u64 audit sequence: what the log says; the
	                            store's own becomes at least the first and just the second
	                            -> KEYS_DONE */
	PROTO_KEYS_CODES = 73,	/* str user, u8 n (<= 20): new recovery codes in place of all that
	                           the user had, 0: none -> CODES or KEYS_DONE */
	PROTO_CODES = 74,	/* u16 n, n * str code: secret, told this once */
	PROTO_CODE_USED = 75,	/* id 0: str user, u8 number, u64 when (s since epoch), u16 left:
	                           one was used, and its user not told yet */
	PROTO_KEYS_WORN = 77,	/* id 0: u32 how many active keys are nearly worn out, str public id of
	                           one of them */
	PROTO_CODES_TOLD = 76,	/* str user: he was told of all; no answer */

	/* supervisor -> recorder. */
	PROTO_RECORD = 80,   /* u8 enum proto_keep, u16 n, n * {u8 enum audit_field, u8 kind (0
	                        number, 1 text), u64 | str} -> RECORDED or no answer */
	PROTO_RECORDED = 81, /* u32 errno (0 = on disk), u64 sequence */
	PROTO_RECORD_ROTATE = 82, /* str name that the old file has, too; one descriptor: the new,
	                             empty file, named audit.jsonl.new -> RECORD_DONE: errno 0: it
	                             goes on there; else as before in the old one */
	PROTO_RECORD_SYNC = 83,   /* no field: flush the folder -> RECORD_DONE */
	PROTO_RECORD_DONE = 84,   /* u32 errno */
	PROTO_RECORD_STATE = 85,  /* no field -> RECORDER_STATE */
	PROTO_RECORDER_STATE = 86, /* u64 sequence, u64 bytes, u64 first sequence of the file (0: it
	                              is empty), u32 its day (since 1970), u64 bytes free, u8 short of
	                              room, u64 denials dropped, {u8 enum proto_sink, u64 waiting, u64
	                              missed} of the journal, the same of the kernel's audit */

	/* supervisor -> relay, and back. A channel's number is the supervisor's. What the
	 * relay says has id 0, and for each channel ENDED once, as the last. */
	PROTO_RELAY_START = 100, /* u32 channel, u32 idle timeout (s, 0 none), u8 enum proto_mode, u32
	                            may (PROTO_MODE_SPICE: SPICE_MAY_* of spice/kind.h; _VNC: enum
	                            rfb_may of rfb/rfb.h); descriptors: client and VM; of a
	                            channel that was GREETED: VM */
	PROTO_RELAY_STOP = 101,  /* u32 channel -> RELAY_ENDED, unless it crossed one */
	PROTO_RELAY_ENDED = 102, /* u32 channel, u64 bytes client to VM, u64 bytes VM to client,
	                            u8 enum proto_ended, str why the rules of its protocol ended
	                            it ("" they didn't) */
	PROTO_RELAY_GREET = 103, /* u32 channel, u32 time for a SPICE client's greeting (ms);
	                            descriptor: client -> RELAY_GREETED, or RELAY_ENDED when it
	                            was too slow or closed */
	PROTO_RELAY_GREETED = 104, /* u32 channel, u8 SPICE link error (0: good), u8 channel type, u8
	                              channel id, u32 connection id (0 all three on an error);
	                              START, REFUSE or STOP must follow */
	PROTO_RELAY_REFUSE = 105,  /* u32 channel, u8 SPICE link error: answered so and closed
	                              -> RELAY_ENDED */
	PROTO_RELAY_SESSION = 106, /* u32 channel, u32 SPICE session id: before its client knows */
	PROTO_RELAY_COUNT = 107,   /* no field -> RELAY_COUNTS... */
	PROTO_RELAY_COUNTS = 108,  /* u8 is last, u16 n, n * {u32 channel, u64 bytes client to VM, u64
	                              bytes VM to client}, of live channels */

	/* supervisor -> names. */
	PROTO_NAMES_USER = 120,  /* str user, u16 n (<= PROTO_GROUPS_MAX), n * str group -> NAMED_USER */
	PROTO_NAMED_USER = 121,  /* u8 enum proto_name, u32 uid, u32 gid, u8 the uid has one name only,
	                            u16 n, n * u8 is a member (order of the request), str user,
	                            str home, str login shell (each "" when over its bound) */
	PROTO_NAMES_GROUP = 122, /* str group -> NAMED_GROUP */
	PROTO_NAMED_GROUP = 123, /* u8 enum proto_name, u32 gid */
	PROTO_NAMES_UID = 124,   /* u32 uid, u16 n, n * str group -> NAMED_USER */

	/* supervisor -> names: which addresses a host has. Asked of a process of its own,
	 * because a resolver may hang. */
	PROTO_NAMES_HOST = 126, /* str host -> NAMED_HOST */
	PROTO_NAMED_HOST = 127, /* u8 enum proto_name, u16 n (<= PROTO_ADDRESSES_MAX), n * str
	                           address, as text */

	/* shell.sock, from sallyport-shell (any user of the gated group). The answer to
	 * BEGIN and OTP is PROMPT, REFUSED, PLAN, STREAM, or a text: PAGE (pages only), VM,
	 * RIGHT and SEAT rows, END; EVENTs may follow a page's END. */
	PROTO_SHELL_BEGIN = 140,   /* u8 enum proto_ask, u8 PROTO_SHELL_* flags, str vm, str right
	                              (PROTO_ASK_WHY, _CONNECT; _SEAT, _VMS, _CONSOLE: vm; else ""), u32 length of the command, str its
	                              first PROTO_TEXT_MAX bytes */
	PROTO_SHELL_OTP = 141,     /* str otp, after a PROMPT */
	PROTO_SHELL_PROMPT = 142,  /* str about the try before ("" none), str prompt, u32 seconds */
	PROTO_SHELL_REFUSED = 143, /* u8 exit status, str text */
	PROTO_SHELL_PLAN = 144,    /* u8 enum proto_plan, str user, str home, str shell, u16 n
	                              (<= PROTO_WORDS_MAX), n * str word (PROTO_PLAN_RUN) */
	/* Times are words for people ("until Thu 24:00"), and with them s since epoch, 0 none. */
	PROTO_SHELL_PAGE = 145,    /* str user, str public id, str time, u64 time, str what users
	                              write for this gateway ("" its own name), u16 port of its
	                              sshd, u8 may have a shell */
	PROTO_SHELL_VM = 146,      /* str vm ("host": what may be run there), str title, str state
	                              ("running"), str when, u64 from, u64 until, u8 n (<= 2),
	                              n * {str seat, u8 enum proto_seat, str user, u64 since},
	                              u16 n, n * {str right, u16 port on the VM's address, 0 none};
	                              no right: none now */
	PROTO_SHELL_RIGHT = 147,   /* str vm, str right, u8 allowed, str why, str when, u64 from,
	                              u64 until */
	PROTO_SHELL_END = 148,     /* u8 exit status, u8 EVENTs follow */
	PROTO_SHELL_EVENT = 149,   /* str time, str vm, str right, str what */

	PROTO_SHELL_SEAT = 150,    /* str vm, str seat ("screen", "serial"), u8 enum proto_seat, str
	                              user, u64 since, u64 until, str the same in words, str what
	                              can be done about it ("" nothing) */
	PROTO_SHELL_AFRESH = 158,  /* the policy has changed: the VMs and RIGHTs so far are void */
	PROTO_SHELL_FOLDER = 151,  /* before a PLAN of PROTO_PLAN_FILES, one for each VM: str vm, str
	                              path, u8 it may be written to, u8 where this kernel has no
	                              better walls, reading will do (files_fallback) */
	PROTO_SHELL_CLAIM = 152,   /* after that PLAN: what the file server says it did. u32 lines left
	                              out before this one, u8 it is the last, str line ("" none)
	                              -> nothing; the last: ENDED */
	PROTO_SHELL_ENDED = 153,   /* id 0, or to the last CLAIM: str why ("" none): the transfer is to
	                              end now, as it does when the conversation ends */

	PROTO_SHELL_STREAM = 155, /* one descriptor: a connected stream socket, the client's end of the
	                             channel that was asked for; SHELL_CLOSED follows */
	PROTO_SHELL_CLOSED = 156, /* u8 exit status (0: both sides closed in order), str words */

	/* supervisor -> api, and back. */
	PROTO_API_OTP = 170,    /* str otp, normalised and claimed; u32 time for the answer (ms)
	                           -> API_ANSWER */
	PROTO_API_ANSWER = 171, /* u8 enum proto_api, u8 counter is there, u32 counter (use << 8 |
	                           session), str words for the log */
	PROTO_API_HOST = 172,   /* str host, u16 n, n * str address: from now on; no answer */
	PROTO_API_SERVER = 173, /* notice, id 0, after each answer of a server: u16 its place in
	                           api_url, u64 asked, u64 of these without a valid answer, u32
	                           median time of the last valid ones (us), u64 time of the last
	                           (s since epoch, 0: none), str words */

	/* supervisor -> virt, and back. A name is a libvirt domain's, or the path of a QMP
	 * socket: virt --libvirt and virt --qmp are two processes. */
	PROTO_VIRT_OPEN = 190,    /* u8 enum proto_console, str name, u32 time for the answer (ms)
	                             -> VIRT_OPENED */
	PROTO_VIRT_OPENED = 191,  /* u8 enum proto_virt; PROTO_VIRT_OK with one descriptor, a
	                             connected stream socket whose other end the console has */
	PROTO_VIRT_WATCH = 192,   /* u8 flags: 1 the first, 2 the last of a list; u16 n, n * str name:
	                             whose states are wanted, in place of the list before; no answer */
	PROTO_VIRT_CHANGED = 193, /* id 0: str name, u8 enum proto_vm_state */
	PROTO_VIRT_DIAL = 194,    /* id 0, virt --qmp: str path, one of the list: a connection to it is
	                             wanted, by VIRT_QMP */
	PROTO_VIRT_QMP = 195,     /* str path, u8 there is one descriptor: a connected stream socket
	                             whose listener was checked; no answer */
};

#define PROTO_SHELL_STDIN_TTY  1 /* standard input is a terminal */
#define PROTO_SHELL_STDOUT_TTY 2
#define PROTO_SHELL_DETAIL     4 /* PROTO_ASK_VMS: the rights within a console, too */

/* What the user asked for, as sallyport-shell reads it. */
enum proto_ask {
	PROTO_ASK_NOTHING = 0,
	PROTO_ASK_LOGIN = 1,    /* no command: a shell or the page */
	PROTO_ASK_COMMAND = 2,
	PROTO_ASK_TRANSFER = 3, /* a file transfer's command */
	PROTO_ASK_VMS = 4,
	PROTO_ASK_WHY = 5,
	PROTO_ASK_HELP = 6,
	PROTO_ASK_SEAT = 7,
	PROTO_ASK_CONSOLE = 8, /* a serial line */
	PROTO_ASK_CONNECT = 9, /* any endpoint */
};

/* Whose the place at a VM's screen or serial line is, to who asks. */
enum proto_seat {
	PROTO_SEAT_NONE = 0,
	PROTO_SEAT_FREE = 1,
	PROTO_SEAT_YOURS = 2,
	PROTO_SEAT_TAKEN = 3,
};

/* What sallyport-shell shall execute. */
enum proto_plan {
	PROTO_PLAN_NOTHING = 0,
	PROTO_PLAN_LOGIN = 1,   /* shell, as a login shell */
	PROTO_PLAN_COMMAND = 2, /* shell -c the command that was asked for */
	PROTO_PLAN_RUN = 3,     /* the words */
	PROTO_PLAN_FILES = 4,   /* the file transfer that was asked for, confined to the FOLDERs */
};

/* Why the module was refused; it turns this into PAM's code. */
enum proto_refusal {
	PROTO_REFUSED_POLICY = 0,      /* PAM_PERM_DENIED */
	PROTO_REFUSED_OTP = 1,         /* PAM_AUTH_ERR */
	PROTO_REFUSED_UNAVAILABLE = 2, /* PAM_AUTHINFO_UNAVAIL */
	PROTO_REFUSED_NO_KEY = 3,      /* PAM_USER_UNKNOWN */
};

/* What verify found. Only PROTO_OTP_OK and _CODE let anyone in; the OTP or code
 * is then spent on disk. PROTO_OTP_FOREIGN, too, has spent it. */
enum proto_otp {
	PROTO_OTP_FAILED = 0,   /* store failed or out of order: no answer */
	PROTO_OTP_OK = 1,
	PROTO_OTP_GARBLED = 2,  /* not an OTP by its form, or does not decrypt */
	PROTO_OTP_REPLAYED = 3, /* counter not above the stored one */
	PROTO_OTP_UNKNOWN = 4,  /* no such key here */
	PROTO_OTP_DISABLED = 5, /* key disabled, deleted or its row broken */
	PROTO_OTP_FOREIGN = 6,  /* good, but not among the keys given */
	PROTO_OTP_CODE = 7,     /* OK, by a recovery code; counter is its number, id "" */
	PROTO_OTP_CODE_WRONG = 8,
	PROTO_OTP_CODE_SPENT = 9,
	PROTO_OTP_CODES_OFF = 10, /* too many wrong ones */
};

enum proto_key_state {
	PROTO_KEY_BROKEN = 0, /* its row fails the integrity check */
	PROTO_KEY_ACTIVE = 1,
	PROTO_KEY_DISABLED = 2,
};

/* What validation servers said of an OTP. Only PROTO_API_OK can let anyone in. */
enum proto_api {
	PROTO_API_NONE = 0, /* nothing that proves itself, in time */
	PROTO_API_OK = 1,
	PROTO_API_BAD = 2,
	PROTO_API_REPLAYED = 3,
};

enum proto_ended {
	PROTO_ENDED_ERROR = 0,
	PROTO_ENDED_BOTH = 1, /* both ways closed in order */
	PROTO_ENDED_CLIENT = 2,
	PROTO_ENDED_VM = 3,
	PROTO_ENDED_IDLE = 4,
	PROTO_ENDED_STOPPED = 5, /* the supervisor said so */
};

/* What the relay knows of a channel's bytes. */
enum proto_mode {
	PROTO_MODE_OPAQUE = 0,
	PROTO_MODE_SPICE = 1,
	PROTO_MODE_VNC = 2,
};

/* When a record must be on disk. Of _BEFORE a failure alone is answered: else the answer to
 * the next record of _DURABLE, whose flush it shares, is its own, too. */
enum proto_keep {
	PROTO_KEEP = 0,         /* in a while; no answer */
	PROTO_KEEP_DURABLE = 1, /* before the answer */
	PROTO_KEEP_BEFORE = 2,
};

/* Where records go besides the file. */
enum proto_sink {
	PROTO_SINK_OFF = 0,    /* not wanted */
	PROTO_SINK_OK = 1,
	PROTO_SINK_ABSENT = 2, /* there is none here */
};

/* What of a VM is to be opened. */
enum proto_console {
	PROTO_CONSOLE_NONE = 0,
	PROTO_CONSOLE_SPICE = 1,
	PROTO_CONSOLE_VNC = 2,
	PROTO_CONSOLE_SERIAL = 3,
};

/* Whether it was. */
enum proto_virt {
	PROTO_VIRT_FAILED = 0,
	PROTO_VIRT_OK = 1,
	PROTO_VIRT_UNREACHABLE = 2, /* nobody at libvirt's or the QMP socket, or he is broken */
	PROTO_VIRT_ABSENT = 3,      /* no such domain */
	PROTO_VIRT_OFF = 4,         /* the domain does not run */
	PROTO_VIRT_REFUSED = 5,     /* libvirt or QEMU said no: it has no such console */
	PROTO_VIRT_BUSY = 6,        /* another has the console; too many wait */
	PROTO_VIRT_LATE = 7,        /* no answer in time */
};

enum proto_vm_state {
	PROTO_VM_UNKNOWN = 0,
	PROTO_VM_RUNNING = 1,
	PROTO_VM_PAUSED = 2,
	PROTO_VM_OFF = 3,
};

enum proto_name {
	PROTO_NAME_FAILED = 0, /* could not be read: the caller denies */
	PROTO_NAME_FOUND = 1,
	PROTO_NAME_ABSENT = 2,
};

struct proto_header {
	uint8_t type; /* enum proto_type */
	uint32_t id;
};

void proto_put_header(struct wire_out *out, uint8_t type, uint32_t id);
/* 0, or -EBADMSG for a short message, -EPROTONOSUPPORT for a foreign version. */
int proto_get_header(struct wire_in *in, struct proto_header *header);

#endif
