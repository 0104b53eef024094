"""Laws of files of weights: what is read, how it fits, and what is said when it does not."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.torch import save_file
from torch_for_tests import STIMULI, torch

from repalign.errors import FileError, InputError, UnknownNameError
from repalign.models import extract, model
from repalign.models.architectures import ARCHITECTURES

ARCHITECTURE = "cifar-resnet20"


def network(seed=0, name=ARCHITECTURE):
    torch.manual_seed(seed)
    return ARCHITECTURES[name].build().eval()


def saved(path, content):
    torch.save(content, path)
    return path


def built(path, name="mine", architecture=ARCHITECTURE, **more):
    return model(f"checkpoint/{name}", weights=path, architecture=architecture, **more)


def test_every_wrapping_of_the_same_weights_is_the_same_model(tmp_path):
    state = network().state_dict()
    parallel = {f"module.{name}": tensor for name, tensor in state.items()}
    compiled = {f"_orig_mod.{name}": tensor for name, tensor in parallel.items()}
    files = [
        saved(tmp_path / "plain.pth", state),
        saved(tmp_path / "nested.th", {"best_prec1": 91.7, "state_dict": parallel}),
        saved(tmp_path / "deep.pt", {"model": {"state_dict": compiled}, "epoch": 3}),
        saved(tmp_path / "old.pth", {n: t for n, t in state.items() if "num_batches" not in n}),
    ]
    save_file(state, tmp_path / "w.safetensors")
    digests = {built(path).digest for path in [*files, tmp_path / "w.safetensors"]}
    assert len(digests) == 1
    assert built(saved(tmp_path / "other.pth", network(1).state_dict())).digest not in digests


def test_key_and_prefix_choose_among_networks_in_one_file(tmp_path):
    teacher = {f"backbone.{n}": t for n, t in network(1).state_dict().items()} | {"head.w": torch.ones(2)}
    path = saved(tmp_path / "w.pth", {"student": network(0).state_dict(), "teacher": teacher})
    found = built(path, key="teacher", prefix="backbone.")
    assert found.digest == built(saved(tmp_path / "t.pth", network(1).state_dict())).digest
    with pytest.raises(UnknownNameError, match=r"no key in w.pth named 'teachr'\n.*'teacher'"):
        built(path, key="teachr")
    with pytest.raises(UnknownNameError, match=r"no prefix of names in w.pth .*\n.*'backbone.'"):
        built(path, key="teacher", prefix="backbones.")
    with pytest.raises(FileError, match="holds no state dict of tensors; saw 'student', 'teacher'"):
        built(path)


def test_a_checkpoint_answers_as_its_network(tmp_path):
    net = network(2)
    found = built(saved(tmp_path / "w.pth", net.state_dict()))
    shown = torch.from_numpy(np.stack([found.prepare(STIMULI.pixels(i)) for i in range(len(STIMULI))]))
    with torch.inference_mode():
        expected = net(shown).numpy()
    np.testing.assert_allclose(extract(found, STIMULI, ["output"]).values, expected, rtol=0, atol=1e-5)


def test_the_name_tells_contents_apart_and_paths_not(tmp_path):
    first = built(saved(tmp_path / "a.pth", network(0).state_dict()))
    again = built(saved(tmp_path / "b.pth", network(0).state_dict()))
    other = built(saved(tmp_path / "c.pth", network(1).state_dict()))
    assert first.name == again.name != other.name
    assert first.name.startswith("checkpoint/mine(weights=")
    assert str(tmp_path) not in first.name
    assert first.digest == again.digest


def test_any_library_lends_its_architecture_and_own_ones_their_name(tmp_path):
    import timm

    net = timm.create_model("test_resnet", num_classes=4)
    path = saved(tmp_path / "w.pth", net.state_dict())
    assert built(path, architecture="timm/test_resnet", num_classes=4).shapes["output"] == (4,)
    own = saved(tmp_path / "own.pth", network().state_dict())
    assert model(f"checkpoint/{ARCHITECTURE}", weights=own).shapes["output"] == (10,)


@pytest.mark.parametrize("cut", [0, 10, 0.5, 0.99])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_half_downloaded_file_is_a_file_error_that_says_so(tmp_path, cut, suffix):
    path = tmp_path / f"w{suffix}"
    save_file(network().state_dict(), path) if suffix == ".safetensors" else saved(
        path, network().state_dict()
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: int(cut * len(whole)) if cut < 1 else cut])
    with pytest.raises(FileError, match=f"{path.name}.* cannot be read|is no file of torch") as caught:
        built(path)
    assert caught.value.hint


class Planted:
    """What unpickling would run."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled code ran')",))


def test_no_code_of_a_file_is_ever_run(tmp_path):
    path = saved(tmp_path / "w.pth", {"state_dict": network().state_dict(), "extra": Planted()})
    with pytest.raises(FileError, match="holds Python objects beside weights"):
        built(path)


