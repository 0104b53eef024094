"""repalign dynamics."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from repalign.cli.output import console, print_json, print_text
from repalign.cli.reporting import opening
from repalign.cli.study_page import draw, print_effects, print_headlines
from repalign.cli.summary import in_time, number, print_summary
from repalign.cli.tables import Column, Kind, print_table
from repalign.data import ResultsDir
from repalign.training.published import Dynamics, analyse, read_folder
from repalign.training.study_dynamics import study_dynamics
from repalign.training.study_runs import is_training


def dynamics(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of training runs as CSV.")],
    baseline: Annotated[
        Path | None, typer.Option(help="The unperturbed run; baseline*.csv in DIR by default.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0, help="Recovered: loss at most (1 + THRESHOLD) x the baseline's.")
    ] = 0.01,
    figures: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the figures to DIR.")] = None,
    format: Annotated[
        list[str] | None, typer.Option(help="Of the figures: svg (default), png, pdf; may be repeated.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A run not to be read, by file or folder; may be repeated.")
    ] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="Keep runs whose configuration differs.")] = False,
    target: Annotated[
        str | None, typer.Option(help="Of a study's alignment; its first probe by default.")
    ] = None,
    measure: Annotated[str | None, typer.Option(help="The same.")] = None,
    region: Annotated[str | None, typer.Option(help="The same.")] = None,
    layer: Annotated[str, typer.Option(help="The same.")] = "output",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Figures and numbers of training runs: baseline, effects of perturbations, recovery, regions.

    DIR holds published records as CSV, or is the folder of `repalign run` or `repalign sweep`.

    Example: repalign dynamics runs --figures figures
    """
    began = time.monotonic()
    formats = tuple(dict.fromkeys(format or ("svg",)))
    if is_training(folder):
        chosen = {"target": target, "region": region, "layer": layer, "measure": measure}
        _of_study(folder, {**chosen, "threshold": threshold}, figures, formats, as_json=json)
        return
    found = analyse(
        read_folder(folder, baseline, leave_out=leave_out or (), mixed=mixed), threshold=threshold
    )
    written: Sequence[Path] = ()
    if figures is not None:
        from repalign.report.dynamics import write_dynamics_figures  # matplotlib is slow to load

        written = write_dynamics_figures(found, figures, formats)
    _print_notes(found.messages)
    if json:
        print_json({**found.as_dict(), "figures": [str(path) for path in written]})
        return
    _print(found)
    runs = number(sum(map(len, (found.types, found.sweep["rows"], found.recovery["rows"]))), "perturbed run")
    done = f"{runs} set against the baseline, in {in_time(time.monotonic() - began)}"
    drawing = "repalign", "dynamics", str(folder), "--figures", "figures"
    print_summary(done, [figures] if figures is not None else [], [] if written else [drawing])


