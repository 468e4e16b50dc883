/* virt --libvirt: takes the supervisor's questions and has them answered by children,
 * since a call of libvirt may hang for as long as a domain does. It never calls libvirt
 * itself. */
#ifndef SALLYPORT_VIRT_LIBVIRT_SERVE_H
#define SALLYPORT_VIRT_LIBVIRT_SERVE_H

/* Without rights already. Says READY and serves until the supervisor's end closes: 0,
 * or -errno. */
int libvirt_serve_run(void);

#endif
