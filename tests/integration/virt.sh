#!/bin/bash
# virt --qmp against scripted control sockets: broken, hanging, flooding, held by others;
# none of them keeps another VM's console waiting.
# timeout: 120
set -eu
id _sallyport-virt >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-virt
dir=$(mktemp -d /tmp/virt.XXXXXX)
trap 'rm -rf "$dir"' EXIT
python3 tests/support/virt_driver.py "$BUILD/virt" "$dir"
