#!/bin/bash
# otp = shell: sallyport-shell asks for the OTP on the terminal, and until it is
# accepted nothing on the connection does anything.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
GW_CONF="otp = shell
	prompt_timeout = 30s"
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
for u in anne maggie; do usermod -s /usr/bin/sallyport-shell $u; done
cat >/etc/sallyport/vm_mappings <<CONF
anne     webdev  spice,ssh,raw   always
maggie   host    shell       always
CONF
gw_reload >/dev/null
PYTHONPATH=tests/support python3 - <<'PY' || FAILED=$((FAILED + 1))
import array, fcntl, os, signal, subprocess, termios, time
from terminal import *

def wait_for(what, seconds=15):
    end = time.time() + seconds
    while not what() and time.time() < end: time.sleep(0.05)
    return what()

def on_prompt(user="anne", *args):
    t = Terminal(user, *args)
    t.expect(PROMPT)
    return t

# the honest way
t = Terminal("anne", "-t").answer()
t.expect("anne on .*webdev.*stays"); check("OTP, then the page, which stays", True)
t.send("\x03"); check("  ^C leaves it: 0", t.end() == 0, t.exitstatus)
t = Terminal("maggie", "-t", "--", "tty; stty -a | head -5; exit 7").answer()
check("a command on a terminal: its exit status", t.end() == 7, t.exitstatus)
check("  its terminal is as usual", "/dev/pts/" in t.rest and "-echo " not in t.rest, t.rest)
check("  the OTP was not echoed, and nothing is left over", "cccc" not in t.rest and "ubiKey" not in t.rest, t.rest)
t = Terminal("maggie", "-tt").answer()
t.expect(r"\$ "); t.sendline("echo $0; exit 4"); check("a login shell", t.end() == 4 and "-bash" in t.rest, t.rest)

# wrong ones
t = Terminal("anne", "-t").answer("cccccccccccccccccccccccccccccccccccccccccccc")
t.expect("sallyport: "); t.answer(); t.expect("stays"); check("a wrong one, then a right one", True)
t.send("\x04"); check("  ^D leaves the page: 0", t.end() == 0, t.exitstatus)
t = Terminal("anne", "-t")
for otp in ("x", "", press("maggie")):
    t.answer(otp)
check("three wrong ones: 77, and no fourth prompt", t.end() == 77 and "ubiKey for" not in t.rest, (t.exitstatus, t.rest))
t = Terminal("anne", "-t"); o = press("anne"); t.answer(o); t.expect("stays"); t.send("q"); t.end()
t = Terminal("anne", "-t"); t.answer(o); t.expect("spent"); check("the same OTP again: spent", True)
t.expect(PROMPT); t.send("\x03"); check("  ^C at the prompt: 77", t.end() == 77, t.exitstatus)

# case 19, 21-26: abandoned, no terminal, odd input, signals
for what, key in (("^D", "\x04"), ("^\\", "\x1c"), ("^Z", "\x1a")):
    t = on_prompt("anne", "-t"); t.send(key); check(f"{what} at the prompt: 77", t.end() == 77, t.exitstatus)
def bad(what, data, user="anne"):
    t = on_prompt(user, "-t"); t.send(data)
    t.expect(["was not a one-time", "No one-time password", "sallyport: No"])
    check(f"{what}: refused", True)
    if t.expect([PROMPT, pexpect.EOF]) == 0: t.send("\x03")
    t.end()
bad("8-bit, escape, DEL, NUL, CR", "\x1b[A\xff\xfe\0abc\x7f\r")
bad("5,000 bytes without a newline", "c" * 5000)
bad("1,000 bytes and a newline", "c" * 1000 + "\r")
bad("a good OTP with a letter more", press("anne") + "c\r")
bad("a good OTP after an escape character", "\x1b" + press("anne") + "\r")
t = on_prompt("maggie", "-tt"); t.send(press("maggie") + "\recho typed-ahead\r")
t.expect(r"\$ "); t.sendline("exit"); t.end()
check("typed ahead of the verdict: dropped", "typed-ahead" not in t.rest, t.rest)
def shells(user):
    # in any state but Z: nobody may be there to reap it
    p = subprocess.run(["pgrep", "-r", "R,S,D,T,t", "-u", user, "-f", "sallyport-shell"], capture_output=True, text=True)
    return [int(x) for x in p.stdout.split()]
# What is still on its way through sshd when the prompt comes was typed behind it: the
# daemon answers only when what was typed ahead is in the terminal.
mux, daemon = os.environ["GW"] + "/ahead", int(open(os.environ["GW"] + "/daemon.pid").read())
m = Terminal("maggie", "-N", "-M", "-S", mux)
wait_for(lambda: subprocess.run(["ssh", "-F", "none", "-S", mux, "-O", "check", "x"], capture_output=True).returncode == 0, 60)
os.kill(daemon, signal.SIGSTOP)
t = Terminal("maggie", "-tt", "-S", mux); t.send("secret-ahead\r")
def typed():
    held = array.array("i", [0])
    for pid in shells("maggie"):
        try: tty = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError: continue # it has ended, or executes another
        try: fcntl.ioctl(tty, termios.FIONREAD, held)
        except OSError: pass # no terminal
        os.close(tty)
    return held[0] >= len("secret-ahead\n")
check("typed ahead of the prompt", wait_for(typed, 8)) # it asks the daemon for 10 s
os.kill(daemon, signal.SIGCONT)
t.expect(PROMPT); t.send(press("maggie") + "\r")
i = t.expect([r"\$ ", "one-time"]); check("  is dropped", i == 0); t.close(); m.close(force=True)

