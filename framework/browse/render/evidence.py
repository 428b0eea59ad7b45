"""Which encoding bytes are in that are not UTF-8: words of one script and letters of one language are the evidence."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

SAMPLE_BYTES = 4096
"""So much is looked at of the lines that have bytes beyond ASCII."""
WESTERN = "cp1252"
"""What nearly all files in unmarked encodings are in, in the places where this program is used."""

# The letters beyond ASCII of languages that are written in Latin letters, by the encodings of their files.
_LANGUAGES: Mapping[str, Sequence[str]] = {
    WESTERN: (
        "àâçéèêëîïôœùûü",  # French
        "äöüßé",  # German
        "áéíóúüñ",  # Spanish
        "àáâãçéêíóôõúü",  # Portuguese
        "àèéìîòùó",  # Italian
        "åäöéü",  # Swedish, Finnish
        "æøåéöä",  # Danish, Norwegian
        "áðéíóúýþæö",  # Icelandic, Faroese
        "ëïéèöüá",  # Dutch
        "àçéèíïóòúü",  # Catalan
        "šžõäöü",  # Estonian
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čšžćđ", "ăâîşţ"),
    "iso8859-2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čšžćđ", "ăâîşţ"),
    "cp1254": ("çğıöşüâîû",),
    "cp1257": ("āčēģīķļņšūž", "ąčęėįšųūž", "šžõäöü"),
}
_FOLLOWED = {"œ": "ui", "õ": "e"}
"""What comes after a letter in the languages that have it beside others; a language of four letters has it anywhere."""
LONGEST_RUN = 16
_FOREIGN = {"áðéíóúýþæö": set("cqwz"), "šžõäöü": set("cqwxyz")}
"""Letters that no word of Icelandic and of Estonian has, which tells Turkish, Romanian and Hungarian from them."""
_SIGNS = set(
    "°µ±€£§©®™·²³¹¼½¾×÷–—…•†‰«»„“”‘’‚‹›¿¡ªº´¨¸¢¥¶\xa0\xad"  # noqa: RUF001
)
"""What is no letter and may stand in any text, beside a letter only where it ends or begins a word."""
_WORD_SIGNS = set("’·\xad´")  # noqa: RUF001

# Encodings of other scripts, each with the letters that its languages use most.
_SCRIPTS: Mapping[str, str] = {
    "cp1251": "оаеинтсрвлкмдпуяыьгзбчй",
    "koi8-r": "оаеинтсрвлкмдпуяыьгзбчй",
    "iso8859-5": "оаеинтсрвлкмдпуяыьгзбчй",
    "cp866": "оаеинтсрвлкмдпуяыьгзбчй",
    "cp1253": "αοιετσνηυρπκμλωςάίόέδγ",
    "cp1255": "יוהלאתרמבנשדקחעפ",
    "cp1256": "المينرتوبدعهكسفقح",
    "cp874": "านรกเองลมวยตทสปดคหพ่้ิี",
}


@dataclass(frozen=True)
class _Double:
    """An encoding of two bytes a character: which leading bytes its common characters have, and its commonest ones.

    `both` says that the second byte of a common character is beyond ASCII, too; `signs` are leading bytes of
    punctuation and of letters of full width, which are no evidence.
    """

    common: tuple[range, ...]
    commonest: str
    both: bool = True
    signs: tuple[range, ...] = (range(0xA1, 0xA4),)


_KANA = "のにはをとがでたるしてなれいするデータ"
_DOUBLE: Mapping[str, _Double] = {
    "euc_jp": _Double((range(0xA4, 0xA6), range(0xB0, 0xD0)), _KANA),
    "cp932": _Double(
        (range(0x82, 0x84), range(0x88, 0x99)), _KANA, both=False, signs=(range(0x81, 0x82), range(0xA1, 0xE0))
    ),
    "cp949": _Double((range(0xB0, 0xC9),), "이다는을가에의로고하한지사기자도를은서인니"),
    "gb18030": _Double((range(0xB0, 0xD8),), "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年温度湿日期"),
    "big5": _Double((range(0xA4, 0xC7),), "的一是不了在人有我他這中大來上個國到說們為子和你地出道也時年", both=False),
}
_BROKEN_WORD = re.compile(rb"[A-Za-z][\x80-\xff][A-Za-z]|(?<![\x80-\xff])[\x80-\xff][A-Za-z]{2}")
"""Letters of ASCII around a byte that would take one of them as the second byte of its character."""
_DOUBLE_OF_NAMES = ("gb18030", "cp932", "cp949", "big5")
"""What Windows writes names in, the commonest first; EUC-JP is of Unix, which writes UTF-8."""
_FEW_LETTERS = 6
_LEAST_CHARACTERS = 3
"""Fewer characters of two bytes each are no evidence: `°C` is one in four encodings."""
_COMMON_SHARE = 0.85
_NAMES_OF_WINDOWS = ("cp437", "cp850", WESTERN)
_PLAUSIBLE = 0.8
_STRONG = 0.25
"""How much better than the western one another encoding of Latin letters has to fit."""


def guess_encoding(data: bytes) -> str:
    """The name of the encoding that these bytes, which are no UTF-8, most probably are in, as Python calls it."""
    sample = b"\n".join(re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", data))[:SAMPLE_BYTES]
    return _guess_double(sample) or _guess_script(sample) or _guess_latin(sample)


def guess_name_encoding(data: bytes) -> str:
    """The encoding that names of files in an archive most probably are in, one a line, as Python calls it.

    Names are shorter than texts, and archives of Western Windows are in the code pages of DOS.
    """
    with suppress(UnicodeDecodeError):
        data.decode()
        return "utf-8"
    fits = {name: _fit_latin(data, name, _LANGUAGES[WESTERN]) for name in _NAMES_OF_WINDOWS}
    western = max(fits, key=lambda name: fits[name])
    double = _guess_double(data, least=1, among=_DOUBLE_OF_NAMES)
    if fits[western] >= _PLAUSIBLE and _is_latin(data) and not (double and _share_of_commonest(data, double) > _STRONG):
        return western
    return double or _guess_script(data) or western


def _is_latin(data: bytes) -> bool:
    """Whether most words that have bytes beyond ASCII have others, too."""
    words = [word for word in re.findall(rb"[A-Za-z\x80-\xff]{2,}", data) if not word.isascii()]
    return sum(re.search(rb"[A-Za-z]", word) is not None for word in words) * 2 >= len(words)


def _share_of_commonest(data: bytes, name: str) -> float:
    characters = [char for char in data.decode(name, "replace") if ord(char) > 0x7F]
    return sum(char in _DOUBLE[name].commonest for char in characters) / max(len(characters), 1)


def _guess_double(data: bytes, least: int = _LEAST_CHARACTERS, among: Sequence[str] = tuple(_DOUBLE)) -> str | None:
    fits = {name: _fit_double(data, name, _DOUBLE[name], least) for name in among}
    found = {name: fit for name, fit in fits.items() if fit is not None}
    return max(found, key=lambda name: found[name]) if found else None


def _fit_double(data: bytes, name: str, double: _Double, least: int) -> float | None:
    """How well the bytes fit, or None where they do not; a last character may be cut."""
    if (text := _decode(data, name)) is None:
        return None
    runs = re.findall(rb"[\x80-\xff]+", data)
    if double.both and sum(len(run) % 2 for run in runs) > len(runs) * (1 - _COMMON_SHARE):
        return None
    characters = [char for char in text if ord(char) > 0x7F]
    if not double.both and len(_BROKEN_WORD.findall(data)) * 2 >= max(len(characters), 1):
        return None
    leads = [char.encode(name)[0] for char in characters]
    told = [lead for lead in leads if not _is_in(double.signs, lead)]
    if len(told) < least:
        return None
    share = sum(_is_in(double.common, lead) for lead in told) / len(told)
    if share < _COMMON_SHARE:
        return None
    commonest = sum(char in double.commonest for char in characters) / len(characters)
    return share + commonest


def _guess_script(data: bytes) -> str | None:
    """The encoding of a script other than Latin: whole words are of bytes beyond ASCII, which no Latin language has."""
    words = re.findall(rb"[A-Za-z\x80-\xff]+", data)
    beyond = [word for word in words if any(byte > 0x7F for byte in word)]
    whole = sum(all(byte > 0x7F for byte in word) for word in beyond if len(word) > 1)
    if not beyond or whole * 2 <= len(beyond):
        return None
    found = {name: fit for name, letters in _SCRIPTS.items() if (fit := _fit_script(data, name, letters)) is not None}
    return max(found, key=lambda name: found[name], default=None)


def _fit_script(data: bytes, name: str, letters: str) -> float | None:
    """How many of the characters are letters, how common these are, and whether capitals only begin words.

    None where the bytes say something else.
    """
    if (text := _decode(data, name)) is None:
        return None
    beyond = [char for char in text if ord(char) > 0x7F and char not in _SIGNS]
    of_script = sum(map(_is_word_part, beyond)) / max(len(beyond), 1)
    if of_script < _COMMON_SHARE:
        return None
    common = sum(char.lower() in letters for char in beyond) / len(beyond)
    turned = sum(first.islower() and second.isupper() for first, second in pairwise(text)) / len(beyond)
    capitals = sum(char.isupper() for char in beyond) / len(beyond)
    return of_script + 1.5 * common - 2 * turned - 0.3 * capitals


def _guess_latin(data: bytes) -> str:
    fits = {name: _fit_latin(data, name, languages) for name, languages in _LANGUAGES.items()}
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] > fits[WESTERN] + _STRONG else WESTERN


def _fit_latin(data: bytes, name: str, languages: Iterable[str]) -> float:
    """The share of the characters beyond ASCII that one language's texts have, less that of those that none has."""
    if (text := _decode(data, name)) is None:
        text = data.decode(name, "replace")
    beyond = [at for at, char in enumerate(text) if ord(char) > 0x7F]
    if not beyond:
        return 0.0
    letters = [at for at in beyond if text[at].isalpha() and text[at] not in _SIGNS]
    odd = sum(_is_odd(text, at) for at in beyond)
    known = max(sum(_is_known(text, at, language) for at in letters) for language in languages)
    return (len(beyond) - 2 * (len(letters) - known) - odd) / len(beyond)


