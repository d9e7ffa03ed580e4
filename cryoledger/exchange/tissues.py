"""The tissues that donations are of, in the words of laboratories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cryoledger.exchange.headers import normal

__all__ = ["SHORT", "Tissue", "tissue_of"]

Tissue = Literal["wharton's jelly", "bone marrow", "adipose"]
SHORT: dict[str, str] = {"wharton's jelly": "WJ", "bone marrow": "BM", "adipose": "AD"}

_WORDS: dict[Tissue, str] = {
    "wharton's jelly": "wharton's jelly, wharton jelly, whartons jelly, wj, umbilical cord, uc, cord, cord tissue,"
    " wharton-sulze, whartonsche sulze, nabelschnur, gelée de wharton, cordon ombilical, gelatina de wharton,"
    " cordón umbilical, สายสะดือ, วุ้นวาร์ตัน",
    "bone marrow": "bone marrow, bm, marrow, knochenmark, km, moelle osseuse, moelle, médula ósea, mo, ไขกระดูก",
    "adipose": "adipose, adipose tissue, ad, at, fat, fettgewebe, fett, tissu adipeux, graisse, tejido adiposo, grasa,"
    " ไขมัน, เนื้อเยื่อไขมัน",
}
_TISSUE: dict[str, Tissue] = {normal(word)[0]: tissue for tissue, words in _WORDS.items() for word in words.split(",")}


def tissue_of(text: str, said: Mapping[str, Tissue]) -> Tissue | None:
    """The tissue that a word means, of the map's own words first; None for an unknown one."""
    return said.get(text) or _TISSUE.get(normal(text)[0])
