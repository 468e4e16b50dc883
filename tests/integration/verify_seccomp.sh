#!/bin/bash
# The confinement of verify: it holds in all that verify does, the copying of the
# log included, and a call that is not on the list ends it.
set -eu
. tests/support/verify.sh

verify_start_over
# shellcheck disable=SC2086
out=$("$BUILD/tests/verify_load" load 3000 $VERIFY)
has "$out" '^3000 accepted' "3,000 OTPs one by one, with the log copied in between"
that "and closed in order" [ ! -e "$STORE/keys.db-wal" ]

mkfifo "$T/seccomp.in"
verify_talk <"$T/seccomp.in" >"$T/seccomp.out" 2>&1 &
exec 9>"$T/seccomp.in"
echo pid >&9
for _ in $(seq 1000); do grep -q PID "$T/seccomp.out" && break; sleep 0.05; done
pid=$(sed -n 's/^PID //p' "$T/seccomp.out")
status=$(cat "/proc/$pid/status")
uid=$(id -u _sallyport-verify) gid=$(id -g _sallyport-verify)
has "$status" '^Seccomp:[[:space:]]2$' "a filter is in place"
has "$status" '^NoNewPrivs:[[:space:]]1$' "no new privileges"
has "$status" '^CapEff:[[:space:]]0*$' "no capability in effect"
has "$status" '^CapPrm:[[:space:]]0*$' "none permitted"
has "$status" "^Uid:([[:space:]]+$uid){4}\$" "its own uid four times"
has "$status" "^Gid:([[:space:]]+$gid){4}\$" "its own gid four times"
has "$status" '^Groups:[[:space:]]*$' "no other group"
open=$(find "/proc/$pid/fd" -mindepth 1 -printf '%l\n')
has "$open" "^$STORE/keys.db$" "the store is open"
never "the key file is not" grep -F "$KEK" <<<"$open"
exec 9>&-
wait

# Makes one call of its own when the first message comes.
cat >"$T/foreign.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
static int calls = -1;
__attribute__((constructor)) static void start(void)
{
	const char *n = getenv("FOREIGN");
	calls = n != NULL ? atoi(n) : -1;
}
ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	if (calls >= 0)
		syscall(calls, -1, 0, 0, 0, 0, 0);
	return syscall(SYS_recvmsg, fd, m, flags);
}
C
gcc -shared -fPIC -o "$T/foreign.so" "$T/foreign.c"
number() { printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | gcc -E - | tail -n 1; }
for call in getpid socket connect execve fork ptrace kill setuid mount bpf process_vm_readv io_uring_setup; do
	out=$(FOREIGN=$(number $call) LD_PRELOAD="$T/foreign.so" verify_talk 2>&1 <<<"otp x") || true
	if [ $call = getpid ]; then
		has "$out" '^GARBLED' "a call that is on the list does no harm"
	else
		has "$out" '^SIGNAL 31$' "$call ends it"
	fi
done
