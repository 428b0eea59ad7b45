"""The languages of source files: their names, the lexers of Pygments that read them, and the files they are in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language by the name that GitHub's linguist has for it, as far as it has one.

    `lexer` is an alias of Pygments, or `spss`; `endings` and `files` are in lower case. A language without a name is
    data or text, which counts for nothing among a project's languages.
    """

    name: str
    lexer: str
    endings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def _row(name: str, lexer: str, endings: str = "", files: str = "") -> Language:
    return Language(name, lexer, tuple(f".{ending}" for ending in endings.split()), tuple(files.split()))


LANGUAGES = (
    _row("", "yaml", "dvc cff rproj", "dvc.lock"),
    _row("", "debcontrol", "", "description"),  # of an R package
    _row("", "toml", "", "poetry.lock uv.lock cargo.lock pipfile"),
    _row("", "json", "geojson topojson webmanifest", "renv.lock pipfile.lock"),
    _row("", "bash", "", ".gitignore .gitattributes"),
    _row("", "text", "inp"),
    _row("", "markdown"),
    _row("Python", "python", "py pyw pyi smk", "snakefile sconstruct sconscript wscript"),
    _row("Cython", "cython", "pyx pxd pxi"),
    _row("R", "r", "r", ".rprofile .rhistory namespace"),
    _row("Jupyter Notebook", "json", "ipynb"),
    _row("Julia", "julia", "jl"),
    _row("MATLAB", "matlab"),
    _row("MATLAB", "octave"),
    _row("C", "c", "c"),
    _row("C++", "cpp", "cpp cc cxx hpp hh hxx"),
    _row("Fortran", "fortran", "f90 f95 f03 f08"),
    _row("Fortran", "fortranfixed", "f for ftn f77"),
    _row("Java", "java", "java pde"),
    _row("JavaScript", "javascript", "js mjs cjs"),
    _row("JavaScript", "jsx", "jsx"),
    _row("TypeScript", "typescript", "mts cts"),
    _row("TypeScript", "tsx", "tsx"),
    _row("HTML", "html", "html htm"),
    _row("CSS", "css", "css"),
    _row("CSS", "scss", "scss"),
    _row("CSS", "less", "less"),
    _row("TeX", "tex", "tex sty ltx dtx bbx cbx tikz"),
    _row("TeX", "bibtex", "bib"),
    _row("R", "markdown", "rmd qmd"),
    _row("R", "tex", "rnw"),
    _row("Shell", "bash", "sh bash zsh"),
    _row("Go", "go", "go"),
    _row("Rust", "rust", "rs"),
    _row("Ruby", "ruby", "rb", "rakefile gemfile"),
    _row("PHP", "php", "php"),
    _row("Perl", "perl", "pm", ".latexmkrc latexmkrc"),
    _row("Lua", "lua", "lua"),
    _row("Scala", "scala", "scala"),
    _row("Kotlin", "kotlin", "kt kts"),
    _row("Swift", "swift", "swift"),
    _row("C#", "csharp", "cs"),
    _row("SQL", "sql", "sql"),
    _row("Stata", "stata", "do ado"),
    _row("SAS", "sas", "sas"),
    _row("Awk", "awk", "awk"),
    _row("SPSS", "spss", "sps"),
    _row("Stan", "stan", "stan"),
    _row("JAGS", "jags", "jags"),
    _row("Haskell", "haskell", "hs"),
    _row("OCaml", "ocaml", "ml mli"),
    _row("Clojure", "clojure", "clj"),
    _row("Lisp", "common-lisp", "lisp"),
    _row("Lisp", "emacs-lisp", "el"),
    _row("Prolog", "prolog"),
    _row("IDL", "idl"),
    _row("Groovy", "groovy", "groovy", "jenkinsfile"),
    _row("Nextflow", "groovy", "nf"),
    _row("WDL", "terraform", "wdl"),  # its comments, strings and blocks are the same
    _row("CWL", "yaml", "cwl"),
    _row("CUDA", "cuda", "cu cuh"),
    _row("Dart", "dart", "dart"),
    _row("PowerShell", "powershell", "ps1"),
    _row("Mathematica", "mathematica", "wl nb"),
    _row("Modelica", "modelica", "mo"),
    _row("Gnuplot", "gnuplot", "gp gnu gnuplot"),
    _row("NetLogo", "text", "nlogo"),
    _row("Vue", "vue", "vue"),
    _row("Assembly", "nasm", "asm"),
    _row("Assembly", "gas", "s"),
    _row("VHDL", "vhdl", "vhd"),
    _row("Verilog", "verilog", "v"),
    _row("Verilog", "systemverilog", "sv"),
    _row("Objective-C", "objective-c"),
    _row("Objective-C", "objective-c++", "mm"),
    _row("Visual Basic", "vbnet"),
    _row("OpenEdge ABL", "openedge"),
    _row("CMake", "cmake", "cmake", "cmakelists.txt"),
    _row("Makefile", "make", "mk", "makefile"),
    _row("Dockerfile", "dockerfile", "dockerfile", "dockerfile containerfile"),
)

