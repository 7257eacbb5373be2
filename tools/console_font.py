"""Write the subset of Inter that the console is set in: tools/console_font.py SOURCE TARGET.

Needs fontTools and Brotli; `tools/vendor-console` brings them.
"""

import sys

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

# ASCII, and the typographic characters of the console's texts. Names in other scripts fall back to
# the fonts of the system, character by character.
TYPOGRAPHIC = "A0 A7 B7 D7 2013 2014 2018 2019 201C 201D 2022 2026 2191 2193 2212"
CHARACTERS = (*range(0x20, 0x7F), *(int(code, 16) for code in TYPOGRAPHIC.split()))
WEIGHTS = (400, 650)
DIGITS = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}


def main(source: str, target: str) -> None:
    """Read the font of a file, and write the subset to another."""
    font = instantiateVariableFont(TTFont(source), {"wght": WEIGHTS})
    _keep_only_tabular_digits(font)
    options = Options(layout_features=["tnum"], hinting=False, flavor="woff2")
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(target)


def _keep_only_tabular_digits(font: TTFont) -> None:
    # Inter's tabular hyphen is as wide as a digit, which tears names apart.
    table = font["GSUB"].table
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for subtable in table.LookupList.Lookup[index].SubTable:
                substitution = getattr(subtable, "ExtSubTable", subtable)
                kept = {a: b for a, b in substitution.mapping.items() if a in DIGITS}
                substitution.mapping = kept


if __name__ == "__main__":
    main(*sys.argv[1:])
