"""Runs a command as a user on a terminal of its own and answers its questions.

usage: SAY='PROMPT=ANSWER|PROMPT=ANSWER' on_terminal.py USER COMMAND ARG...

With HANGUP=yes the terminal hangs up where the first answer would come. Each PROMPT (plain text, a part of what is shown) is answered once, in order. Prints
what the terminal showed, without the carriage returns; exits like the command, or 124
when 60 s have passed, or PATIENCE (20) when all is answered.
"""
import os
import pwd
import sys

import pexpect

user, command = sys.argv[1], sys.argv[2:]
entry = pwd.getpwnam(user)


def become():
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "dumb", "HOME": entry.pw_dir, "PS1": "$ "}
child = pexpect.spawn(command[0], command[1:], env=env, cwd="/", timeout=60, encoding="utf-8",
                      codec_errors="replace", preexec_fn=become if entry.pw_uid else None)
child.delaybeforesend = 0.1
shown = []
try:
    for pair in os.environ.get("SAY", "").split("|"):
        prompt, _, answer = pair.partition("=")
        child.expect_exact(prompt)
        shown.append(child.before + child.after)
        if "HANGUP" in os.environ:
            child.close()
            print("".join(shown))
            sys.exit(129)
        if not prompt.endswith("$ "):
            child.waitnoecho(5)  # what is typed before that is thrown away
        child.sendline(answer)
    while True:
        # Another question than those that were to come: nothing more is said.
        if child.expect([": $", pexpect.EOF], timeout=float(os.environ.get("PATIENCE", "20"))) == 1:
            break
        shown.append(child.before + child.after)
        child.sendeof()
except pexpect.EOF:
    pass
except pexpect.TIMEOUT:
    shown.append(child.before or "")
    print("".join(shown).replace("\r", ""))
    child.close(force=True)
    sys.exit(124)
shown.append(child.before if isinstance(child.before, str) else "")
print("".join(shown).replace("\r", ""))
child.close()
sys.exit(child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0))
