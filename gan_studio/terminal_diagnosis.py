"""How a diagnosis reads in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch comes with it
    from .conditions import Evidence, Finding
    from .jobs.diagnose import Diagnosis

WIDTH = 100
SIGNS = {"ill": "✗", "watch": "!"}


def told(diagnosis: Diagnosis) -> str:
    lines = [f"{diagnosis.run}, step {diagnosis.step:,} of {diagnosis.steps:,}: {diagnosis.sentence}"]
    number = 1
    for finding in diagnosis.findings:
        lines += ["", *_finding(finding)]
        for remedy in finding.remedies:
            lines.append(_wrapped(f"[{number}] {remedy.sentence}", "      "))
            number += 1
    if number > 1:
        lines += ["", f"Make the branch that does it with: gan-studio diagnose {diagnosis.run} --apply N"]
    return "\n".join(lines)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{SIGNS[finding.severity]} {finding.title}, since step {finding.since:,}"
    yield _wrapped(finding.sentence, "  ")
    yield _wrapped(finding.learn, "  ")
    yield from (f"    see {_place(evidence)}" for evidence in finding.evidence)
    if finding.healthy is not None and any(not remedy.anew for remedy in finding.remedies):
        yield f"  What helps, from the checkpoint of step {finding.healthy:,} on:"


def _place(evidence: Evidence) -> str:
    line = "" if evidence.threshold is None else f", beside {evidence.threshold:.3g}"
    return f"{evidence.curve}, steps {evidence.first:,} to {evidence.last:,}{line}"


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=indent[:-4] if len(indent) > 4 else indent, subsequent_indent=indent
    )