def _of_study(
    folder: Path,
    chosen: Mapping[str, Any],
    figures: Path | None,
    formats: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    began = time.monotonic()
    results = ResultsDir.open(folder)
    found = study_dynamics(results, **chosen).as_dict()
    page, files = draw(found, results, figures=figures, formats=formats)
    _print_notes(found["messages"])
    if as_json:
        print_json({**found, "page": str(page), "figures": [str(path) for path in files]})
        return
    print_headlines(found)
    print_effects(found)
    done = f"{number(found['about']['n_runs'], 'run')} read, in {in_time(time.monotonic() - began)}"
    drawing = "repalign", "dynamics", str(folder), "--figures", "figures"
    following = [*opening(page), *([] if files else [drawing])]
    print_summary(done, [page, *([figures] if figures is not None else [])], following)


def _print_notes(messages: Sequence[str]) -> None:
    for message in messages:
        console(stderr=True).print(f"note: {message}", markup=False, highlight=False, soft_wrap=True)


def _print(found: Dynamics) -> None:
    base = found.baseline
    print_text(
        f"baseline: {base['n_epochs']} epochs; lowest loss {base['min_loss']:.6f} at "
        f"{base['min_loss_epoch']}; highest RSA {_number(base['max_rsa'])} at {base['max_rsa_epoch']}; "
        f"largest gains at epochs {', '.join(map(str, base['elastic_window']))}\n"
    )
    if found.vit is not None:
        vit = found.vit
        print_text(
            f"ViT: {vit['n_epochs']} epochs; RSA {_number(vit['max_rsa'])} at {vit['max_rsa_epoch']}, "
            f"{_number(vit['last_rsa'])} at the end; top-1 {vit['max_accuracy']:.3f} %\n"
        )
    for title, rows in (("effect by kind (2a)", found.types), ("ViT: effect by kind (2b)", found.vit_types)):
        if rows:
            cells = [[r["kind"], str(r["epoch"]), *_deltas(r)] for r in rows]
            print_table(title, _columns("kind", "epoch", "loss", "RSA"), cells)
            print()
    _print_sweep(found.sweep)
    _print_recovery(found.recovery)
    _print_regions(found.regions)
    print_text("one seed: no test, no interval")


def _columns(name: str, *numbers: str) -> list[Column]:
    return [Column(name, Kind.NAME), *(Column(each, Kind.NUMBER) for each in numbers)]


def _print_regions(rows: Sequence[Mapping[str, Any]]) -> None:
    for source in dict.fromkeys(row["source"] for row in rows):
        cells = [
            [r["region"], _number(r["max"]), str(r["max_epoch"]), *_course(r)]
            for r in rows
            if r["source"] == source
        ]
        title = f"RSA with regions: {source.rpartition('/')[2]}"
        print_table(title, _columns("region", "highest", "epoch", "last", "rho with behaviour"), cells)
        print()


def _course(row: Mapping[str, Any]) -> list[str]:
    return [_number(row["last"]), _number(row["spearman_behaviour"], 3)]


def _print_sweep(sweep: Mapping[str, Any]) -> None:
    if not sweep["n"]:
        return
    rows = [["all", str(sweep["n"]), *_moments(sweep)]]
    for part in sweep["ranges"]:
        name = f"{part['first']} to {part['last'] or 'end'}"
        rows += [[name, str(part["n"]), *_moments(part)]] if part["n"] else []
    columns = _columns("epochs", "runs", "mean loss", "sd", "mean RSA", "sd", "RSA up", "down")
    print_table("effect of one perturbed epoch (3)", columns, rows)
    rhos = [_number(sweep[f"spearman_{what}_epoch"]) for what in ("loss", "rsa")]
    print_text(f"  Spearman's rho of effect with epoch: loss {rhos[0]}, RSA {rhos[1]}\n")


def _print_recovery(recovery: Mapping[str, Any]) -> None:
    rows = recovery["rows"]
    if not rows:
        return
    aligned = recovery["alignment"]
    _print_durations(f"at most {1 + recovery['threshold']:g} x baseline's loss", recovery)
    _print_durations(f"RSA within {aligned['margin']:g} of the baseline's", aligned)


def _print_durations(title: str, found: Mapping[str, Any]) -> None:
    rows = found["rows"]
    lengths = sorted({row["length"] for row in rows})
    groups = dict.fromkeys((row["kind"], row["start"]) for row in rows)
    cells = [[kind, str(start), *_cells(rows, kind, start, lengths)] for kind, start in groups]
    columns = _columns("kind", "start", *(f"l={length}" for length in lengths))
    print_table(f"epochs to recovery (4): {title}", columns, cells)
    counts = ", ".join(f"{found[f'n_{name}']} {name}" for name in ("recovered", "never", "censored"))
    moments = f"mean {_number(found['mean'], 1)}, sd {_number(found['sd'], 1)}"
    print_text(f"  {counts}; {moments}, median {_number(found['median'], 0)}\n")


def _cells(rows: Sequence[Mapping[str, Any]], kind: str, start: int, lengths: Sequence[int]) -> list[str]:
    known = {r["length"]: r for r in rows if (r["kind"], r["start"]) == (kind, start)}
    return [_cell(known[length]) if length in known else "-" for length in lengths]


def _cell(row: Mapping[str, Any]) -> str:
    if row["epochs"] is not None:
        return str(row["epochs"])
    return "NR" if row["status"] == "never" else f">{row['followed']}"


def _deltas(row: Mapping[str, Any]) -> list[str]:
    return [_number(row["delta_loss"], 3, "+"), _number(row["delta_rsa"], 4, "+")]


def _moments(part: Mapping[str, Any]) -> list[str]:
    loss = [_number(part["mean_delta_loss"], 3, "+"), _number(part["sd_delta_loss"], 3)]
    rsa = [_number(part["mean_delta_rsa"], 4, "+"), _number(part["sd_delta_rsa"], 4)]
    return [*loss, *rsa, str(part["n_positive_rsa"]), str(part["n_negative_rsa"])]


def _number(value: float | None, digits: int = 4, sign: str = "") -> str:
    return "absent" if value is None else f"{value:{sign}.{digits}f}"
