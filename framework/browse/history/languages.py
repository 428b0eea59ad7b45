"""Which languages a version is written in, by the bytes of its source files; only trees are read, and attributes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from framework.browse.history.tree_entries import TreeEntry, choose_attribute_files, list_tree
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.attributes import Attributes, check_attributes
from framework.repositories.history.folders import read_blobs

MOST_ENTRIES = 20_000
"""The languages of a version with more files and folders are not told."""
MOST_LANGUAGES = 6
LEAST_SHARE = 0.005
REMEMBERED_TREES = 2_048
OTHER = "Other"
_NAMES = ("linguist-language", "linguist-vendored", "linguist-generated", "linguist-documentation")

_LANGUAGES: Mapping[str, str] = {
    ending: language
    for language, endings in {
        "Python": "py pyw pyx smk", "R": "r rmd rnw qmd", "Jupyter Notebook": "ipynb", "Julia": "jl", "MATLAB": "m",
        "C": "c h", "C++": "cpp cc cxx hpp hh hxx", "Fortran": "f f90 f95 f03 f08 for f77", "Java": "java",
        "JavaScript": "js mjs cjs jsx", "TypeScript": "ts tsx", "HTML": "html htm", "CSS": "css scss less",
        "TeX": "tex sty cls bib ltx dtx", "Shell": "sh bash zsh", "Go": "go", "Rust": "rs", "Ruby": "rb", "PHP": "php",
        "Perl": "pl pm", "Lua": "lua", "Scala": "scala", "Kotlin": "kt kts", "Swift": "swift", "C#": "cs", "SQL": "sql",
        "Stata": "do ado", "SAS": "sas", "SPSS": "sps", "Stan": "stan", "Haskell": "hs", "OCaml": "ml mli",
        "Clojure": "clj", "Lisp": "lisp el", "Prolog": "pro", "Nextflow": "nf", "WDL": "wdl", "CWL": "cwl",
        "CUDA": "cu cuh", "Cython": "pxd", "Groovy": "groovy", "Dart": "dart", "PowerShell": "ps1",
        "Mathematica": "wl nb",
        "Modelica": "mo", "Gnuplot": "gp gnuplot plt", "NetLogo": "nlogo", "Vue": "vue", "Assembly": "asm s",
        "VHDL": "vhd",
        "Verilog": "v sv", "Objective-C": "mm", "CMake": "cmake", "Makefile": "mk", "Dockerfile": "dockerfile",
    }.items()
    for ending in endings.split()
}  # fmt: skip
_FILES: Mapping[str, str] = {
    "makefile": "Makefile", "dockerfile": "Dockerfile", "snakefile": "Python", "cmakelists.txt": "CMake",
    "rakefile": "Ruby", "gemfile": "Ruby",
}  # fmt: skip
_ASIDE = {"vendor", "node_modules", "third_party", "third-party", "dist", "docs", "doc", "renv", "packrat", ".venv"}


@dataclass(frozen=True)
class Language:
    """A language and its share of the bytes, from 0 to 1."""

    name: str
    share: float

    @property
    def percent(self) -> str:
        """The share as a page shows it."""
        return f"{100 * self.share:.1f} %"


_known: LRUCache[tuple[Path, str], Sequence[Language] | None] = LRUCache(REMEMBERED_TREES)


def read_languages(copy: Copy, root_sha: str) -> Sequence[Language]:
    """The languages of the tree of this name, the largest first; none where it is too large to look through.

    `.gitattributes` say otherwise of a file by `linguist-language`, `-vendored`, `-generated` and `-documentation`.
    """
    key = copy.path, root_sha
    found = _known.get(key, None)
    if found is None:
        entries = list(islice(list_tree(copy, root_sha), MOST_ENTRIES + 1))
        found = (
            _count(copy, [entry for entry in entries if entry.kind == "blob"]) if len(entries) <= MOST_ENTRIES else ()
        )
        _known.put(key, found)
    return found


def language_of(path: str) -> str:
    """The language that a file of this path is in, by its name; empty where it is no source code."""
    name = PurePosixPath(path.lower()).name
    return _FILES.get(name) or _LANGUAGES.get(name.rpartition(".")[2] if "." in name else "", "")


def _count(copy: Copy, files: Sequence[TreeEntry]) -> Sequence[Language]:
    sizes: Counter[str] = Counter()
    for entry, attributes in _with_attributes(copy, files):
        if entry.mode.startswith("100") and (language := _decide(entry.path, attributes)):
            sizes[language] += entry.size_bytes or 0
    total = sum(sizes.values())
    shares = [
        Language(name, size / total) for name, size in sizes.most_common() if size and size / total >= LEAST_SHARE
    ]
    shown = shares[:MOST_LANGUAGES]
    rest = 1 - sum(language.share for language in shown) if shown else 0
    return (*shown, Language(OTHER, rest)) if rest >= LEAST_SHARE else tuple(shown)


def _with_attributes(copy: Copy, files: Sequence[TreeEntry]) -> Iterator[tuple[TreeEntry, Attributes]]:
    """Each file with what `.gitattributes` say of it; without a process where none speaks of languages."""
    told = choose_attribute_files(iter(files))
    if not any(b"linguist-" in text for _sha, text in read_blobs(copy, sorted(set(told.values())))):
        yield from ((entry, {}) for entry in files)
        return
    with check_attributes(copy, told, (entry.path for entry in files), _NAMES) as found:
        yield from zip(files, found, strict=True)


def _decide(path: str, attributes: Attributes) -> str:
    """The language that the file counts for; empty where it counts for none."""
    aside = [attributes.get(name, "unspecified") for name in _NAMES[1:]]
    is_aside = not _ASIDE.isdisjoint(path.lower().split("/")[:-1]) or path.lower().endswith((".min.js", ".min.css"))
    if any(value in {"set", "true"} for value in aside) or (is_aside and not {"unset", "false"} & set(aside)):
        return ""
    told = attributes.get(_NAMES[0], "unspecified")
    return language_of(path) if told in {"unspecified", "set", "unset"} else told[:40]
