#!/bin/sh
# Run install.py, which is beside this file, with a Python of this machine that a target of the site fits.
#
#     sh install.sh /srv/lab
#
# `sh install.sh --help` lists all options. PYTHON=/opt/python/bin/python3 chooses the Python.
folder=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 3
names="python3 python"
for minor in 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6; do names="$names python3.$minor"; done

first=
for name in ${PYTHON:-$names}; do
    python=$(command -v -- "$name") || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null || continue
    [ -n "$first" ] || first=$python
    # One that the site has nothing for is not the last word: another may be there.
    if "$python" "$folder/install.py" --dry-run "$@" >/dev/null 2>&1; then
        exec "$python" "$folder/install.py" "$@"
    fi
done
[ -z "$first" ] || exec "$first" "$folder/install.py" "$@"

step="install one, or set PYTHON to the path of one"
for wheel in "$folder"/simple/uv/uv-*"$(uname -m)".whl; do
    if [ -f "$wheel" ]; then
        step="$step; or take uv out of $wheel with \`unzip -p\`, and let it install a Python archive that you bring"
        break
    fi
done
echo "install.sh: error: there is no Python 3.6 or newer; $step" >&2
exit 3
