"""Target: whose responses a model is compared with, and what may be said about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repalign.data.assembly import Assembly
from repalign.data.choices import Choices
from repalign.data.files import read_arrays
from repalign.data.rdm import RDM
from repalign.errors import FileError

#: What is compared: responses, dissimilarities of every pair of stimuli, or choices trial by trial.
Responses = Assembly | RDM | Choices


@dataclass(frozen=True, eq=False)
class Target:
    """Responses of brains or people, with what inference needs to know about them.

    Args:
        name: ``dataset/target``, e.g. ``"kriegeskorte92/human-it"``.
        responses: Per subject wherever the data allow: an RDM with a ``subject`` label, an Assembly
            with a leading ``subject`` axis, or Choices.
        region: Where it was measured (``"IT"``), or ``"behaviour"``.
        n_subjects: How many people or animals are behind the responses, averaged or not.
        note: What limits inference, e.g. ``"one average of 31 people"``; it ends up in the rows.
    """

    name: str
    responses: Responses
    region: str
    n_subjects: int
    note: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimulus ids.

        Raises:
            IdentityError: The responses have none.
        """
        r = self.responses
        return r.ids if isinstance(r, Choices) else r.require_ids()

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that can be told apart; empty where there is one average only."""
        r = self.responses
        if isinstance(r, Choices):
            return r.subjects
        if isinstance(r, RDM):
            return tuple(str(s) for s in r.labels.get("subject", ()))
        return r.labels if r.leading == "subject" else ()

    @property
    def digest(self) -> str:
        """Content digest of the responses."""
        return self.responses.digest

    def select(self, ids: Sequence[str]) -> Target:
        """The target restricted to these stimuli.

        Raises:
            IdentityError: Some of them are not in it.
        """
        return replace(self, responses=self.responses.select(ids))


def load_responses(path: Path | str) -> Responses:
    """Read an Assembly, an RDM or Choices that ``.save(path)`` wrote, whichever it is.

    Args:
        path: The file.

    Returns:
        What the file's header says it is.

    Raises:
        FileError: Missing, damaged, or none of these.
    """
    _, header = read_arrays(Path(path), "responses")
    nouns: dict[str, Callable[[Path], Responses]] = {
        "assembly": Assembly.load,
        "rdm": RDM.load,
        "choices": Choices.load,
    }
    noun = str(header.get("noun"))
    if noun not in nouns:
        raise FileError(f"{path} holds {noun!r}", hint=f"Save one of: {', '.join(nouns)}.")
    return nouns[noun](Path(path))
