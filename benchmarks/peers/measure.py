# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures another implementation of Depth Anything 3 under da3's plan; README.md in this folder says how.

measure.py PEER [OPTIONS], started by the program PEER of this folder.
"""

import argparse
import os
from pathlib import Path
import platform
import re
import signal
import sys
import time

sys.path.insert(0, str(Path(__file__).resolve().parent))

_PRECISIONS = {
    "original": "fp32, bf16, fp16, and default: what the original's API does here (fp32,default)",
    "openvino": "fp32, bf16, int8 (static, the rest in bf16), int8-dynamic (fp32)",
    "onnxruntime": "fp32, int8 (dynamic) (fp32)",
}
_PHOTOS = [(640, 480), (1920, 1080), (3840, 2160)]


def _list(kind):
    return lambda text: [kind(item) for item in text.split(",") if item]


def _photo_size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def parse_options(name: str, arguments: list[str]) -> argparse.Namespace:
    from peer.suites import SUITES

    suites = SUITES[name]
    parser = argparse.ArgumentParser(prog=name, description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--suite", type=_list(str), default=[s for s in suites if s not in ("folder", "scene")], help=", ".join(suites) + " (all but folder and scene)")
    parser.add_argument("-m", "--model", type=_list(str), default=["da3-small", "da3-base"], help="da3-small,da3-base")
    parser.add_argument("--batch", type=_list(int), default=[1, 2, 4, 8], help="images per forward (1,2,4,8)")
    parser.add_argument(
        "--precision",
        type=_list(str),
        default=["fp32", "default"] if name == "original" else ["fp32"],
        help=_PRECISIONS[name],
    )
    parser.add_argument("--attention", type=_list(str), default=["sdpa"], help="sdpa, manual (sdpa)")
    parser.add_argument("--image-size", type=_list(_photo_size), default=[], help="photos, WIDTHxHEIGHT (1280x720)")
    parser.add_argument("--process-res", type=_list(int), default=[504], help="processing sizes (504)")
    parser.add_argument("--images", type=int, default=60, help="photos of the suite folder (60)")
    parser.add_argument("--threads", type=int, default=0, help="threads of a forward (the cores of this machine)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of a case in all (5)")
    parser.add_argument("--warmup", type=int, default=2, help="runs before them (2)")
    parser.add_argument("--weights", help="folder of published models, MODEL/model.safetensors (recipe weights)")
    parser.add_argument("-o", "--output", default="", help="report, saved after every case (standard output)")
    options = parser.parse_args(arguments)
    unknown = set(options.suite) - set(suites)
    if unknown:
        parser.error(f"--suite {','.join(sorted(unknown))}: {name} is measured in {', '.join(suites)}")
    if options.runs < 1 or options.warmup < 0 or min(options.batch + options.process_res + [options.images], default=0) < 1:
        parser.error("--runs, --batch, --images and --process-res are at least 1, --warmup at least 0")
    if options.weights:
        os.environ["DA3_PEER_WEIGHTS"] = options.weights
    options.threads = options.threads or _physical_cores()
    return options


def _physical_cores() -> int:
    """As da3 counts the threads of a forward: physical cores that this process may use."""
    from peer import environment

    machine = environment.capture([], {}, 0, False)
    cpu, limit = machine["cpu"], machine["cgroup"]["cpu_limit"]
    counts = [cpu["physical_cores"] or cpu["logical_cores"], cpu["allowed_cores"] or cpu["logical_cores"]]
    return max(1, int(min(counts + ([limit] if limit else []))))


def plan_groups(options: argparse.Namespace) -> list[tuple[str, list[dict]]]:
    """The cases with da3's settings (src/bench/plan/case_matrix.cpp), in groups that are interleaved."""
    from peer import weights
    from peer.photo import processed_size

    def start(model: str, precision: str, attention: str) -> dict:
        return {
            "model": model,
            "weights": weights.origin(model),
            "device": "cpu",
            "precision": precision,
            "attention": attention,
        }

    def shape(width: int, height: int, res: int) -> dict:
        processed = processed_size(height, width, res)
        return {"views": 1, "height": processed[0], "width": processed[1]}

    groups = []
    photos = options.image_size or [(1280, 720)]
    first = shape(*photos[0], options.process_res[0])
    if "throughput" in options.suite:
        for model in options.model:
            for photo in photos:
                for res in options.process_res:
                    cases = [
                        start(model, precision, mode)
                        | {"batch": batch}
                        | shape(*photo, res)
                        | {"threads": options.threads}
                        for precision in options.precision
                        for mode in options.attention
                        # Half precision is several times slower here; one case shows it.
                        for batch in (options.batch[:1] if precision == "default" else options.batch)
                    ]
                    groups.append(("throughput", cases))
    if "load" in options.suite:
        for model in options.model:
            cases = [
                start(model, "fp32", options.attention[0]) | {"cache": cache} | first | {"threads": options.threads}
                for cache in ("cold", "warm", "hit")
            ]
            groups.append(("load", cases))
    if "folder" in options.suite:
        for model in options.model:
            photo = {"photo_height": photos[0][1], "photo_width": photos[0][0], "process_res": options.process_res[0]}
            case = start(model, options.precision[0], options.attention[0]) | {"images": options.images} | first | photo
            groups.append(("folder", [case | {"threads": options.threads}]))
    if "scene" in options.suite:
        for model in options.model:
            cases = [
                start(model, options.precision[0], options.attention[0])
                | first
                | {"views": views, "threads": options.threads}
                for views in (1, 2, 4, 8, 16)
            ]
            groups.append(("scene", cases))
    if "preprocess" in options.suite:
        for width, height in options.image_size or _PHOTOS:
            for res in options.process_res:
                size = processed_size(height, width, res)
                cases = [
                    {"device": "cpu", "strategy": strategy, "photo_height": height, "photo_width": width}
                    | {"height": size[0], "width": size[1], "threads": 1}
                    for strategy in ("cpu", "default")
                ]
                groups.append(("preprocess", cases))
    return groups


