/* Connect, open, pump, watch, list. */
#include "virt/hypervisor.h"

#include "lib/escape.h"
#include "lib/io.h"
#include "lib/log.h"
#include "virt/domain_xml.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define KEEPALIVE_S     5 /* asked so often, and given up after three without an answer */
#define KEEPALIVE_COUNT 3
#define PIECE           4096
#define UNREAD_S        3 /* for the guest to take what was typed before the end */

static const char *libvirt_uri = "qemu:///system";
static virConnectPtr kept; /* of this process */

void
hypervisor_set_uri(const char *uri)
{
	libvirt_uri = uri;
}

/* Else libvirt writes to standard error, unescaped. */
static void
say_nothing(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

static void
log_last(const char *what, const char *domain)
{
	const virError *error = virGetLastError();
	char name[128], text[512];

	log_warn("%s%s%s: %s", what, *domain != '\0' ? " " : "",
	    escape_str(name, sizeof(name), domain),
	    escape_str(text, sizeof(text), error != NULL ? error->message : NULL));
}

static virConnectPtr
connect_to_libvirt(bool only_reads)
{
	virSetErrorFunc(NULL, say_nothing);
	return only_reads ? virConnectOpenReadOnly(libvirt_uri) : virConnectOpen(libvirt_uri);
}

static bool
is_alive(void)
{
	return kept != NULL && virConnectIsAlive(kept) == 1;
}

static void
disconnect(void)
{
	if (kept != NULL)
		virConnectClose(kept);
	kept = NULL;
}

/* --- opening ---------------------------------------------------------------- */

static enum proto_virt
status_of_error(void)
{
	switch (virGetLastErrorCode()) {
	case VIR_ERR_NO_DOMAIN:
		return PROTO_VIRT_ABSENT;
	case VIR_ERR_OPERATION_INVALID:
		return PROTO_VIRT_OFF;
	case VIR_ERR_OPERATION_FAILED: /* "Active console session exists" */
		return PROTO_VIRT_BUSY;
	default:
		return is_alive() ? PROTO_VIRT_REFUSED : PROTO_VIRT_UNREACHABLE;
	}
}

/* OK: *domain, freed by the caller, runs. */
static enum proto_virt
find_running(const char *name, virDomainPtr *domain)
{
	int active;

	*domain = NULL;
	if (kept == NULL)
		kept = connect_to_libvirt(false);
	if (kept == NULL)
		return PROTO_VIRT_UNREACHABLE;
	*domain = virDomainLookupByName(kept, name);
	if (*domain == NULL)
		return status_of_error();
	active = virDomainIsActive(*domain);
	return active > 0 ? PROTO_VIRT_OK : active == 0 ? PROTO_VIRT_OFF : status_of_error();
}

static enum proto_virt
open_graphics(virDomainPtr domain, enum proto_console what, int *fd)
{
	char *text = virDomainGetXMLDesc(domain, 0);
	struct domain_xml xml;
	int place;

	if (text == NULL)
		return status_of_error();
	domain_xml_read(text, strlen(text), &xml);
	free(text);
	place = domain_xml_graphics(&xml, what);
	if (place < 0)
		return PROTO_VIRT_REFUSED;
	*fd = virDomainOpenGraphicsFD(
	    domain, (unsigned int)place, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH);
	return *fd >= 0 ? PROTO_VIRT_OK : status_of_error();
}

enum proto_virt
hypervisor_open_graphics(const char *name, enum proto_console what, int *fd)
{
	enum proto_virt status = PROTO_VIRT_FAILED;
	virDomainPtr domain;

	*fd = -1;
	for (int attempt = 0; attempt < 2; attempt++) {
		status = find_running(name, &domain);
		if (status == PROTO_VIRT_OK)
			status = open_graphics(domain, what, fd);
		if (domain != NULL)
			virDomainFree(domain);
		if (status != PROTO_VIRT_UNREACHABLE)
			break;
		disconnect(); /* libvirtd was started again, say */
	}
	if (status != PROTO_VIRT_OK)
		log_last("libvirt", name);
	return status;
}

/* --- the serial console ------------------------------------------------------- */

static struct {
	virStreamPtr stream;
	int fd, watch;    /* the other side; libvirt's number for it */
	char down[PIECE]; /* from the console, not yet taken by fd */
	size_t down_len, down_at;
	bool has_ended;
} pump = {.fd = -1, .watch = -1};

enum proto_virt
hypervisor_open_serial(const char *name)
{
	enum proto_virt status;
	virDomainPtr domain;

	(void)virEventRegisterDefaultImpl();
	status = find_running(name, &domain);
	if (status == PROTO_VIRT_OK) {
		pump.stream = virStreamNew(kept, VIR_STREAM_NONBLOCK);
		if (pump.stream == NULL || virDomainOpenConsole(domain, NULL, pump.stream,
					       VIR_DOMAIN_CONSOLE_SAFE) < 0)
			status = status_of_error();
	}
	if (domain != NULL)
		virDomainFree(domain);
	if (status != PROTO_VIRT_OK)
		log_last("libvirt", name);
	return status;
}

/* Nothing is read from a side while the other has not taken what was read before. */
static void
want_events(void)
{
	bool waits = pump.down_len > 0;

	(void)virStreamEventUpdateCallback(
	    pump.stream, VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP |
			     (waits ? 0 : VIR_STREAM_EVENT_READABLE));
	virEventUpdateHandle(
	    pump.watch, VIR_EVENT_HANDLE_READABLE | (waits ? VIR_EVENT_HANDLE_WRITABLE : 0));
}

static void
write_down(void)
{
	while (pump.down_len > 0 && !pump.has_ended) {
		ssize_t n = send(pump.fd, pump.down + pump.down_at, pump.down_len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			pump.has_ended = true;
			break;
		}
		pump.down_at += (size_t)n;
		pump.down_len -= (size_t)n;
	}
}

static void
on_stream(virStreamPtr stream, int events, void *arg)
{
	int n = -2;

	(void)arg;
	if (pump.down_len == 0 && (events & VIR_STREAM_EVENT_READABLE)) {
		n = virStreamRecv(stream, pump.down, sizeof(pump.down));
		if (n > 0) {
			pump.down_at = 0;
			pump.down_len = (size_t)n;
			write_down();
		}
	}
	if (n == 0 || n == -1 ||
	    (n == -2 && (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))))
		pump.has_ended = true;
	want_events();
}