def _is_known(text: str, at: int, language: str) -> bool:
    letter, following = text[at].lower(), text[at + 1 : at + 2].lower()
    if letter not in language or not _FOREIGN.get(language, set()).isdisjoint(_word_at(text, at)):
        return False
    return letter not in _FOLLOWED or len(language) <= _FEW_LETTERS or following in _FOLLOWED[letter]


def _is_odd(text: str, at: int) -> bool:
    """Whether the character is a control, or a sign in the middle of a word."""
    char = text[at]
    if char.isalpha() and char not in _SIGNS:
        return at > 0 and char.isupper() and text[at - 1].islower()
    if char not in _SIGNS:
        return True
    if char in _WORD_SIGNS:
        return False
    start, end = at, at + 1
    while at - start < LONGEST_RUN and start and text[start - 1] in _SIGNS - _WORD_SIGNS:
        start -= 1
    while end - at < LONGEST_RUN and end < len(text) and text[end] in _SIGNS - _WORD_SIGNS:
        end += 1
    return start > 0 and end < len(text) and text[start - 1].isalpha() and text[end].isalpha()


def _word_at(text: str, at: int) -> set[str]:
    """The letters of the word around this place, in lower case."""
    start, end = at, at + 1
    while at - start < LONGEST_RUN and start and text[start - 1].isalpha():
        start -= 1
    while end - at < LONGEST_RUN and end < len(text) and text[end].isalpha():
        end += 1
    return set(text[start:end].lower())


def _is_in(parts: Iterable[range], byte: int) -> bool:
    return any(byte in part for part in parts)


def _is_word_part(char: str) -> bool:
    return char.isalpha() or unicodedata.category(char) in {"Mn", "Mc"}


def _decode(data: bytes, name: str) -> str | None:
    """The text, without a last character that is cut; None where the bytes are not in this encoding."""
    for cut in (0, 1, 2, 3):
        try:
            return data[: len(data) - cut].decode(name)
        except UnicodeDecodeError as error:
            if error.start < len(data) - 4:
                return None
    return None
