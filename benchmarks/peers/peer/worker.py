# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The protocol of `da3 bench worker` (src/bench/against/worker.hpp): one JSON object a line in each direction."""

import json
from pathlib import Path
import subprocess
import sys

_PROTOCOL = 1


class Server:
    """Answers requests until the input ends. Errors of requests are answers."""

    def __init__(self, make_session, loaded) -> None:
        self._make_session = make_session
        self._loaded = loaded
        self._session = None

    def serve(self, lines, out, greeting: dict) -> None:
        self._say(out, {"worker": _PROTOCOL, "report": greeting})
        for line in lines:
            try:
                reply = {"ok": True} | self._answer(json.loads(line))
            except Exception as error:
                reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            self._say(out, reply)

    @staticmethod
    def _say(out, value: dict) -> None:
        out.write(json.dumps(value, allow_nan=False) + "\n")
        out.flush()

    def _answer(self, request: dict) -> dict:
        command = request["do"]
        if command == "open":
            return self._open(request["group"], request["warmups"])
        if command == "round":
            return self._round(request["runs"])
        if command == "load":
            self._loaded.load(request["settings"])
        elif command == "predict":
            self._loaded.predict()
        else:
            raise ValueError(f"a worker knows no request '{command}'")
        return {}

    def _open(self, group: dict, warmups: int) -> dict:
        self._session = None
        self._session = self._make_session(group["suite"], group["cases"])
        self._session.sampler.warm_up(warmups)
        pairs = zip(self._session.facts, self._session.failures)
        return {"cases": [{"facts": facts, "failure": failure} for facts, failure in pairs]}

    def _round(self, runs: int) -> dict:
        if self._session is None:
            raise ValueError("a worker was asked for a round before a group was opened")
        sampler = self._session.sampler
        sampler.run_round(runs)
        cases = []
        for failure, variant in zip(self._session.failures, self._session.variants):
            values = {}
            if variant is not None:
                samples = sampler.samples[variant]
                failure = samples.failure
                # A case that failed in this round has no entry for it.
                last = sampler.rounds_done - 1
                values = {name: rounds[last] for name, rounds in samples.rounds.items() if len(rounds) > last}
            cases.append({"values": values, "failure": failure})
        return {"cases": cases, "calibration": {name: values[-1] for name, values in sampler.calibrations.items()}}


class Worker:
    """A fresh process of this peer; ready when it has greeted."""

    def __init__(self, peer: str) -> None:
        program = Path(__file__).parent.parent / "measure.py"
        self._process = subprocess.Popen(
            [sys.executable, str(program), peer, "bench", "worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._read()

    def _read(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker ended with {self._process.wait()}")
        return json.loads(line)

    def ask(self, request: dict) -> dict:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply = self._read()
        if not reply["ok"]:
            raise RuntimeError(reply["error"])
        return reply

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