/* Each second while libvirt may wait: is there still somebody whose bytes these are? If not,
 * the process ends where it stands. libvirt's console is free by that, and the guest, which
 * alone has kept us waiting, loses what it has not read. */
static void
on_alarm(int sig)
{
	static int left_s = UNREAD_S;
	struct pollfd p = {.fd = pump.fd, .events = POLLRDHUP};
	int err = errno;

	(void)sig;
	if (poll(&p, 1, 0) > 0 && ((p.revents & ~POLLRDHUP) != 0 || left_s-- == 0))
		_exit(0);
	errno = err;
}

static void
look_each_second(bool does)
{
	const struct itimerval each = {.it_interval.tv_sec = does, .it_value.tv_sec = does};

	(void)setitimer(ITIMER_REAL, &each, NULL);
}

/* virStreamSend waits where libvirtd takes nothing: then this console alone stands. */
static void
send_all(const char *bytes, size_t len)
{
	while (len > 0 && !pump.has_ended) {
		int n = virStreamSend(pump.stream, bytes, len);
		if (n == -2) {
			(void)poll(NULL, 0, 10);
			continue;
		}
		if (n <= 0) {
			pump.has_ended = true;
			return;
		}
		bytes += n;
		len -= (size_t)n;
	}
}

static void
send_up(const char *bytes, size_t len)
{
	look_each_second(true);
	send_all(bytes, len);
	look_each_second(false);
}

static void
on_fd(int watch, int fd, int events, void *arg)
{
	char piece[PIECE];
	ssize_t n;

	(void)watch;
	(void)arg;
	if (events & VIR_EVENT_HANDLE_WRITABLE)
		write_down();
	if (events &
	    (VIR_EVENT_HANDLE_READABLE | VIR_EVENT_HANDLE_HANGUP | VIR_EVENT_HANDLE_ERROR)) {
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n > 0)
			send_up(piece, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			pump.has_ended = true;
	}
	want_events();
}

