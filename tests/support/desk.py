"""A person at a terminal of his own computer: runs a command there, presses the YubiKey when
asked, and shows what the terminal showed.

usage: GW=… BUILD=… desk.py USER COMMAND ARG...

USER's next OTP answers each prompt for one; OTP=TEXT in its place. HANGUP=yes: the
terminal hangs up at the first prompt. SIGUSR1 types ^C. Exits like the command (128 and
the signal's number when a signal ended it), 124 after PATIENCE (60) seconds.
"""
import os
import signal
import subprocess
import sys

import pexpect

GW, BUILD = os.environ["GW"], os.environ["BUILD"]
user, command = sys.argv[1], sys.argv[2:]
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell ignores it for what it starts beside itself
child = pexpect.spawn(command[0], command[1:], timeout=float(os.environ.get("PATIENCE", "60")), encoding="latin-1",
                      echo=False)
child.delaybeforesend = 0.02
child.logfile_read = sys.stdout
signal.signal(signal.SIGUSR1, lambda *_: child.sendcontrol("c"))
try:
    while child.expect([r"YubiKey for [a-z]+: ", pexpect.EOF]) == 0:
        sys.stdout.flush()
        if "HANGUP" in os.environ:
            os.close(child.child_fd)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]))
        otp = os.environ.get("OTP") or subprocess.check_output([BUILD + "/tests/yk", "press", f"{GW}/{user}.yk"], text=True)
        child.sendline(otp.strip())
except pexpect.TIMEOUT:
    child.close(force=True)
    print("\n(no end)")
    sys.exit(124)
child.close()
sys.exit(child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0))
