"""Brain-Score's assemblies: presentations, repetitions, time bins and coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from repalign.data import RDM, Assembly, from_xarray, read_responses, to_xarray, write_responses
from repalign.errors import (
    FileError,
    IdentityError,
    InputError,
    ShapeError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.seeds import rng

IDS, REGIONS = ("cat", "dog", "eel"), ["V4", "IT"]
CUBE = rng(0, "cube").standard_normal((2, 3, 2))  # (repetition, stimulus, unit)


def presentations(order: list[int], *, repetition: bool = True) -> xr.DataArray:
    """The cube as Brain-Score lays it out, its presentations in this order."""
    rows = [(r, s) for r in range(2) for s in range(3)]
    picked = [rows[i] for i in order]
    coords = {
        "stimulus_id": ("presentation", [IDS[s] for _, s in picked]),
        "object_name": ("presentation", ["thing"] * len(picked)),
        "region": ("neuroid", REGIONS),
        "neuroid_id": ("neuroid", [7, 8]),
    }
    if repetition:
        coords["repetition"] = ("presentation", [r for r, _ in picked])
    return xr.DataArray([CUBE[r, s] for r, s in picked], dims=("presentation", "neuroid"), coords=coords)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 0, 3, 1, 4, 2]])
def test_repetitions_become_an_axis_whatever_the_order_of_presentations(order):
    back = from_xarray(presentations(order))
    assert isinstance(back, Assembly)
    assert (back.leading, set(back.labels)) == ("repetition", {"0", "1"})
    by_label = back.array()[[back.labels.index("0"), back.labels.index("1")]]
    chosen = [back.require_ids().index(i) for i in IDS]
    np.testing.assert_array_equal(by_label[:, chosen], CUBE)
    assert list(back.units["region"]) == REGIONS
    assert list(back.units["neuroid_id"]) == [7, 8]


def test_balanced_presentations_need_no_label():
    back = from_xarray(presentations([0, 1, 2, 3, 4, 5], repetition=False))
    assert back.digest == from_xarray(presentations([0, 1, 2, 3, 4, 5])).digest


def test_unbalanced_repetitions_are_averaged_only_when_asked(refused):
    uneven = presentations([0, 1, 2, 3, 4])  # the eel was shown once
    with refused(UnsuitableError, "5 presentations of 3 stimuli", "between 1 and 2 times"):
        from_xarray(uneven)
    mean = from_xarray(uneven, repetitions="mean")
    expected = np.stack([CUBE[:, 0].mean(0), CUBE[:, 1].mean(0), CUBE[0, 2]])
    np.testing.assert_allclose(mean.array(), expected, rtol=1e-15)
    assert mean.leading is None


def test_the_mean_may_be_asked_of_balanced_ones_too():
    mean = from_xarray(presentations([0, 1, 2, 3, 4, 5]), repetitions="mean")
    np.testing.assert_allclose(mean.array(), CUBE.mean(axis=0), rtol=1e-15)


def test_subjects_are_an_axis_and_their_repetitions_are_averaged_only_when_asked(refused):
    subjects = presentations([0, 1, 2, 3, 4, 5]).rename(repetition="subject")
    assert from_xarray(subjects).leading == "subject"
    again = xr.concat([subjects, subjects[:1]], "presentation")
    with refused(UnsuitableError, "between 1 and 2 times"):
        from_xarray(again)
    np.testing.assert_allclose(from_xarray(again, repetitions="mean").array(), CUBE, rtol=1e-15)
    with refused(UnsuitableError, "not all of 2 subjects"):
        from_xarray(subjects[:5])


def test_a_multiindex_as_brain_score_makes_it_is_read(tmp_path):
    plain = presentations([0, 1, 2, 3, 4, 5])
    indexed = plain.set_index(presentation=["stimulus_id", "repetition"], neuroid=["region", "neuroid_id"])
    assert from_xarray(indexed).digest == from_xarray(plain).digest


def test_time_bins_need_a_decision(refused):
    bins = {"time_bin_start": ("time_bin", [0, 70]), "time_bin_end": ("time_bin", [70, 170])}
    values = np.stack([CUBE[0], CUBE[1]], axis=-1)
    coords = {"stimulus_id": ("presentation", list(IDS)), "region": ("neuroid", REGIONS), **bins}
    timed = xr.DataArray(values, dims=("presentation", "neuroid", "time_bin"), coords=coords)
    with refused(UnsuitableError, "2 time bins"):
        from_xarray(timed)
    np.testing.assert_allclose(from_xarray(timed, time_bins="mean").array(), values.mean(-1), rtol=1e-15)
    units = from_xarray(timed, time_bins="units")
    np.testing.assert_array_equal(units.split("time_bin_start")["70"].array(), values[..., 1])
    assert list(units.units["region"]) == ["V4", "V4", "IT", "IT"]
    one = from_xarray(timed.transpose("time_bin", "neuroid", "presentation")[:1])
    np.testing.assert_array_equal(one.array(), values[..., 0])
    assert list(one.units["time_bin_end"]) == [70, 70]


def test_nothing_but_a_coordinate_or_an_argument_gives_ids(refused):
    bare = xr.DataArray(CUBE[0], dims=("presentation", "neuroid"))
    with refused(IdentityError, "no stimulus ids"):
        from_xarray(bare)
    assert from_xarray(bare, ids=IDS).require_ids() == IDS
    named = bare.assign_coords(file=("presentation", list(IDS)))
    with refused(IdentityError, "no stimulus ids"):
        from_xarray(named)
    assert from_xarray(named, id_label="file").require_ids() == IDS
    with refused(UnknownNameError, "'fil'"):
        from_xarray(named, id_label="fil")
    with refused(ShapeError, "axes"):
        from_xarray(bare.expand_dims("run"), ids=IDS)
    with refused(IdentityError, "ids of its own"):
        from_xarray(presentations([0, 1, 2]), ids=("x", "y", "z"))


def test_an_export_is_laid_out_as_brain_score_expects(tmp_path):
    rows = Assembly(CUBE, IDS, {"region": np.array(REGIONS)}, "repetition", ("r0", "r1"), name="m")
    write_responses(rows, tmp_path / "x.nc")
    with xr.open_dataarray(tmp_path / "x.nc") as found:
        assert found.dims == ("presentation", "neuroid")
        assert list(found["stimulus_id"].values) == [*IDS, *IDS]
        assert list(found["repetition"].values) == ["r0"] * 3 + ["r1"] * 3
        np.testing.assert_array_equal(found.sel(neuroid=found["region"] == "IT")[:3, 0], CUBE[0, :, 1])


def test_an_rdm_is_found_by_its_stimuli_in_xarray_and_in_zarr(tmp_path):
    rdm = RDM(np.array([[1.0, 2, 3], [4, 5, 6]]), IDS, {"subject": np.array(["s", "t"])}, "cosine", "n")
    assert float(to_xarray(rdm).sel(stimulus="dog", stimulus_other="eel")[1]) == 6
    write_responses(rdm, tmp_path / "x.zarr")
    with xr.open_zarr(tmp_path / "x.zarr", consolidated=False) as found:
        assert float(found["data"].sel(stimulus="eel", stimulus_other="cat")[0]) == 2
        assert list(found["subject"].values) == ["s", "t"]


def test_several_variables_must_be_named(tmp_path, refused):
    one = presentations([0, 1, 2])
    xr.Dataset({"mean": one, "noise": 2 * one}).to_netcdf(tmp_path / "x.nc")
    with refused(FileError, "2 variables", "mean, noise"):
        read_responses(tmp_path / "x.nc")
    np.testing.assert_array_equal(read_responses(tmp_path / "x.nc", variable="noise").array(), 2 * CUBE[0])
    with refused(UnknownNameError, "'nois'"):
        read_responses(tmp_path / "x.nc", variable="nois")


def test_an_option_that_means_nothing_is_refused(tmp_path, refused):
    write_responses(Assembly(CUBE[0], IDS), tmp_path / "x.nc")
    with refused(InputError, "layout=", "netCDF"):
        read_responses(tmp_path / "x.nc", layout="per-layer")
    with refused(InputError, "not RDMs"):
        read_responses(tmp_path / "x.nc", dissimilarity="cosine")
    assert read_responses(tmp_path / "x.nc", name="mine").name == "mine"
