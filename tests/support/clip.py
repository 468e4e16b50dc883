#!/usr/bin/python3
"""The clipboard of an X screen: clip.py copy TEXT | clip.py paste

copy keeps it there for as long as it runs; paste prints what is there ("" nothing)."""
import ctypes
import sys

gtk = ctypes.CDLL("libgtk-3.so.0")
gdk = ctypes.CDLL("libgdk-3.so.0")
gdk.gdk_atom_intern.restype = ctypes.c_void_p
gtk.gtk_clipboard_get.restype = ctypes.c_void_p
gtk.gtk_clipboard_get.argtypes = [ctypes.c_void_p]
gtk.gtk_clipboard_set_text.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
gtk.gtk_clipboard_wait_for_text.restype = ctypes.c_char_p
gtk.gtk_clipboard_wait_for_text.argtypes = [ctypes.c_void_p]

if not gtk.gtk_init_check(None, None):
    sys.exit("clip: no screen")
clipboard = gtk.gtk_clipboard_get(gdk.gdk_atom_intern(b"CLIPBOARD", 0))
if sys.argv[1] == "copy":
    gtk.gtk_clipboard_set_text(clipboard, sys.argv[2].encode(), -1)
    print("copied", flush=True)
    gtk.gtk_main()
else:
    print((gtk.gtk_clipboard_wait_for_text(clipboard) or b"").decode())
