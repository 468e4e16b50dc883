/* Match blocks. In sshd_config the first match wins, keyword by keyword: the blocks
 * with endpoints come first and hold nothing else, so that the last block's
 * settings reach everybody in the group. All blocks name the group, so that none
 * of it touches a user who is not in it. */
#include "cli/sshd_config.h"

#include <string.h>

/* Time to log in, beyond what a prompt may stay open. */
#define GRACE_LEAST_S 120
#define GRACE_MORE_S  30

bool
sshd_config_takes_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || strpbrk(name, "*?!,\"'") != NULL)
		return false;
	/* Newer versions take a backslash for an escape before another, or a quote. */
	if (name[len - 1] == '\\' || strstr(name, "\\\\") != NULL)
		return false;
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < 0x20 || (unsigned char)*name == 0x7f)
			return false;
	return true;
}

static bool
is_plain(const char *name)
{
	return strspn(name,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-") ==
	       strlen(name);
}

static void
put_quoted(FILE *out, const char *text)
{
	const char *quote = is_plain(text) ? "" : "\"";

	fprintf(out, "%s%s%s", quote, text, quote);
}

static void
print_global(FILE *out, const struct settings *settings)
{
	unsigned int grace_s = settings->prompt_timeout_s + GRACE_MORE_S;

	fprintf(out,
	    "# sshd for Sallyport's gated users, by: sallyport print sshd\n"
	    "# Save it as /etc/ssh/sshd_config.d/sallyport.conf, look with sshd -t, reload "
	    "sshd.\n"
	    "# Print it anew when vm_mappings, vms.conf or a group in them has changed.\n"
	    "# These are for everybody; AcceptEnv (sshd_config) may name LANG and LC_* only.\n"
	    "UsePAM yes\n"
	    "PermitUserEnvironment no\n"
	    "LoginGraceTime %u\n"
	    "MaxStartups 30:30:200\n"
	    "# Nobody fills these alone; more for those who come from one address in numbers.\n"
	    "PerSourceMaxStartups 20\n"
	    "PerSourceNetBlockSize 32:64\n",
	    grace_s > GRACE_LEAST_S ? grace_s : GRACE_LEAST_S);
}

static void
begin_block(FILE *out, const struct settings *settings)
{
	fputs("\nMatch Group ", out);
	put_quoted(out, settings->gated);
}

/* The users list[0..n) all have the same endpoints. */
static void
print_users(FILE *out, const struct settings *settings, const struct permit *list, size_t n)
{
	bool quote = false, any = false;

	for (size_t i = 0; i < n; i++)
		if (sshd_config_takes_name(list[i].user))
			quote |= !is_plain(list[i].user);
	for (size_t i = 0; i < n; i++) {
		if (!sshd_config_takes_name(list[i].user))
			continue;
		if (!any) {
			begin_block(out, settings);
			fputs(quote ? " User \"" : " User ", out);
		}
		fprintf(out, "%s%s", any ? "," : "", list[i].user);
		any = true;
	}
	if (any)
		fprintf(out, "%s\n\tPermitOpen %s\n", quote ? "\"" : "", list[0].open);
}

static void
print_all(FILE *out, const struct settings *settings)
{
	begin_block(out, settings);
	fputs("\n", out);
	if (settings->otp == SETTINGS_OTP_PAM)
		fputs("\tAuthenticationMethods publickey,keyboard-interactive:pam\n"
		      "\tKbdInteractiveAuthentication yes\n",
		    out);
	else
		fputs("\tAuthenticationMethods publickey\n", out);
	fputs("\tPubkeyAuthentication yes\n"
	      "\tPasswordAuthentication no\n"
	      "\tForceCommand exec /usr/bin/sallyport-shell\n"
	      "\tAllowTcpForwarding local\n"
	      "\tAllowStreamLocalForwarding local\n"
	      "\tPermitOpen none\n"
	      "\tPermitListen none\n"
	      "\tGatewayPorts no\n"
	      "\tX11Forwarding no\n"
	      "\tAllowAgentForwarding no\n"
	      "\tPermitTunnel no\n"
	      "\tPermitUserRC no\n"
	      "\nMatch all\n",
	    out);
}

void
sshd_config_print(FILE *out, const struct settings *settings, const struct permits *permits)
{
	size_t n;

	print_global(out, settings);
	for (size_t i = 0; i < permits->count; i += n) {
		const struct permit *first = &permits->list[i];
		for (n = 1; i + n < permits->count && strcmp(first[n].open, first->open) == 0;
		     n++)
			;
		if (first->open[0] != '\0')
			print_users(out, settings, first, n);
	}
	print_all(out, settings);
}
