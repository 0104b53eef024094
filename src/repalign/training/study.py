"""A training study: a file that says what is trained, perturbed and probed, and where data lie here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from repalign.benchmarks import Study
from repalign.datasets.places import find
from repalign.errors import FileError, InputError, UnknownNameError, invalid
from repalign.training.cost import Cost
from repalign.training.problem_options import ProblemOptions
from repalign.training.run_spec import RunSpec
from repalign.training.sweep import Sweep, Windows, expand

_FROZEN = ConfigDict(extra="forbid", frozen=True)
MAKER = "repalign.training.problems:learned_target"
KINDS = ("training", "scores")
SHIPPED = "repalign.training.studies"
_SEE = "`repalign run NAME --show` prints a whole study file; `repalign run` lists the names."
_PUBLISHED = "data:"  # below REPALIGN_DATA, as the data sets' own files
_PATHS = ("weights", "prompts", "folder", "images", "rdms", "stimuli", "target", "ids")


class TrainingStudy(BaseModel):
    """What a study file holds.

    Args:
        kind: ``training``.
        title: Heading of the page.
        about: What it is, for people.
        problem: Options of the problem; see :class:`repalign.training.problems.ProblemOptions`. Another
            ``maker`` (``package.module:function``) has options of its own.
        run: How it is trained: :class:`RunSpec` but for problem, seeds and perturbation.
        seeds: Of the baselines.
        noise_seeds: Of the perturbations.
        windows: What is perturbed when.
        where: Per data set, ``network`` and ``store``: where parts lie on this machine.
        cost: For estimates.
    """

    model_config = _FROZEN

    kind: str = "training"
    title: str = ""
    about: str = ""
    problem: dict[str, Any]
    run: dict[str, Any] = Field(default_factory=dict)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    noise_seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    windows: tuple[Windows, ...] = ()
    where: dict[str, dict[str, str]] = Field(default_factory=dict)
    cost: Cost | None = None

    @field_validator("problem")
    @classmethod
    def _can_be_made(cls, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("maker", MAKER) == MAKER:
            ProblemOptions(**given)
        return given

    @field_validator("run")
    @classmethod
    def _can_be_run(cls, given: dict[str, Any]) -> dict[str, Any]:
        RunSpec(**{**given, "problem": {}})
        return given

    @model_validator(mode="after")
    def _can_be_planned(self) -> TrainingStudy:
        expand(self.outline())
        return self

    @property
    def problem_spec(self) -> dict[str, Any]:
        """What the problem is made from."""
        return {"maker": MAKER, **self.problem}

    def outline(self, problem: Mapping[str, Any] | None = None) -> Sweep:
        """The sweep that the study asks for.

        Args:
            problem: The problem's spec with the digests of its data; without it runs can be counted and
                named, and not trained.
        """
        baseline = RunSpec(**{**self.run, "problem": dict(problem or self.problem_spec)})
        return Sweep(baseline=baseline, seeds=self.seeds, noise_seeds=self.noise_seeds, windows=self.windows)

    def sweep(self) -> Sweep:
        """The sweep with the digests of its data, which are read for it.

        Raises:
            UnavailableError: Data or weights are not here.
            UnitError: There is no such maker.
        """
        from repalign.training.running import made

        return self.outline(made(self.problem_spec, self.where).spec)

    def described(self) -> dict[str, Any]:
        """What the results say of the study beside the sweep."""
        probes = [
            {"benchmark": each["benchmark"], "measures": list(each.get("measures", ()))}
            for each in self.problem.get("probes", ())
        ]
        windows = [each.drawn_as for each in self.windows]
        return {
            "title": self.title,
            "about": {"what": self.about.strip()},
            "probes": probes,
            "figures": windows,
        }


def shipped_studies() -> tuple[str, ...]:
    """Names of the studies that come with the package."""
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in _shipped().iterdir() if f.name.endswith(".toml"))
    )


def study_text(named: Path | str) -> str:
    """The text of a study file: a path, or the name of a shipped one.

    Raises:
        FileError: There is no such file.
        UnknownNameError: No study of this name is shipped.
    """
    path = Path(named)
    if path.suffix == ".toml" or path.exists():
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FileError(f"{path} cannot be read ({error})", hint="Name a study file.") from error
    name = str(named)
    if name not in shipped_studies():
        raise UnknownNameError.among("study", name, shipped_studies())
    return (_shipped() / f"{name}.toml").read_text(encoding="utf-8")


def read_study(named: Path | str) -> TrainingStudy:
    """Read a study file of training.

    Args:
        named: A path, or the name of a shipped study. Paths under ``where`` are taken from the file's folder.

    Raises:
        FileError: It cannot be read, or is no TOML.
        InputError: A setting is misspelt or impossible; all of them are named.
    """
    if kind_of(named) != "training":
        raise InputError(
            f"{named} is a study of scores, and nothing is trained in it", hint=f"repalign run {named}"
        )
    content = parsed(named)
    folder = Path(named).parent if Path(named).exists() else None
    content["where"] = _from_folder(content.get("where", {}), folder)
    try:
        return TrainingStudy(**content)
    except ValidationError as error:
        raise invalid(str(named), error, hint=_SEE) from error


def read_scoring(named: Path | str) -> tuple[Study, dict[str, dict[str, str]]]:
    """Read a study file of scores: the settings of :class:`repalign.benchmarks.Study`, and ``where``.

    Args:
        named: A path, or the name of a shipped study.

    Returns:
        The study, and per data set or benchmark where parts of it lie.

    Raises:
        FileError: It cannot be read, or is no TOML.
        InputError: A setting is misspelt or impossible; all of them are named.
    """
    content = parsed(named)
    folder = Path(named).parent if Path(named).exists() else None
    where = _from_folder(content.pop("where", {}), folder)
    try:
        return Study(**{name: value for name, value in content.items() if name != "kind"}), where
    except ValidationError as error:
        raise invalid(str(named), error, hint=_SEE) from error


def kind_of(named: Path | str) -> str:
    """What a study file asks for: ``training`` or ``scores``.

    Raises:
        FileError: It cannot be read, or is no TOML.
        UnknownNameError: Neither.
    """
    kind = str(parsed(named).get("kind", "training"))
    if kind not in KINDS:
        raise UnknownNameError.among("kind of study", kind, KINDS)
    return kind


def parsed(named: Path | str) -> dict[str, Any]:
    """A study file as plain values.

    Raises:
        FileError: It cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(study_text(named))
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{named} is no TOML: {error}", hint="See the studies that are shipped.") from error


def _from_folder(where: Any, folder: Path | None) -> Any:
    if not isinstance(where, dict):
        return where
    return {
        name: {key: _placed(key, value, folder) for key, value in section.items()}
        if isinstance(section, dict)
        else section
        for name, section in where.items()
    }


def _placed(key: str, value: Any, folder: Path | None) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith(_PUBLISHED):
        path = value.removeprefix(_PUBLISHED)
        return str(find(path) or path)  # what is missing is said by whoever wants to read it
    if key not in _PATHS or ":" in value or folder is None:
        return value
    return str(folder / Path(value).expanduser())


def _shipped() -> Any:
    return resources.files(SHIPPED)
