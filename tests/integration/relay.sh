#!/bin/bash
# The relay with real sockets: bytes, ends, slow readers, many pairs; its libraries
# and its rights.
# timeout: 120
set -eu

id _sallyport-relay >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-relay
"$BUILD/tests/relay_driver" "$BUILD/relay"
libs=$(ldd "$BUILD/relay" | awk '{print $1}' | grep -v -e linux-vdso -e ld-linux)
case $libs in
libc.so.6) echo "ok linked with libc alone" ;;
*asan* | *ubsan*) echo "linked with sanitizers: the libraries are not looked at" ;;
*) echo "the relay is linked with more than libc: $libs"; exit 1 ;;
esac
