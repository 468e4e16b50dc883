/* The fields of an audit record, in the order in which they stand in a line.
 * The recorder adds seq, time, host in front and prev at the end. */
#ifndef SALLYPORT_LIB_AUDIT_FIELD_H
#define SALLYPORT_LIB_AUDIT_FIELD_H

enum audit_field {
	AUDIT_EVENT = 0, /* start stop otp session open close deny reload admin … */
	AUDIT_USER,
	AUDIT_UID,
	AUDIT_SOURCE,    /* the client's address, as sshd knows it */
	AUDIT_CONN,      /* c12 */
	AUDIT_CHANNEL,   /* ch340 */
	AUDIT_SERVICE,   /* PAM service */
	AUDIT_TTY,       /* the terminal, as a service other than sshd says */
	AUDIT_RUSER,     /* who asked there, likewise */
	AUDIT_SSH_KEY,   /* given as "TYPE BASE64", recorded as SHA256:… fingerprint */
	AUDIT_KEY,       /* public id of the YubiKey */
	AUDIT_COUNTER,   /* use << 8 | session */
	AUDIT_STORE_SEQ, /* verify's sequence after this OTP */
	AUDIT_VM,
	AUDIT_RIGHT,
	AUDIT_VERDICT,   /* allow deny */
	AUDIT_REASON,
	AUDIT_LINE,      /* the deciding line: vm_mappings:6 */
	AUDIT_BYTES_UP,  /* client to VM */
	AUDIT_BYTES_DOWN,
	AUDIT_DURATION_MS,
	AUDIT_CHANNELS, /* of a SPICE console: "display:0=UP/DOWN/MS …"; refused: "inputs:0" */
	AUDIT_COUNT, /* how many events this line sums up */
	AUDIT_PID,   /* the process that was refused */
	AUDIT_DETAIL,
	AUDIT_AT, /* when it happened, if it could only be written later; UTC */
	AUDIT_FIELDS, /* not a field: how many there are */
};

/* The field's name in a line, e.g. "bytes_up"; NULL outside the enumeration. */
const char *audit_field_name(unsigned int field);

#endif
