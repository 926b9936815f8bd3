"""Known vulnerabilities among the exact versions of constraints.txt, by pip-audit.

Ends with 0 where none is known, 1 where one is, 3 where the service that knows them could not be
asked (or 0, with --if-possible). IGNORED holds what was looked at and does not concern us, with
the reason.
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

IGNORED: Final[Mapping[str, str]] = {}
"""Reasons by the id of a vulnerability."""


def main(arguments: list[str]) -> int:
    """Ask, and print what was answered."""
    not_audited = CLEAN if "--if-possible" in arguments else NOT_AUDITED
    versions = Path(__file__).parents[1] / "constraints.txt"
    words = ["--requirement", str(versions), "--no-deps", "--disable-pip", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", *words]
    run = subprocess.run(command, capture_output=True, text=True)
    try:
        report = json.loads(run.stdout)
    except ValueError:
        last = run.stderr.strip().splitlines()[-1:] or ["no answer"]
        print(f"audit: not done, the service could not be asked: {last[0]}")
        return not_audited
    text, code = verdict(report)
    print(text)
    return not_audited if code == NOT_AUDITED else code


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
