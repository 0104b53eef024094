"""Digests: the same content gives the same digits, other content gives others."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.data import canonical_json, digest_array, digest_bytes, digest_spec, sha256_file
from repalign.data.digests import digest_labels, digest_strings
from repalign.errors import InputError

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_canonical_json_has_sorted_keys_no_spaces_and_ascii_only() -> None:
    spec = {"b": (True, None, "é"), "a": {"z": 0.1, "y": 1}}
    assert canonical_json(spec) == b'{"a":{"y":1,"z":0.1},"b":[true,null,"\\u00e9"]}'


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_the_order_of_keys_does_not_count(spec: dict[str, object]) -> None:
    backwards = dict(reversed(spec.items()))
    assert canonical_json(backwards) == canonical_json(spec)
    assert digest_spec(backwards) == digest_spec(spec)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"a": {"b": [1.0, float("nan")]}}, ("spec.a.b[1]", "nan", "finite")),
        ({"a": float("-inf")}, ("spec.a", "-inf", "finite")),
        ({"a": {3: 1}}, ("spec.a", "3", "strings")),
        ([np.zeros(2)], ("spec[0]", "ndarray")),
        ({"a": np.int64(1)}, ("spec.a", "int64")),
        (b"bytes", ("spec", "bytes")),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(spec, words, refused) -> None:
    with refused(InputError, *words):
        canonical_json(spec)


def test_a_digest_is_the_sha256_of_parts_with_their_lengths() -> None:
    framed = (2).to_bytes(8, "little") + b"ab" + (0).to_bytes(8, "little")
    assert digest_bytes(b"ab", b"") == hashlib.sha256(framed).hexdigest()[:32]


@pytest.mark.parametrize(
    ("digest", "one", "other"),
    [
        (lambda parts: digest_bytes(*(p.encode() for p in parts)), ["ab", "c"], ["a", "bc"]),
        (digest_strings, ["ab", "c"], ["a", "bc"]),
        (digest_strings, ["a", ""], ["a"]),
        (lambda texts: digest_array(np.array(texts)), ["ab", "c"], ["a", "bc"]),
    ],
)
def test_where_a_string_ends_counts(digest, one, other) -> None:
    assert digest(one) != digest(other)


def test_the_digest_of_an_array_is_that_of_its_little_endian_kind_shape_and_bytes() -> None:
    expected = digest_bytes(b"<f8", b"(2, 1)", struct.pack("<dd", 0.1, -0.0))
    assert digest_array(np.array([[0.1], [-0.0]], dtype=">f8")) == expected


@pytest.mark.parametrize("kind", ["f4", "f8", "i2", "i8", "u4", "c16", "U3"])
def test_byte_order_and_memory_layout_do_not_count(kind: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(f"<{kind}")
    wide = np.zeros((6, 8), dtype=array.dtype)
    wide[::2, ::2] = array
    twins = [array.astype(f">{kind}"), np.asfortranarray(array), wide[::2, ::2], array[::-1][::-1]]
    assert {digest_array(twin) for twin in twins} == {digest_array(array)}


def test_kind_shape_and_every_value_count() -> None:
    base = np.arange(6.0)
    others = [
        base.astype("f4"),
        base.astype("i8"),
        base.reshape(2, 3),
        base.reshape(1, 6),
        base[::-1],
        base + 1,
    ]
    changed = base.copy()
    changed[5] = np.nextafter(5.0, 6.0)
    digests = [digest_array(a) for a in [base, *others, changed, np.array(0.0), np.array([0.0])]]
    assert len(set(digests)) == len(digests)


def test_the_shape_of_text_counts() -> None:
    texts = np.array(["a", "b"])
    assert len({digest_array(t) for t in (texts, texts[None], texts[:, None])}) == 3


def test_text_is_the_same_whatever_its_width_or_container() -> None:
    texts = ["a", "bb"]
    containers = [np.array(texts), np.array(texts, dtype="U99"), np.array(texts, dtype=object)]
    containers.append(np.array(texts, dtype=np.dtypes.StringDType()))
    assert len({digest_array(c) for c in containers}) == 1


def test_the_order_of_labels_does_not_count_but_their_names_do() -> None:
    x, y = np.arange(2), np.array(["p", "q"])
    assert digest_labels({"x": x, "y": y}) == digest_labels({"y": y, "x": x})
    assert digest_labels({"x": x, "y": y}) != digest_labels({"y": x, "x": y})


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_the_sha256_of_a_file_does_not_depend_on_blocks(size: int, tmp_path) -> None:
    content = np.random.default_rng(size).bytes(size)
    (tmp_path / "f").write_bytes(content)
    assert sha256_file(tmp_path / "f") == hashlib.sha256(content).hexdigest()
