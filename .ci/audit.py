"""Known vulnerabilities among the exact versions of REQUIREMENTS, by pip-audit.

Ends with 0 where none is known, 1 where one is, 3 where the service that knows them could not be
asked, or knows no package (0 with --if-possible; the last line says that nothing was looked for).
IGNORED holds what was looked at and does not concern us, with the reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

CLEAN: Final = 0
VULNERABLE: Final = 1
NOT_AUDITED: Final = 3

ROOT: Final = Path(__file__).parents[1]
REQUIREMENTS: Final = ("constraints.txt", "deploy/triton/requirements.txt")
ASK_S: Final = 300.0
"""For each of them, seconds; a service that is there answers within one minute."""

IGNORED: Final[Mapping[str, str]] = {}
"""Reasons by the id of a vulnerability."""


def main(arguments: list[str]) -> int:
    """Ask, and print what was answered."""
    codes = {name: _audit(name) for name in REQUIREMENTS}
    if VULNERABLE in codes.values():
        return VULNERABLE
    left_out = [name for name, code in codes.items() if code == NOT_AUDITED]
    if not left_out:
        return CLEAN
    print(f"audit: NOT DONE: nobody has looked for vulnerabilities in {', '.join(left_out)}")
    return CLEAN if "--if-possible" in arguments else NOT_AUDITED


def verdict(report: Mapping[str, Any]) -> tuple[str, int]:
    """What the JSON of pip-audit says, and the code to end with."""
    packages = report["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {bug['id']}, mended in "
        f"{', '.join(bug['fix_versions']) or 'no version yet'}"
        for package in packages
        for bug in package.get("vulns", ())
        if IGNORED.keys().isdisjoint({bug["id"], *bug.get("aliases", ())})
    ]
    audited = len(packages) - len(skipped)
    head = f"audit: {audited} of {len(packages)} packages are known to the service"
    lines = [head, *(f"audit: not known: {p['name']}" for p in skipped), *found]
    if found:
        return "\n".join(lines), VULNERABLE
    return "\n".join(lines), CLEAN if audited else NOT_AUDITED


def _audit(name: str) -> int:
    """Ask for the versions in the file `name`, and print the answer; the code of its verdict."""
    print(f"audit: {name}", flush=True)
    words = ["--requirement", str(ROOT / name), "--no-deps", "--disable-pip", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", *words]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=ASK_S)
    except subprocess.TimeoutExpired:
        print(f"audit: the service has not answered within {ASK_S:.0f} s")
        return NOT_AUDITED
    try:
        text, code = verdict(json.loads(run.stdout))
    except ValueError:
        last = run.stderr.strip().splitlines()[-1:] or ["no answer"]
        text, code = f"audit: the service could not be asked: {last[0]}", NOT_AUDITED
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
