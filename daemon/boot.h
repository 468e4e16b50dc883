/* Which boot of this machine it is: what is kept in /run counts in no other. */
#ifndef SALLYPORT_DAEMON_BOOT_H
#define SALLYPORT_DAEMON_BOOT_H

#define BOOT_ID_MAX 64

/* "" when it cannot be told. */
void boot_id_read(char id[BOOT_ID_MAX]);

#endif
