"""The load: wrk, in a process of its own, sends the requests of a file in order, over and over."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

LUA = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local at = 0
local thread_count = 0
function setup(thread) thread:set("offset", thread_count) ; thread_count = thread_count + 1 end
function init(args) at = offset * math.floor(#paths / 2) end
function request()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at], {["Accept"] = "%s"})
end
function done(summary, latency, requests)
  io.write(string.format("CATCHUP %%d %%d %%f %%d %%d %%d\\n", summary.requests,
    summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Measured:
    """One run: requests a second, latency percentiles in milliseconds, failed requests, its length."""

    rate: float
    p50: float
    p95: float
    p99: float
    errors: int
    seconds: float


def measure(
    url: str, queries: list[str], seconds: float, folder: Path, accept: str, connections: int = 8
) -> Measured:
    """Send `queries` to `url` for `seconds` over `connections` connections."""
    base, _, path = url.partition("//")[2].partition("/")
    lines = [f"/{path}?query=" + urllib.parse.quote(q, safe="") for q in queries]
    requests = folder / "requests.txt"
    requests.write_text("\n".join(lines) + "\n")
    script = folder / "load.lua"
    script.write_text(LUA % (requests, accept))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "60s"]
    done = subprocess.run(
        [*command, "-s", str(script), f"http://{base}/"], capture_output=True, text=True
    )
    found = re.search(r"CATCHUP (\d+) (\d+) ([\d.]+) (\d+) (\d+) (\d+)", done.stdout)
    if not found:
        raise RuntimeError(done.stdout + done.stderr)
    sent, errors, took = int(found[1]), int(found[2]), float(found[3])
    p50, p95, p99 = (int(found[i]) / 1000 for i in (4, 5, 6))
    return Measured((sent - errors) / took, p50, p95, p99, errors, took)


def available() -> bool:
    """Tell whether wrk is installed."""
    return shutil.which("wrk") is not None
