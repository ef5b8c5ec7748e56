#!/bin/sh
# Make the virtual environment $1 and install the pinned requirements of $2 and this project into it; also the system
# libraries of the PDF maker (Pango), where this user may. Called by the Makefile; safe to run again.
set -eu
venv=$1
requirements=$2
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "tlm-pipeline needs Python 3.11 or newer; set PYTHON=/path/to/python3.11 and try again." >&2
    exit 2
}
if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv" || {
        rm -rf "$venv"
        echo "No virtual environment could be made; on Debian install it with: apt-get install python3-venv" >&2
        exit 2
    }
fi
echo "Installing into $venv (the first time takes a minute) ..." >&2
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$requirements"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
"$venv/bin/python" -m compileall -q "$venv/lib" >/dev/null 2>&1 || true # WeasyPrint starts in half the time compiled

"$venv/bin/python" -c 'import weasyprint' >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Pango, which the PDF maker needs ..." >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 >/dev/null
fi
"$venv/bin/python" -c 'import weasyprint' >/dev/null 2>&1 && exit 0
cat >&2 <<'TEXT'
The PDF maker does not find Pango. Install it and try again:
  Debian, Ubuntu   apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
  Fedora           dnf install pango harfbuzz
  macOS            brew install pango
TEXT
exit 2