def _versions(peer) -> dict:
    python = {"python": platform.python_version()}
    if peer.name != "original":
        return python | peer.libraries()
    import cv2
    import torch

    blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return {
        "libtorch": torch.__version__,
        "opencv": cv2.__version__,
        "blas": blas[1] if blas else "unknown",
        "onednn": "built in" if torch.backends.mkldnn.is_available() else None,
    } | python


def _tool(peer) -> dict:
    return {
        "name": peer.tool,
        "version": peer.version(),
        "commit": "",
        "build_type": "Release",
        "compiler": f"Python {platform.python_version()}",
    }


def _report(peer, file: str, plan: dict, threads: int, with_devices: bool):
    from peer import environment, report

    surroundings = environment.capture(sys.argv, _versions(peer), threads, with_devices)
    return report.Report(_tool(peer), surroundings, {"left_out": []} | plan, file)


def serve_worker(name: str) -> int:
    """`da3 bench --against` speaks with this."""
    # The original prints to standard output, which belongs to the protocol.
    protocol = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import json

    from peer import programs
    from peer.suites import LoadedModel, Session
    from peer.worker import Server

    peer = programs.choose(name)
    greeting = json.loads(_report(peer, "", {}, 0, False).text())
    Server(lambda suite, cases: Session(peer, suite, cases), LoadedModel(peer)).serve(sys.stdin, protocol, greeting)
    return 0


def run_script(name: str, settings: str) -> int:
    """A folder of photos as a process of its own; the suite folder starts it."""
    import json

    from peer import programs, suites

    suites.run_script(programs.choose(name), json.loads(settings))
    return 0


def _measure(peer, suite: str, cases: list[dict], options: argparse.Namespace, report) -> None:
    from peer import sampler
    from peer.report import case
    from peer.suites import MISSING, Session

    session = Session(peer, suite, cases)
    # A load is a process of its own each time.
    session.sampler.warm_up(min(1, options.warmup) if suite == "load" else options.warmup)
    for runs in sampler.spread_runs(options.runs, 5):
        session.sampler.run_round(runs)
    results = []
    for settings, facts, failure, variant in zip(cases, session.facts, session.failures, session.variants):
        samples = sampler.Samples(failure=failure) if variant is None else session.sampler.samples[variant]
        results.append(case(suite, settings, facts, samples, session.sampler.calibrations, MISSING))
    report.add(results, session.sampler.calibrations)


def main(arguments: list[str]) -> int:
    name, *arguments = arguments
    if arguments == ["bench", "worker"]:
        return serve_worker(name)
    if arguments[:1] == ["script"]:
        return run_script(name, arguments[1])
    options = parse_options(name, arguments[1:] if arguments[:1] == ["bench"] else arguments)
    from peer import environment, programs
    from peer.report import judge_load

    plan = {"suites": ",".join(options.suite), "models": ",".join(options.model), "runs": options.runs}
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = programs.choose(name)
    report = _report(peer, options.output, plan | {"warmups": options.warmup}, options.threads, True)
    before, start = environment.busy_core_seconds(), time.monotonic()
    interrupted = False
    groups = plan_groups(options)
    try:
        for number, (suite, cases) in enumerate(groups, 1):
            what = cases[0].get("model") or f"{cases[0]['photo_width']}x{cases[0]['photo_height']}"
            elapsed = time.monotonic() - start
            print(f"{name}: [{number}/{len(groups)}, {elapsed:.0f} s] {suite} {what}, {len(cases)} cases", file=sys.stderr)
            _measure(peer, suite, cases, options, report)
    except KeyboardInterrupt:
        interrupted = True
        print(f"{name}: stopped; finished cases are kept", file=sys.stderr)
    report.warn(judge_load(before, environment.busy_core_seconds(), time.monotonic() - start))
    if not options.output:
        out.write(report.text())
        out.flush()
    if interrupted:
        return 128 + signal.SIGINT
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
