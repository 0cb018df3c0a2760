"""``mlflow-tui doctor``: what was found, what is wrong, what to do next. It shows no secret."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import (
    EnvFileNotUnderstood,
    databricks_config_file,
    databricks_profiles,
    settings,
)
from mlflow_analysis.protocol import CheckStage, ConnectionReport
from mlflow_analysis.service.redaction import Redaction
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import printable
from mlflow_tui.addresses import without_credentials
from mlflow_tui.command_line.connecting import log_kept, profiles_path
from mlflow_tui.command_line.place import (
    PROGRAM,
    Place,
    extras,
    places,
    terminal_facts,
    versions,
)
from mlflow_tui.config.profiles import Profile, Profiles, ProfilesNotUnderstood
from mlflow_tui.config.settings import Settings
from mlflow_tui.connection_form import how_to_sign_in
from mlflow_tui.terminal import capabilities

HEALTHY, NOT_CONNECTED = 0, 3
_LABEL = 18
_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red")}


class Examination:
    """Looks at everything once; ``run`` prints it and gives the exit code."""

    def __init__(self, asked: ConnectionRequest, profile: str) -> None:
        self._asked, self._profile = asked, profile
        self._redact = Redaction()
        self._next: list[str] = []
        self._environment = dict(os.environ)  # MLflow, once loaded, has variables of ours in it

    def run(self) -> int:
        """Print all; 0 if the store can be read, else 3."""
        profiles = self._profiles()
        self._choose(profiles)
        self._redact.learn(self._asked)
        with log_kept(self._redact):
            report, problem, stages = self._checked()
        self._say_verdict(report, problem)
        self._section("Connection", self._connection(report, stages))
        if problem is not None and problem.details:
            self._section("What the machinery said", problem.details.splitlines()[:12])
        self._section("Variables that speak of stores", self._settings())
        self._section("Profiles", self._profile_lines(profiles))
        self._section("Paths", self._paths())
        self._section("Versions", _rows(versions()))
        self._section("Optional parts", self._extras())
        self._section("Terminal", self._terminal())
        if problem is None:
            self._next.append(f"Look at the traces: {self._command(PROGRAM)}")
        else:
            self._suggest()
        self._section("Next", [f"{n}. {each}" for n, each in enumerate(self._next, 1)])
        return HEALTHY if problem is None else NOT_CONNECTED

    # ---- the connection -----------------------------------------------------------------

    def _choose(self, profiles: Sequence[Profile]) -> None:
        """Without being told, try what the app would open."""
        if self._profile or self._asked != ConnectionRequest():
            return
        if os.environ.get("MLFLOW_TRACKING_URI"):
            return
        names = [profile.name for profile in profiles if profile.problem is None]
        try:
            wanted = Profiles(profiles_path()).default or Settings.load().last_profile
        except (ProfilesNotUnderstood, OSError):
            return  # told where the profiles are listed
        if wanted in names:
            self._profile = wanted
            self._asked = profiles[[each.name for each in profiles].index(wanted)].connection

    def _checked(
        self,
    ) -> tuple[ConnectionReport | None, ConnectionProblem | None, list[CheckStage]]:
        stages: dict[str, CheckStage] = {}

        def staged(stage: CheckStage) -> None:
            stages[stage.name] = stage

        try:
            report = connect(self._asked, on_stage=staged).report()
        except ConnectionProblem as problem:
            return None, problem, list(stages.values())
        return report, None, list(stages.values())

    def _say_verdict(
        self, report: ConnectionReport | None, problem: ConnectionProblem | None
    ) -> None:
        if problem is not None:
            self._line(click.style("✗ ", fg="red") + click.style(problem.sentence, bold=True))
            if problem.remedy:
                self._line(f"  {problem.remedy}")
                self._next.append(problem.remedy)
        elif report is not None:
            count = f"{report.experiments:,} experiment{'' if report.experiments == 1 else 's'}"
            said = f"{report.store}, {count}: {report.tracking_uri}"
            self._line(click.style("✓ ", fg="green") + click.style(said, bold=True))

    def _connection(
        self, report: ConnectionReport | None, stages: Sequence[CheckStage]
    ) -> list[str]:
        where = without_credentials(self._asked.tracking_uri) or "MLFLOW_TRACKING_URI"
        rows = [
            ("tried", f"profile {self._profile}: {where}" if self._profile else where),
            ("sign-in", how_to_sign_in(self._asked) or "as MLflow does"),
        ]
        lines = _rows(rows)
        for stage in stages:
            sign, colour = _SIGNS.get(stage.state, ("…", "yellow"))
            lines.append(
                f"{click.style(sign, fg=colour)} {stage.name:<{_LABEL - 2}}"
                f"{stage.elapsed_ms:6.0f} ms  {stage.found}".rstrip()
            )
        if report is not None:
            lines += [f"  {note}" for note in report.notes]
            if report.missing:
                lines.append(f"  Not there: {', '.join(report.missing)}")
        return lines

    def _suggest(self) -> None:
        """What a person who cannot connect could do besides."""
        for path, address in (("mlflow.db", "sqlite:///mlflow.db"), ("mlruns", "./mlruns")):
            if Path(path).exists():
                self._next.append(
                    f"There is {path} in this directory: {PROGRAM} doctor --tracking-uri {address}"
                )
        self._next.append(f"Fill in address and sign-in field by field: {PROGRAM}, screen 1")
        self._next.append(f"Look around in a sample store: {PROGRAM} demo")

    def _command(self, program: str) -> str:
        if self._profile:
            return f"{program} --profile '{self._profile}'"
        shown = without_credentials(self._asked.tracking_uri)
        return f"{program} --tracking-uri {shown}" if shown else program

    # ---- surroundings -------------------------------------------------------------------

    def _settings(self) -> list[str]:
        try:
            found = settings(self._environment, self._asked.env_file)
        except EnvFileNotUnderstood as problem:
            return [f"✗ {problem.sentence} {problem.remedy}"]
        width = max((len(each.name) for each in found), default=0)
        lines = [f"  {each.name:<{width}}  {each.shown}  ({each.origin})" for each in found]
        try:
            databricks = databricks_profiles()
        except OSError as error:
            lines.append(f"✗ {databricks_config_file()} cannot be read: {error.strerror}.")
        else:
            lines += [
                f"  Databricks profile {each.name}  {each.host}  ({databricks_config_file()})"
                for each in databricks
            ]
        return lines or ["  none"]

    def _profiles(self) -> list[Profile]:
        try:
            return Profiles(profiles_path()).all()
        except ProfilesNotUnderstood as problem:
            self._next.append(f"{problem.sentence} {problem.remedy}")
        except OSError as error:
            self._next.append(f"{profiles_path()} cannot be read: {error.strerror or error}.")
        return []

    def _profile_lines(self, profiles: Sequence[Profile]) -> list[str]:
        lines = []
        for profile in profiles:
            if profile.problem is not None:
                lines.append(f"✗ {profile.problem.sentence}")
                self._next.append(f"{profile.problem.sentence} {profile.problem.remedy}")
                continue
            where = without_credentials(profile.connection.tracking_uri) or "MLFLOW_TRACKING_URI"
            signed = how_to_sign_in(profile.connection)
            lines.append(f"  {profile.name:<{_LABEL - 2}}{where}{', ' + signed if signed else ''}")
        return lines or ["  none that can be used; screen 1 keeps one with f4"]

    # ---- the machine --------------------------------------------------------------------

    def _paths(self) -> list[str]:
        lines = []
        for place in places():
            lines.append(f"{'✗' if place.problem else ' '} {self._place(place)}")
            if place.problem:
                self._next.append(place.problem)
        return lines

    @staticmethod
    def _place(place: Place) -> str:
        return f"{place.name:<{_LABEL - 2}}{place.path}  ({place.state})"

    def _extras(self) -> list[str]:
        lines = []
        for extra in extras():
            if extra.is_there:
                there = ", ".join(f"{name} {version}" for name, version in extra.packages)
                lines.append(f"✓ {extra.name:<{_LABEL - 2}}{there}")
            else:
                lines.append(
                    f"– {extra.name:<{_LABEL - 2}}not installed: pip install '{PROGRAM}[{extra.name}]'"
                )
        return lines or ["  unknown: the program is not installed as a package"]

    def _terminal(self) -> list[str]:
        lines = _rows(terminal_facts(os.environ))
        objection = capabilities.objection(os.environ)
        return [*lines, f"✗ {objection}" if objection else "✓ The screens can be shown here."]

    # ---- printing -----------------------------------------------------------------------

    def _section(self, title: str, lines: Iterable[str]) -> None:
        shown = list(lines)
        if shown:
            self._line("\n" + click.style(title, bold=True))
            for line in shown:
                self._line(line)

    def _line(self, line: str) -> None:
        """Whatever has slipped through, no secret that is known leaves."""
        click.echo(self._redact(line))


def _rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"  {label:<{_LABEL - 2}}{printable(value)}" for label, value in rows]
