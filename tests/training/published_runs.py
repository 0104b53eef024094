"""Made-up runs in every form in which runs were published, with values that have closed forms."""

from __future__ import annotations

from pathlib import Path

FLAGS = {
    "target_noise": "used_random_targets",
    "label_shuffle": "used_shuffled_targets",
    "blank_image": "used_uniform_images",
    "image_noise": "used_image_noise",
}
COLUMNS = "epoch,train_loss,test_loss,behavioral_rsa_rho,behavioral_rsa_p_value"
LAST = 30  # epochs of the baseline


def baseline_loss(epoch):
    """Falls by 2 an epoch to 42 at epoch 30, lowest there."""
    return 102.0 - 2 * epoch


def baseline_rsa(epoch):
    return 0.2 + 0.01 * epoch


def write(path, rows, *, flags=(), window=(), kind=None, end="\n", header=COLUMNS):
    """Rows of (epoch, loss, rsa); ``flags`` are the kinds that have a column."""
    names = [FLAGS[name] for name in flags]
    lines = [",".join([header, *names])]
    for epoch, loss, rsa in rows:
        marks = [str(name == kind and epoch in window) for name in flags]
        lines.append(",".join([str(epoch), "1.0", repr(loss), repr(rsa), "0.5", *marks]))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((end.join(lines) + end).encode())
    return path


def write_baseline(folder, name="baseline_seed1.csv", *, last=LAST, **how):
    rows = [(e, baseline_loss(e), baseline_rsa(e)) for e in range(1, last + 1)]
    return write(Path(folder) / name, rows, **how)


def course(start, length, back, last, *, loss=50.0, rsa=-0.1):
    """Off the baseline by ``loss`` and ``rsa`` until ``back`` epochs after the window, then on it."""
    end = start + length - 1
    rows = []
    for epoch in range(start, last + 1):
        off = epoch < end + back
        low = baseline_loss(min(epoch, LAST))
        rows.append((epoch, low + (loss if off else 0.0), baseline_rsa(epoch) + (rsa if off else 0.0)))
    return rows


def write_run(path, start, length, *, kind="target_noise", back=3, last=LAST, flags=tuple(FLAGS), **how):
    effect = {key: how.pop(key) for key in ("loss", "rsa") if key in how}
    rows = course(start, length, back, last, **effect)
    return write(path, rows, flags=flags, window=range(start, start + length), kind=kind, **how)


def write_study(folder):
    """A baseline, two types at two epochs, a sweep, lengths; every form of flags and of line ends."""
    folder = Path(folder)
    two = ("target_noise", "label_shuffle")
    write_baseline(folder, end="\r\n")
    for k, rsa in ((5, 0.1), (25, -0.2)):
        write_run(folder / f"target_noise/training_res_run{k}.csv", k, 1, rsa=rsa, loss=float(k), flags=two)
        write_run(
            folder / f"uniform_target/training_res_run{k}.csv",
            k,
            1,
            kind="blank_image",
            flags=(*two, "blank_image"),
        )
    for k in (2, 3, 4, 20):
        how = {"rsa": 0.05 - 0.01 * k, "loss": float(k), "flags": two, "end": "\r\n"}
        write_run(folder / f"single_sweep_experiments/training_run{k}/training_res_run{k}.csv", k, 1, **how)
    for length, name in ((2, "metrics.csv"), (5, "training_res.csv"), (10, "training_res.csv")):
        write_run(folder / f"lengths_baselineseed1/random_target_e6_l{length}/{name}", 6, length, back=length)
    write_run(folder / "lengths_baselineseed1/random_target_e9_l2/metrics.csv", 9, 2, back=99, flags=())
    return folder
