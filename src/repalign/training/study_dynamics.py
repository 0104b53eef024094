"""Everything that a training study of ours computes from its runs, over all of its seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repalign.data import ResultsDir
from repalign.errors import TooFewError
from repalign.training.published.analysis import analyse, check_threshold
from repalign.training.study_cells import at_first_epoch, cells_of, effects_by_place, extremes_of, of_extremes
from repalign.training.study_courses import (
    alignment_courses,
    all_series,
    baseline_course,
    ceiling_of,
    choose,
    dimension_courses,
    jitter,
)
from repalign.training.study_messages import messages_of
from repalign.training.study_records import Series
from repalign.training.study_recovery import recoveries, recovery_summary
from repalign.training.study_runs import StudyRuns, read_runs


@dataclass(frozen=True)
class StudyDynamics:
    """Numbers behind the figures of a study; plain values as in JSON, None where there is no number.

    Intervals are 95 %, of Student's t over baseline seeds: they generalise to further seeds of this training,
    not to other stimuli. Effects are a run minus the baseline of its own seed.

    Args:
        about: What was chosen: target, region, layer, measure, loss, seeds, threshold, how many runs.
        seeds: The analysis of published runs, for each pair of baseline seed and noise seed.
        baseline: A row per epoch.
        jitter: Spread between baselines.
        cells: A row per figure, kind, start and length: effect at the first perturbed epoch, interval, p,
            and p corrected by Holm over the cells of the figure. ``sd_seed`` and ``sd_noise`` are of the
            effect on RSA, ``loss_sd_seed`` and ``loss_sd_noise`` of that on the loss.
        recovery: A row per kind, start and length of figure 4.
        recovery_summary: Over all of them.
        extremes: The heatmap: lowest loss and highest RSA minus the baseline's.
        courses: Alignment of the baselines by target, region, layer and measure.
        dimensions: Explained variance by dimension of the targets, those learned first first.
        ceiling: Of the chosen alignment: ``lower``, ``upper``, and ``reason`` where both are None.
        messages: What a reader must know.
    """

    about: dict[str, Any]
    seeds: list[dict[str, Any]]
    baseline: list[dict[str, Any]]
    jitter: dict[str, Any]
    cells: list[dict[str, Any]]
    recovery: list[dict[str, Any]]
    recovery_summary: dict[str, Any]
    extremes: list[dict[str, Any]]
    courses: list[dict[str, Any]]
    dimensions: list[dict[str, Any]]
    ceiling: dict[str, Any]
    messages: list[str]

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with ``--json``."""
        return dict(vars(self))


def study_dynamics(
    results: ResultsDir,
    *,
    target: str | None = None,
    region: str | None = None,
    layer: str = "output",
    measure: str | None = None,
    threshold: float = 0.01,
) -> StudyDynamics:
    """Compute the numbers of figures 1 to 4 and heatmap over all seeds of a study. It needs no torch.

    Args:
        results: What the study has written so far; runs that are not there yet are counted in ``messages``.
        target: Alignment with which target; by default the first of the study's probes.
        region: By default behaviour, or the target's first.
        layer: Of the network.
        measure: By default the probe's first.
        threshold: Excess of loss over the baseline's, relative, at which a run counts as recovered.

    Raises:
        InputError: The folder holds no training study, or the threshold is negative.
        TooFewError: No baseline is there.
        UnknownNameError: No alignment with this target, region, layer or measure.
        FileError: A record is damaged.
    """
    check_threshold(threshold)
    study = read_runs(results)
    if not study.baselines:
        raise TooFewError(
            f"{results.root}: no baseline is there, only perturbed runs",
            hint="Effects are differences to the baseline of the same seed; let the study go on.",
        )
    known = all_series(study)
    series = choose(known, target=target, region=region, layer=layer, measure=measure)
    perturbed = study.perturbed(series)
    places = list(dict.fromkeys(place for place, _ in study.places()))
    lengths = [place for place in places if place.figure == "lengths"]
    windows = [each for each in perturbed if each.place.figure == "lengths"]
    base = baseline_course(study, series)
    courses = alignment_courses(study, known)
    return StudyDynamics(
        about=_about(study, series, layer, threshold),
        seeds=_by_seed(study, series, threshold),
        baseline=base,
        jitter=jitter(base, len(study.baselines)),
        cells=cells_of(effects_by_place(perturbed, places, at_first_epoch)),
        recovery=recoveries(windows, lengths, threshold),
        recovery_summary=recovery_summary(windows, threshold),
        extremes=extremes_of(effects_by_place(windows, lengths, of_extremes)),
        courses=courses,
        dimensions=dimension_courses(study),
        ceiling=ceiling_of(courses, series),
        messages=messages_of(study, series, perturbed, threshold),
    )


def _about(study: StudyRuns, series: Series | None, layer: str, threshold: float) -> dict[str, Any]:
    chosen = series._asdict() if series else {"target": None, "region": None, "layer": layer, "measure": None}
    return {
        **chosen,
        "loss": study.sweep.baseline.loss_measure,
        "seeds": list(study.baselines),
        "noise_seeds": list(study.sweep.noise_seeds),
        "n_runs": len(study.records),
        "threshold": threshold,
        "sweep_kind": study.first_swept_kind(),
    }


def _by_seed(study: StudyRuns, series: Series | None, threshold: float) -> list[dict[str, Any]]:
    return [
        {
            "seed": seed,
            "noise_seed": noise_seed,
            "dynamics": analyse(runs, threshold=threshold).as_dict(),
        }
        for (seed, noise_seed), runs in study.run_sets(series).items()
    ]
