"""An ssh user at a terminal, for the end-to-end tests: pexpect around ssh.

    from terminal import Terminal, press, check, finish

Needs $GW and $BUILD as tests/e2e/lib.sh sets them. Each check prints a line.
"""
import os
import subprocess
import sys

import pexpect

GW = os.environ["GW"]
BUILD = os.environ["BUILD"]
PROMPT = r"YubiKey for [a-z]+: "
failed = 0
last = "the beginning"


def press(user):
    return subprocess.check_output([BUILD + "/tests/yk", "press", f"{GW}/{user}.yk"], text=True).strip()


def check(what, good, got=""):
    global failed, last
    last = what
    if good:
        print("ok   ", what)
    else:
        failed += 1
        print(f"FAIL  {what}: {got!r}")
    sys.stdout.flush()


def broke(kind, error, trace):
    """What was waited for did not come: the script cannot go on."""
    print(f"FAIL  behind {last!r}: {kind.__name__}", flush=True)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = broke


def finish():
    sys.exit(1 if failed else 0)


class Terminal(pexpect.spawn):
    def __init__(self, user, *args, timeout=60, env=None):
        options = ["-F", "none", "-i", f"{GW}/{user}.key", "-o", "IdentitiesOnly=yes",
                   "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                   "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1"]
        words, command = [], []
        if "--" in args:
            at = args.index("--")
            words, command = list(args[:at]), list(args[at + 1:])
        else:
            words = list(args)
        super().__init__("ssh", options + words + [f"{user}@127.0.0.1"] + command,
                         timeout=timeout, encoding="latin-1", echo=False,
                         env={**os.environ, "SSH_ASKPASS_REQUIRE": "never", "TERM": "xterm", **(env or {})})
        self.delaybeforesend = 0.02
        self.user = user

    def answer(self, otp=None):
        """Waits for the prompt and answers it."""
        self.expect(PROMPT)
        self.send((press(self.user) if otp is None else otp) + "\r")
        return self

    def end(self):
        """The exit status, when it has ended; all that it said is in .rest."""
        self.expect(pexpect.EOF)
        self.rest = self.before
        self.close()
        return self.exitstatus if self.exitstatus is not None else -self.signalstatus
