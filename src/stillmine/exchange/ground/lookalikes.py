# SPDX-License-Identifier: Apache-2.0
"""Which characters look like a Latin one: those of UTS #39 (`confusables.txt`) that letters of living scripts and digits are in.

A table of our own, because the standard library has none and the packages that do hold thousands of characters that a name can't have here.
A pair that is missing lets two names look alike; a pair too many refuses a name only beside the one that it resembles.
"""

_FROM_TO = (
    # Cyrillic
    ("аеорсухіјѕһԁԛԝьӏүѵкмтгв", "aeopcyxijshdqwblyvkmtrb"),
    ("АВЕЗІЈКМНОРСЅТУХҮԌӀЬ", "abe3ljkmhopcstyxygLb"),
    # Greek
    ("αονρτυκιχϲϳωηγβμ", "aovptukixcjwnybu"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "abezhlkmnoptyxc"),
    # Armenian
    ("օսհոցզաՕՏԼՍ", "ouhngqwoslu"),
    # Cherokee
    ("ᎠᎡᎢᎪᎫᎬᎳᎷᎻᎶᏃᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏴ", "drtajewmhgzbrwsvslcpkb"),
    # Lisu
    ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaelou"),
    # Coptic
    ("ⲂⲎⲒⲔⲘⲚⲞⲢⲤⲦⲨⲬⲟⲥⲣ", "bhlkmnopctyxocp"),
    # Latin letters that don't come apart into a letter and a mark
    ("ıȷɑɡøØđĐłŁħĦŧŦƖǀ", "ijagoodDllhhttll"),
    # characters that stand for letters
    ("Il|1!0", "lllllo"),
)

LOOK_ALIKES = {sign: seen.lower() for signs, seen_as in _FROM_TO for sign, seen in zip(signs, seen_as, strict=True)}

SEEN_AS_ONE = {"rn": "m", "vv": "w", "cl": "d"}
"""Two letters that run into one in many typefaces."""

ACCENTS = frozenset(chr(sign) for block in ((0x300, 0x370), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100)) for sign in range(*block))
"""Marks of Latin, Greek and Cyrillic letters. Those of other scripts are vowels and change the word."""

SAME_WRITING = dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "HANGUL", "BOPOMOFO"), "CJK")
"""Scripts that are written in one word."""

UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(sign) for sign in range(0xFE00, 0xFE10)}
"""Signs that count as printable and show nothing."""