# Endings that several languages share: what tells one of the others by a line, and what the file is otherwise.
SHARED: Mapping[str, tuple[Sequence[tuple[str, str]], str]] = {
    ".m": (
        (
            (
                r"^[ \t]*(?:#\s*(?:import|include)\b|@(?:interface|implementation|import|protocol|class|end)\b)",
                "objective-c",
            ),
            (r"^[ \t]*\(\*", "mathematica"),
            (r"^[ \t]*:-\s*(?:module|interface)\b", "prolog"),
            (r"^[ \t]*(?:#(?!!)|endfunction\b|endif\b|endwhile\b)|(?:^|[^'])\b(?:printf|disp)\s*\(\s*\"", "octave"),
        ),
        "matlab",
    ),
    ".pl": (
        ((r"(?:^|\n)(?![ \t]*[#%])[^\n#]*:-", "prolog"), (r"^[ \t]*%", "prolog")),
        "perl",
    ),
    ".pro": (
        (
            (r"^[ \t]*(?:QT|SOURCES|HEADERS|TARGET|TEMPLATE|CONFIG)\s*[-+*]?=", "make"),
            (r"^[^;\n]*:-", "prolog"),
        ),
        "idl",
    ),
    ".cls": (
        (
            (r"^[ \t]*VERSION\s+[\d.]+\s+CLASS\b|^[ \t]*(?:Option Explicit|Attribute VB_)", "vbnet"),
            (
                r"^[ \t]*(?:@\w+[ \t]*)*(?:(?:public|global|private|with|without|sharing|virtual)\s+)+class\b",
                "java",
            ),
            (r"^[ \t]*(?:CLASS|USING|ROUTINE-LEVEL)\s", "openedge"),
        ),
        "tex",
    ),
    ".h": (
        (
            (r"^[ \t]*@(?:interface|protocol|class|property)\b", "objective-c"),
            (
                r"^[ \t]*(?:class|namespace|template|using)\b[^;{<]{0,200}[{<;]|\bstd::|^[ \t]*(?:public|private)\s*:",
                "cpp",
            ),
        ),
        "c",
    ),
    ".ts": (((r"^[ \t]*(?:<\?xml|<!DOCTYPE TS|<TS\b)", "xml"),), "typescript"),
    ".inc": (
        (
            (r"<\?php", "php"),
            (r"^[ \t]*\\|^%", "tex"),
            (r"^[Cc*]\s|^[ \t]+(?:COMMON|INTEGER|REAL|PARAMETER)\b", "fortranfixed"),
        ),
        "c",
    ),
    ".plt": (((r"^[ \t]*\d+(?:\.\d+)?[\s,]", "text"),), "gnuplot"),
    ".t": (((r"^[ \t]*(?:use\s|my\s|#!.*perl)", "perl"),), "text"),
    ".mod": (((r"^[ \t]*module\s+\S+$", "text"), (r"^[ \t]*(?:NEURON|UNITS|PARAMETER)\s*\{", "c")), "modula2"),
    ".cl": (((r"^[ \t]*\(", "common-lisp"),), "c"),  # OpenCL
}
# What `linguist-language` says and no lexer of Pygments is called, in lower case with hyphens.
TOLD: Mapping[str, str] = {
    "shell": "bash",
    "fortran-free-form": "fortran",
    "wolfram-language": "mathematica",
    "rmarkdown": "markdown",
    "quarto": "markdown",
    "snakemake": "python",
    "nextflow": "groovy",
    "workflow-description-language": "terraform",
    "common-workflow-language": "yaml",
    "jupyter-notebook": "json",
    "sweave": "tex",
    "visual-basic-.net": "vbnet",
    "vba": "vbnet",
    "gcc-machine-description": "common-lisp",
    "openedge-abl": "openedge",
}
