# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The machine as docs/bench-schema-1.json wants it, with the values that da3 itself would write."""

from datetime import datetime, timezone
import glob
import os
from pathlib import Path
import platform
import resource
import subprocess
import sys

# Instruction sets by which kernels are chosen, as in src/bench/environment/environment_linux.cpp.
_FEATURES = (
    "sse4_2 avx fma f16c avx2 avx_vnni avx512f avx512bw avx512vl avx512_vnni avx512_bf16 amx_tile amx_bf16 amx_int8 "
    "asimd asimddp bf16 sve"
).split()


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return None


def _number(path: str) -> int | None:
    text = _read(path)
    return int(text) if text and text.isdigit() else None


def _field(text: str | None, name: str, separator: str = ":") -> str | None:
    for line in (text or "").splitlines():
        key, found, value = line.partition(separator)
        if found and key.strip() == name:
            return value.strip().strip('"')
    return None


def peak_rss_bytes() -> int:
    """Highest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def processor_features() -> list[str]:
    """Instruction sets of this processor by which kernels are chosen; empty where the system does not list them."""
    info = _read("/proc/cpuinfo")
    flags = (_field(info, "flags") or _field(info, "Features") or "").split()
    return [f for f in _FEATURES if f in flags]


def _processor_linux() -> tuple[dict, int]:
    info = _read("/proc/cpuinfo")
    cores, package, processors = set(), "", 0
    for line in (info or "").splitlines():
        if line.startswith("processor"):
            processors += 1
        elif line.startswith("physical id"):
            package = line
        elif line.startswith("core id"):
            cores.add((package, line))
    cpu = {
        "model": _field(info, "model name"),
        "features": processor_features(),
        "logical_cores": processors or os.cpu_count() or 0,
        "physical_cores": len(cores) or None,
        "allowed_cores": len(os.sched_getaffinity(0)),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    }
    total = _field(_read("/proc/meminfo"), "MemTotal")
    return cpu, int(total.split()[0]) * 1024 if total else 0


def _processor_macos() -> tuple[dict, int]:
    def sysctl(name: str) -> str:
        return subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False).stdout.strip()

    cpu = {
        "model": sysctl("machdep.cpu.brand_string") or None,
        "features": [],
        "logical_cores": os.cpu_count() or 0,
        "physical_cores": int(sysctl("hw.physicalcpu") or 0) or None,
        "allowed_cores": None,
        "governor": None,
    }
    return cpu, int(sysctl("hw.memsize") or 0)


def _cgroup() -> dict:
    """Limits of the control group that this process sees as its root (v2, else v1)."""
    base = "/sys/fs/cgroup"
    own = next((line.split(":", 2)[2] for line in (_read("/proc/self/cgroup") or "").splitlines() if line.startswith("0::")), "/")
    folder = base + own if os.path.exists(base + own + "/memory.max") else base
    cpu_limit = None
    limit = (_read(folder + "/cpu.max") or "").split()
    if len(limit) == 2 and limit[0] != "max":
        cpu_limit = int(limit[0]) / int(limit[1])
    quota, period = _number(base + "/cpu/cpu.cfs_quota_us"), _number(base + "/cpu/cpu.cfs_period_us")
    if quota and period:
        cpu_limit = quota / period
    memory = _number(folder + "/memory.max") or _number(base + "/memory/memory.limit_in_bytes")
    # Version 1 writes a huge number for "none".
    return {"cpu_limit": cpu_limit, "memory_limit_bytes": memory if memory and memory < 1 << 60 else None}


def _power_source() -> str | None:
    states = [_read(f) for f in glob.glob("/sys/class/power_supply/*/status")]
    if "Discharging" in states:
        return "battery"
    return "mains" if "1" in [_read(f) for f in glob.glob("/sys/class/power_supply/*/online")] else None


def capture(command_line: list[str], libraries: dict, threads: int, with_devices: bool) -> dict:
    """The block `environment` of a report. da3's workers name no devices, its reports do."""
    cpu, memory = _processor_macos() if sys.platform == "darwin" else _processor_linux()
    device = {"id": "cpu", "name": cpu["model"], "driver": None, "memory_bytes": memory}
    system = _field(_read("/etc/os-release"), "PRETTY_NAME", "=") or platform.platform()
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command_line": command_line,
        "os": system,
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": cpu,
        "cgroup": _cgroup(),
        "memory_bytes": memory,
        "power_source": _power_source(),
        "threads": threads,
        "libraries": libraries,
        "devices": [device] if with_devices else [],
        "peak_rss_bytes": peak_rss_bytes(),
    }


def busy_core_seconds() -> tuple[float, float] | None:
    """Processor seconds of the whole machine and of this process with its ended children."""
    stat = _read("/proc/stat")
    if stat is None:
        return None
    ticks = [int(v) for v in stat.splitlines()[0].split()[1:9]]
    busy = sum(ticks) - ticks[3] - ticks[4]  # all but idle and iowait
    times = os.times()
    return busy / os.sysconf("SC_CLK_TCK"), sum(times[:4])
