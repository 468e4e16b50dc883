"""Closes a window as a window manager's button would: WM_DELETE_WINDOW to each window of
$DISPLAY whose name contains TITLE. Exit status 1: there is none.

usage: close_window.py TITLE
"""
import ctypes
import subprocess
import sys

x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XInternAtom.restype = ctypes.c_ulong
x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
x11.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
x11.XCloseDisplay.argtypes = [ctypes.c_void_p]


class Message(ctypes.Structure):  # XClientMessageEvent
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int), ("display", ctypes.c_void_p),
                ("window", ctypes.c_ulong), ("message", ctypes.c_ulong), ("format", ctypes.c_int),
                ("data", ctypes.c_long * 5), ("room", ctypes.c_long * 24)]


found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", sys.argv[1]], stdout=subprocess.PIPE, text=True)
windows = [int(line) for line in found.stdout.split()]
display = x11.XOpenDisplay(None)
for window in windows:
    event = Message(type=33, window=window, message=x11.XInternAtom(display, b"WM_PROTOCOLS", 0), format=32)
    event.data[0] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    x11.XSendEvent(display, window, 0, 0, ctypes.byref(event))
x11.XCloseDisplay(display)
sys.exit(0 if windows else 1)
