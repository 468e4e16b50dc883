/* A VM as vms.conf declares it, and where each of its rights leads. */
#ifndef SALLYPORT_POLICY_VM_H
#define SALLYPORT_POLICY_VM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum target_kind {
	TARGET_NONE = 0,
	TARGET_UNIX,    /* unix:/absolute/path */
	TARGET_TCP,     /* tcp:ADDRESS:PORT, tcp:[IPV6]:PORT; numeric address */
	TARGET_LIBVIRT, /* libvirt:DOMAIN */
	TARGET_QMP,     /* qmp:/absolute/path */
};

struct target {
	enum target_kind kind;
	char *name; /* path or domain; NULL for TCP */
	struct sockaddr_storage address; /* TCP */
	socklen_t address_len;
};

/* One thing of a VM that a channel can lead to: its socket's name, its port. */
struct vm_endpoint {
	char *right;   /* "spice", "vnc", "serial", or NAME of service.NAME */
	uint16_t port; /* on the VM's address: 5900 spice, 5800 vnc, 2222 ssh, else the
	                  TCP target's own; 0: no TCP endpoint */
	struct target target;
	size_t line; /* in the VM's file */
};

struct vm {
	char *name;
	char *title;  /* "" if none */
	char *folder; /* NULL if none */
	struct in_addr address; /* 127.x.y.z; INADDR_ANY: to be handed out */
	size_t address_line;    /* in the VM's file; 0 if none */
	struct vm_endpoint *endpoints;
	size_t endpoint_count;
	const char *file; /* where it was declared */
	size_t line;
};

/* A command line of [host], which "run:NAME" grants. */
struct vm_run {
	char *name;
	char **words; /* NULL at the end; words[0] is an absolute path; no shell reads them */
	const char *file;
	size_t line;
};

#endif