def test_a_missing_file_and_a_folder_are_file_errors(tmp_path):
    with pytest.raises(FileError, match=r"weights: .*none.pth does not exist"):
        built(tmp_path / "none.pth")
    with pytest.raises(FileError, match="is a folder"):
        built(tmp_path)


def test_weights_of_another_architecture_name_what_differs(tmp_path):
    path = saved(tmp_path / "w.pth", network(0, "cifar-resnet32").state_dict())
    with pytest.raises(
        InputError, match=r"do not fit .*cifar-resnet20\): \d+ unexpected \(layer1.3"
    ) as caught:
        built(path)
    assert "architecture" in caught.value.hint
    with pytest.raises(InputError, match=r"missing .* unexpected"):
        built(path, architecture="timm/test_resnet")


def test_a_misspelt_weight_names_the_nearest(tmp_path):
    state = network().state_dict()
    state["conv1.weigth"] = state.pop("conv1.weight")
    with pytest.raises(
        InputError, match=r"1 missing \(conv1.weight\); 1 unexpected \(conv1.weigth\)"
    ) as caught:
        built(saved(tmp_path / "w.pth", state))
    assert "Is 'conv1.weigth' of the file 'conv1.weight' of the network?" in caught.value.hint


def test_another_number_of_classes_says_which(tmp_path):
    path = saved(tmp_path / "w.pth", ARCHITECTURES[ARCHITECTURE].build(100).state_dict())
    with pytest.raises(
        InputError, match=r"linear.weight is \(100, 64\) in the file and \(10, 64\)"
    ) as caught:
        built(path)
    assert "num_classes=100" in caught.value.hint
    assert built(path, num_classes=100).shapes["output"] == (100,)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"architecture": ARCHITECTURE}, "needs 'weights'"),
        ({"weights": "w.pth"}, "needs 'architecture'"),
        ({"weights": "w.pth", "architecture": "cifar-resnet21"}, "no architecture named 'cifar-resnet21'"),
        ({"weights": "w.pth", "architecture": "timm/resnet81"}, "no model named 'timm/resnet81'"),
        ({"weigths": "w.pth"}, "no parameter of checkpoint/mine named 'weigths'"),
    ],
)
def test_a_checkpoint_says_what_it_needs(parameters, message):
    with pytest.raises(InputError, match=message) as caught:
        model("checkpoint/mine", **parameters)
    assert caught.value.hint


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_cifar_resnets_have_the_published_number_of_weights(depth, millions):
    net = ARCHITECTURES[f"cifar-resnet{depth}"].build()
    weights = sum(p.numel() for p in net.parameters()) / 1e6
    assert round(weights, 1 if depth == 110 else 2) == millions  # He et al. (2016), table 6
    layers = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(layers) == depth


def test_shortcuts_subsample_and_fill_with_zeros():
    from repalign.models.architectures.cifar_resnet import Shortcut

    maps = torch.arange(32.0).reshape(1, 2, 4, 4)
    out = Shortcut(2)(maps)
    assert out.shape == (1, 4, 2, 2)
    assert torch.equal(out[:, 1:3], maps[:, :, ::2, ::2])
    assert not out[:, [0, 3]].any()


# Weights published with their accuracy; recomputed on JPEG copies of the test images, .01 either way.
PUBLISHED = [
    ("akamaster+pytorch_resnet_cifar10/pretrained_models/resnet20-12fca82f.th", "cifar-resnet20", 0.81),
    ("akamaster+pytorch_resnet_cifar10/pretrained_models/resnet32-d509ac18.th", "cifar-resnet32", 0.83),
    ("pytorch+captum/cifar_torchvision.pt", "cifar-tutorial", 0.59),
]


def accuracy(path, architecture, n):
    from repalign.datasets import dataset

    stimuli = dataset("cifar10h").stimuli
    stimuli = stimuli.select(stimuli.ids[:n])
    found = extract(built(path, architecture=architecture), stimuli, ["output"], batch_size=256)
    classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    labels = [classes.index(label) for label in stimuli.columns["label"]]
    return (found.values.argmax(axis=1) == labels).mean()


@pytest.mark.parametrize(("path", "architecture", "expected"), PUBLISHED)
def test_published_cifar_networks_are_about_as_good_as_published(real_data, path, architecture, expected):
    n = 500
    margin = 4 * np.sqrt(expected * (1 - expected) / n)  # standard errors of a binomial share
    assert abs(accuracy(real_data / path, architecture, n) - expected) < margin


@pytest.mark.slow
@pytest.mark.parametrize(("path", "architecture", "expected"), PUBLISHED)
def test_published_cifar_networks_reach_the_published_accuracy(real_data, path, architecture, expected):
    assert abs(accuracy(real_data / path, architecture, 10_000) - expected) < 0.01
