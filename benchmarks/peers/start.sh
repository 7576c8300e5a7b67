# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by the programs of this folder: runs measure.py for the peer $1 in the environment that setup.sh made.
set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
python=${DA3_PEER_PYTHON:-$here/../../.deps/peers/bin/python}
if ! command -v "$python" >/dev/null; then
  echo "$1: no Python at $python; run $here/setup.sh, or set DA3_PEER_PYTHON" >&2
  exit 1
fi
if [ -n "${DA3_PEER_SOURCE:-}" ]; then
  export PYTHONPATH="$DA3_PEER_SOURCE${PYTHONPATH:+:$PYTHONPATH}"
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$python" -W ignore "$here/measure.py" "$@"