for name in ("HUP", "TERM", "ALRM", "USR1", "PIPE", "INT"):
    t = on_prompt("anne", "-t"); pids = shells("anne")
    subprocess.run(["setpriv", "--reuid", "anne", "--regid", "anne", "--clear-groups", "kill", "-" + name, *map(str, pids)])
    rc = t.end(); check(f"SIG{name} from another process: no access", rc != 0 and "webdev" not in t.rest, (rc, t.rest))
t = on_prompt("anne", "-t"); pids = shells("anne")
tty = os.readlink(f"/proc/{pids[0]}/fd/0")
p = subprocess.run(["setpriv", "--reuid", "anne", "--regid", "anne", "--clear-groups", "cat", tty], capture_output=True, text=True, timeout=30)
check("another process cannot open the terminal", "busy" in p.stderr, p.stderr)
p = subprocess.run(["setpriv", "--reuid", "anne", "--regid", "anne", "--clear-groups", "cat", f"/proc/{pids[0]}/environ"], capture_output=True, text=True)
check("nor look into the process", "denied" in p.stderr, p.stderr)
t.close(force=True)
check("a prompt abandoned by its client leaves no process", wait_for(lambda: not shells("anne")), shells("anne"))
def prompts_last(seconds):
    subprocess.run(["sed", "-i", f"s/prompt_timeout.*/prompt_timeout = {seconds}s/", "/etc/sallyport/sallyport.conf"], check=True)
    subprocess.run(["sallyport", "reload"], check=True, capture_output=True)
prompts_last(5)
t = on_prompt("anne", "-t"); begun = time.time()
check("a prompt left alone ends in time: 77", t.end() == 77 and time.time() - begun < 20, (t.exitstatus, t.rest))
t = on_prompt("anne", "-t"); pids = shells("anne")
os.kill(pids[0], signal.SIGSTOP); time.sleep(6.5); os.kill(pids[0], signal.SIGCONT); t.send(press("anne") + "\r")
check("stopped beyond its time: no access", t.end() in (75, 77) and "webdev" not in t.rest, (t.exitstatus, t.rest))

prompts_last(30)

# a key that is disabled while its OTP may be on the way
wait_for(lambda: subprocess.run("sallyport list connections | grep -qw anne", shell=True).returncode)
t = on_prompt("anne", "-t"); key = open(os.environ["GW"] + "/anne.id").read().strip()
p = subprocess.run(["sallyport", "key", "disable", key], capture_output=True, text=True)
check("a disabled key ends the connection that waits for its OTP", "1 connection ended" in p.stdout + p.stderr, p)
check("  with no access", t.end() != 0 and "webdev" not in t.rest, (t.exitstatus, t.rest))
subprocess.run(["sallyport", "key", "enable", key], check=True, capture_output=True)

# one prompt a connection
m = Terminal("anne", "-t", "-M", "-S", os.environ["GW"] + "/pm"); m.expect(PROMPT)
t = Terminal("anne", "-t", "-S", os.environ["GW"] + "/pm")
check("a second session of the connection, meanwhile: 77", t.end() == 77 and "Another session" in t.rest, t.rest)
m.send(press("anne") + "\r"); m.expect("stays")
t = Terminal("anne", "-S", os.environ["GW"] + "/pm", "--", "vms"); check("  after it: served without a prompt", t.end() == 0 and "webdev" in t.rest, t.rest)
# the page tells
p = subprocess.run(["ssh", "-F", "none", "-S", os.environ["GW"] + "/pm", "-W", "webdev:2222", "x"], input="hello", capture_output=True, text=True)
m.expect(r"webdev ssh +opened"); check("the page tells of a channel", True)
m.expect(r"webdev ssh +closed"); check("  and of its end", True)
m.send("\x03"); m.end()

# no terminal
p = subprocess.run(["ssh", "-F", "none", "-i", os.environ["GW"] + "/anne.key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "anne@127.0.0.1", "vms"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
check("no terminal: 77, words, and nothing on standard output", p.returncode == 77 and p.stdout == "" and "ssh -t" in p.stderr and "ControlMaster" in p.stderr, p)
finish()
PY
gw_logged 15 '"event":"otp"' '"verdict":"allow"' '"source":"127.0.0.1"' '"user":"anne"' && pass "the client's address is on record" || fail "no address on record: $(tail -3 $AUDIT)"
# A process that is not below sshd, and one that is but is not U's child.
setpriv --reuid anne --regid anne --init-groups python3 - >"$GW/out" 2>&1 <<'PY'
import os, pty
pid, fd = pty.fork()
if pid == 0:
    os.execv("/usr/bin/sallyport-shell", ["-sallyport-shell"])
out = b""
try:
    while True: out += os.read(fd, 4096)
except OSError: pass
print(out.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
check "a terminal of the user's own, outside SSH: no prompt" "~77" "$(cat "$GW/out")"
[ -z "$(grep -i yubikey "$GW/out")" ] && pass "  none" || fail "a prompt: $(cat "$GW/out")"
# An OTP in another service, or a PAM session, marks nothing.
check "a connection that never opened a session gets nothing" "" "$(OTP=none gw_talk anne webdev:2222)"
usermod -s /bin/bash anne
check "with another login shell and ForceCommand: the prompt all the same" "77" "$(gw_ssh anne -- id >/dev/null 2>"$GW/err" </dev/null; echo $?)"
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
