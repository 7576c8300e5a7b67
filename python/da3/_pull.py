# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Published models, by the program that the package carries."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from da3._errors import Error, error_of
from da3._program import prefix


def pull(name: str, accept_license: bool = False, *, progress: bool = False) -> Path:
    """Downloads a published model, checks it and makes its model file, as ``da3 model pull`` does.

    Parameters
    ----------
    name : str
        Of `models`, such as ``"da3-base"``, or ``"OWNER/REPO"`` of the hub.
    accept_license : bool
        Accept a licence that forbids commercial use; without it such a model is refused before its download.
    progress : bool
        Lines on standard error: licence, size, how far it is.

    Returns
    -------
    pathlib.Path
        The installed model file, which `load` takes, as it takes the name.

    Raises
    ------
    ModelError
        Unknown name, no connection (the same call resumes), damaged content, licence not accepted.
    OutputError
        The model folder (``DA3_HOME``) cannot be written.
    """
    command = [str(prefix() / "bin" / "da3"), "model", "pull", "--json"]
    if accept_license:
        command.append("--accept-license")
    if not progress:
        command.append("--quiet")
    with subprocess.Popen(
        [*command, "--", name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if progress else subprocess.PIPE,
    ) as process:
        try:
            out, err = process.communicate()
        except BaseException:
            # What has arrived is kept; the same call goes on.
            process.send_signal(signal.SIGINT)
            process.communicate()
            raise
    try:
        answer = json.loads(out)
    except ValueError:
        said = (err or b"").decode(errors="replace").strip() or f"the program ended with {process.returncode}"
        raise Error(said.removeprefix("da3: "), "usage" if process.returncode == 2 else "internal") from None
    if "error" in answer:
        raise error_of(answer["error"]["code"], answer["error"]["message"])
    return Path(answer["file"])
