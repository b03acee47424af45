"""Split of the records: de Chazal's inter-patient halves, and folds of the training half."""

from __future__ import annotations

from bittrue.errors import BadInput

FOLDS = (
    ("106", "112", "115", "118", "124", "223"),
    ("108", "114", "122", "203", "207", "220"),
    ("101", "116", "119", "201", "215"),
    ("109", "205", "208", "209", "230"),
)
"""DS1 by patient in four parts with S, V and F beats in each; S: 202, 219, 135, 388, V: 1057, 715, 915, 1102."""

DS1 = tuple(sorted(name for fold in FOLDS for name in fold))
"""Records to train and choose on (de Chazal, O'Dwyer, Reilly, IEEE Trans. Biomed. Eng. 51(7), 2004)."""

REARRANGED = {
    "ectopy": ("118", "124", "201", "207", "209", "220", "223"),
    "fibrillation": tuple(name for name in DS1 if name not in ("201", "203")),
}
"""Records of DS1 with S beats enough to be made patients of sustained ectopy; those that do not fibrillate already."""

HUNDREDS = ("100", "103", "105", "111", "113", "117", "121", "123")
DS2 = (*HUNDREDS, "200", "202", "210", "212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234")
"""Records to test on, each figure once. Record 202 is the patient of 201, as the database's directory says."""

PACED = ("102", "104", "107", "217")
"""Patients with a pacemaker, which EC57 leaves out."""


def parts(fold: int | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Records of DS1 to train on, and the patients of one fold to validate on; all to train on where it is None.

    Raises `BadInput` for a fold that does not exist.
    """
    if fold is None:
        return DS1, ()
    if not 0 <= fold < len(FOLDS):
        raise BadInput(f"fold is {fold}; choose 0 to {len(FOLDS) - 1}")
    return tuple(name for name in DS1 if name not in FOLDS[fold]), FOLDS[fold]
