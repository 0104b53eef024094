"""NOD, the Natural Object Dataset: fMRI of 30 people, as RDMs per region that the user computed."""

from __future__ import annotations

from pathlib import Path

from repalign.datasets.card import Card
from repalign.datasets.region_rdms import RegionRdms

# Areas of the multimodal parcellation, from early visual to ventral cortex.
REGIONS = (
    *("V1", "V2", "V3", "V4"),
    *("LO1", "LO2", "LO3", "PIT", "FFC", "V8"),
    *("VMV1", "VMV2", "VMV3", "VVC"),
)

CARD = Card(
    name="nod",
    title="Natural Object Dataset: fMRI of 30 people who saw photographs",
    description=(
        "fMRI responses to 57,120 photographs. Nothing of it is included or downloaded: the targets are RDMs "
        "of 14 visual regions that you compute and give as rdms=FOLDER, one file per region with stimulus "
        "ids. The stimuli are those ids; images=FOLDER adds their photographs."
    ),
    licence="CC0 1.0 by the perturbation study's word, unchecked; the photographs have terms of their own",
    licence_url="https://openneuro.org/datasets/ds004496",
    citation=(
        "Gong, Z., Zhou, M., Dai, Y., Wen, Y., Liu, Y., & Zhen, Z. (2023). A large-scale fMRI dataset for "
        "the visual processing of naturalistic scenes. Scientific Data, 10(1), 559. "
        "https://doi.org/10.1038/s41597-023-02471-x. On OpenNeuro it is ds004496 by its authors' repository "
        "(GongZhengxin/NOD-fmri), ds004310 by the perturbation study."
    ),
    subjects=(
        "30 people (the paper's abstract); their age, sex and place are not known here. A target has as many "
        "subjects as its file tells apart, and 0 where it tells none."
    ),
    method=(
        "fMRI while photographs were shown: of 1,000 categories of ImageNet, and 120 of COCO that were "
        "repeated; a GLM on the cortical surface, smoothed by 4 mm. How an RDM was made of the responses is "
        "what its file says."
    ),
    biases=(
        "One sample of 30 people. ImageNet and COCO are photographs from the web, with the categories and "
        "places that the web favours. So many photographs leave few repetitions of each: RDMs of single "
        "ones may be noisy, and RDMs of categories mix photographs. The regions are those of a group atlas, "
        "not of each person's own maps."
    ),
    intended_use="Comparing models with visual regions, one by one, on stimuli that were shown to both.",
    inappropriate_use=(
        "Claims about people unlike those 30, or about the health or identity of single ones; a ceiling for "
        "an RDM averaged over people; setting the published regional scores, which are over 1,000 stimuli, "
        "beside scores on the 48 objects of THINGS."
    ),
)


def nod(*, rdms: Path | str | None = None, images: Path | str | None = None) -> RegionRdms:
    """The Natural Object Dataset; see the card.

    Args:
        rdms: A folder with one file per region, called as the region (``V1.npz``, ``LO1.csv``), in any
            format in which :func:`repalign.data.read_responses` finds an RDM. Several RDMs in a file
            carry the label ``subject``.
        images: A folder below which the photographs lie, each called as its id in the RDMs, or in a folder
            called so; None for ids only.

    Raises:
        FileError: There is no such folder, or it holds no RDM.
        UnknownNameError: A file is called as no region.
        IdentityError: Two files are of one region.
    """
    return RegionRdms(
        CARD, REGIONS, None if rdms is None else Path(rdms), None if images is None else Path(images)
    )