void
hypervisor_pump(int fd)
{
	const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	(void)sigaction(SIGALRM, &action, NULL);
	pump.fd = fd;
	pump.watch = virEventAddHandle(fd, VIR_EVENT_HANDLE_READABLE, on_fd, NULL, NULL);
	(void)virConnectSetKeepAlive(kept, KEEPALIVE_S, KEEPALIVE_COUNT);
	if (pump.watch < 0 ||
	    virStreamEventAddCallback(pump.stream,
		VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP,
		on_stream, NULL, NULL) < 0)
		return;
	while (!pump.has_ended)
		if (virEventRunDefaultImpl() < 0)
			break;
}

/* --- states --------------------------------------------------------------------- */

static hypervisor_state_fn *tell;
static bool watch_has_ended;

static enum proto_vm_state
read_state(int state)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
	case VIR_DOMAIN_SHUTDOWN: /* on its way */
		return PROTO_VM_RUNNING;
	case VIR_DOMAIN_PAUSED:
	case VIR_DOMAIN_PMSUSPENDED:
		return PROTO_VM_PAUSED;
	case VIR_DOMAIN_SHUTOFF:
	case VIR_DOMAIN_CRASHED:
		return PROTO_VM_OFF;
	default:
		return PROTO_VM_UNKNOWN;
	}
}

/* Asked and not told by the event, so that no order of events can mislead. */
static void
tell_domain(virDomainPtr domain)
{
	const char *name = virDomainGetName(domain);
	int state = VIR_DOMAIN_NOSTATE, reason;

	if (name == NULL || strlen(name) > PROTO_NAME_MAX)
		return;
	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		state = VIR_DOMAIN_NOSTATE; /* undefined meanwhile */
	if (tell(name, read_state(state)) < 0)
		watch_has_ended = true;
}

static int
on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *arg)
{
	(void)conn;
	(void)event;
	(void)detail;
	(void)arg;
	tell_domain(domain);
	return 0;
}

static void
on_close(virConnectPtr conn, int reason, void *arg)
{
	(void)conn;
	(void)reason;
	(void)arg;
	watch_has_ended = true;
}

void
hypervisor_watch(hypervisor_state_fn *fn)
{
	virDomainPtr *domains = NULL;
	int n;

	tell = fn;
	if (virEventRegisterDefaultImpl() < 0)
		return;
	kept = connect_to_libvirt(true);
	if (kept == NULL || virConnectSetKeepAlive(kept, KEEPALIVE_S, KEEPALIVE_COUNT) < 0 ||
	    virConnectRegisterCloseCallback(kept, on_close, NULL, NULL) < 0 ||
	    virConnectDomainEventRegisterAny(kept, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), NULL, NULL) < 0) {
		disconnect();
		return;
	}
	n = virConnectListAllDomains(kept, &domains, 0);
	for (int i = 0; i < n; i++) {
		tell_domain(domains[i]);
		virDomainFree(domains[i]);
	}
	free(domains);
	while (n >= 0 && !watch_has_ended)
		if (virEventRunDefaultImpl() < 0)
			break;
}

/* --- the list --------------------------------------------------------------------- */

static void
print_domain(FILE *out, virDomainPtr domain)
{
	char *text = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
	struct domain_xml xml = {0};
	char name[4 * PROTO_NAME_MAX + 1], title[4 * sizeof(xml.title) + 1];
	bool spice, vnc;

	if (text != NULL)
		domain_xml_read(text, strlen(text), &xml);
	free(text);
	spice = domain_xml_graphics(&xml, PROTO_CONSOLE_SPICE) >= 0;
	vnc = domain_xml_graphics(&xml, PROTO_CONSOLE_VNC) >= 0;
	fprintf(out, "%s\t%s\t%s\t%s\n",
	    escape_str(name, sizeof(name), virDomainGetName(domain)),
	    spice && vnc ? "spice,vnc"
	    : spice      ? "spice"
	    : vnc        ? "vnc"
			 : "-",
	    xml.has_serial ? "serial" : "-", escape_str(title, sizeof(title), xml.title));
}

int
hypervisor_list(FILE *out)
{
	virDomainPtr *domains = NULL;
	int n = -1;

	kept = connect_to_libvirt(true);
	if (kept != NULL)
		n = virConnectListAllDomains(kept, &domains, 0);
	if (n < 0)
		log_last(libvirt_uri, "");
	for (int i = 0; i < n; i++) {
		print_domain(out, domains[i]);
		virDomainFree(domains[i]);
	}
	free(domains);
	disconnect();
	return n < 0 || fflush(out) != 0 ? -1 : 0;
}
