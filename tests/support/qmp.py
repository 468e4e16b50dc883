#!/usr/bin/python3
"""One command for a QEMU: qmp.py SOCKET COMMAND [JSON]. Prints what it returned.

Exit 1 where QEMU says error or says nothing within a minute."""
import json
import socket
import sys


def ask(lines, sock, command, arguments=None):
    message = {"execute": command}
    if arguments:
        message["arguments"] = arguments
    sock.sendall(json.dumps(message).encode() + b"\n")
    while True:
        line = lines.readline()
        if not line:
            raise OSError("QEMU has closed")
        answer = json.loads(line)
        if "return" in answer or "error" in answer:
            return answer


def main():
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(sys.argv[1])
        lines = sock.makefile("r")
        lines.readline()  # the greeting
        ask(lines, sock, "qmp_capabilities")
        arguments = json.loads(sys.argv[3]) if len(sys.argv) > 3 else None
        answer = ask(lines, sock, sys.argv[2], arguments)
    print(json.dumps(answer.get("return", answer)))
    sys.exit(0 if "return" in answer else 1)


try:
    main()
except (OSError, ValueError) as error:
    print("qmp: %s: %s" % (sys.argv[1], error), file=sys.stderr)
    sys.exit(1)
