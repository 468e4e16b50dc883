/* The settings of the validation servers, api_* in sallyport.conf. */
#ifndef SALLYPORT_POLICY_SETTINGS_API_H
#define SALLYPORT_POLICY_SETTINGS_API_H

#include <stddef.h>
#include <stdint.h>

#define SETTINGS_SERVERS_MAX 8

struct settings_api {
	char **urls; /* none: no validation servers */
	size_t url_count;
	char *id, *proxy;    /* "" when not given */
	char *key, *ca;	     /* files */
	uint32_t timeout_ms; /* 3000 */
};

#endif
