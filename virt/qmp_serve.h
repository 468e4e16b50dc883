/* virt --qmp: the supervisor's questions and all QMP connections, in one poll loop. */
#ifndef SALLYPORT_VIRT_QMP_SERVE_H
#define SALLYPORT_VIRT_QMP_SERVE_H

/* Confined already. Says READY and serves until the supervisor's end closes: 0, or
 * -errno. */
int qmp_serve_run(void);

#endif
