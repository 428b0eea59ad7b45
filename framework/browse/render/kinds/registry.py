# ruff: noqa: E501 - a kind whose sentence is all there is of it is one line
"""All kinds of files, by the endings of their names."""

from pathlib import PurePosixPath

from framework.browse.render.kinds.kind import BROWSER, DOCUMENT, FILE, NAMED, TEXT, Kind

_ROOM = "framework.browse.render"
_MIB = 1 << 20

DOCUMENTS = (
    Kind("Markdown", (".md", ".markdown", ".mdown", ".mkd", ".rmd", ".qmd"), DOCUMENT, limit_bytes=1 << 17),
    Kind("reStructuredText", (".rst",), DOCUMENT, limit_bytes=1 << 17),
    Kind("Word documents", (".docx", ".docm"), FILE, "paper", 32 * _MIB, f"{_ROOM}.office.word:read_word"),
    Kind(
        "OpenDocument texts and slides",
        (".odt", ".ott", ".odp"),
        FILE,
        "paper",
        32 * _MIB,
        f"{_ROOM}.office.opendocument:read_opendocument",
    ),
    Kind("slides", (".pptx", ".pptm", ".ppsx"), FILE, "paper", 32 * _MIB, f"{_ROOM}.office.slides:read_slides"),
    Kind("rich text", (".rtf",), TEXT, "paper", 4 * _MIB, f"{_ROOM}.office.rich_text:read_rich_text"),
    Kind("books", (".epub",), FILE, "paper", 32 * _MIB, f"{_ROOM}.office.book:read_book"),
    Kind(
        "documents from before 2007",
        (".doc", ".dot", ".ppt", ".pps"),
        NAMED,
        sentence="A document in a format from before 2007. Word, PowerPoint or LibreOffice opens it.",
    ),
    Kind(
        "BibTeX references", (".bib", ".bibtex"), TEXT, "references", 4 * _MIB, f"{_ROOM}.references.bibtex:read_bibtex"
    ),
    Kind("RIS references", (".ris",), TEXT, "references", 4 * _MIB, f"{_ROOM}.references.ris:read_ris"),
    Kind("notebooks", (".ipynb",), TEXT, "notebook", 16 * _MIB, f"{_ROOM}.notebooks.reading:read_notebook"),
)
GUESSED_TABLES = Kind(
    "text that looks like a table",
    (".dat", ".txt"),
    TEXT,
    "table",
    8 * _MIB,
    f"{_ROOM}.tables.guessing:read_guessed_table",
    guessed=True,
    grids=f"{_ROOM}.tables.guessing:read_guessed_grids",
    is_cut=True,
)
TABLES = (
    Kind(
        "tables in text files",
        (".csv", ".tsv", ".tab"),
        TEXT,
        "table",
        8 * _MIB,
        f"{_ROOM}.tables.reading:read_table",
        grids=f"{_ROOM}.tables.reading:read_grids",
        is_cut=True,
    ),
    GUESSED_TABLES,
    Kind(
        "spreadsheets",
        (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        FILE,
        "book",
        32 * _MIB,
        f"{_ROOM}.tables.spreadsheets:read_spreadsheet",
        grids=f"{_ROOM}.tables.spreadsheets:read_spreadsheet_grids",
        otherwise=GUESSED_TABLES,
    ),
    Kind(
        "JSON Lines",
        (".jsonl", ".ndjson"),
        TEXT,
        "table",
        8 * _MIB,
        f"{_ROOM}.tables.json_lines:read_json_lines",
        grids=f"{_ROOM}.tables.json_lines:read_json_grids",
        is_cut=True,
    ),
)
JSON = Kind("JSON", (".json",), TEXT, "json", 1 << 19, f"{_ROOM}.json_trees:read_tree")
OUTLINES = (
    Kind("YAML", (".yaml", ".yml", ".cff"), TEXT, "json", 1 << 19, f"{_ROOM}.outlines:read_yaml", asked_for=True),
    Kind("TOML", (".toml",), TEXT, "json", 1 << 19, f"{_ROOM}.outlines:read_toml", asked_for=True),
    Kind(
        "XML",
        (".xml", ".xsd", ".kml", ".gpx", ".gml", ".rdf", ".graphml", ".tei", ".xmp"),
        TEXT,
        "json",
        1 << 19,
        f"{_ROOM}.outlines:read_xml",
        asked_for=True,
    ),
)
DATA = (
    Kind("maps in GeoJSON", (".geojson",), TEXT, "map", 4 * _MIB, f"{_ROOM}.data.maps:read_map", otherwise=JSON),
    Kind(
        "SQLite databases",
        (".sqlite", ".sqlite3", ".db", ".db3", ".gpkg"),
        FILE,
        "book",
        32 * _MIB,
        f"{_ROOM}.data.sqlite:read_database",
        grids=f"{_ROOM}.data.sqlite:read_database_grids",
    ),
    Kind(
        "Stata data sets",
        (".dta",),
        FILE,
        "book",
        32 * _MIB,
        f"{_ROOM}.data.stata:read_stata",
        grids=f"{_ROOM}.data.stata:read_stata_grids",
    ),
    Kind("SAS transport files", (".xpt",), FILE, "book", 32 * _MIB, f"{_ROOM}.data.xport:read_xport"),
    Kind(
        "SPSS data sets",
        (".sav", ".zsav"),
        FILE,
        "book",
        32 * _MIB,
        f"{_ROOM}.data.spss:read_spss",
        grids=f"{_ROOM}.data.spss:read_spss_grids",
    ),
    Kind(
        "Parquet files",
        (".parquet", ".pq"),
        FILE,
        "book",
        32 * _MIB,
        f"{_ROOM}.data.parquet.reading:read_parquet",
        grids=f"{_ROOM}.data.parquet.reading:read_parquet_grids",
    ),
    Kind(
        "MATLAB files",
        (".mat",),
        FILE,
        "book",
        64 * _MIB,
        f"{_ROOM}.data.matlab:read_matlab",
        otherwise=GUESSED_TABLES,
    ),
    Kind("NetCDF files", (".nc", ".nc3", ".cdf"), FILE, "book", 64 * _MIB, f"{_ROOM}.data.netcdf:read_netcdf"),
    Kind(
        "HDF5 and NetCDF 4 files",
        (".h5", ".hdf5", ".hdf", ".he5", ".h5ad", ".loom", ".nc4"),
        FILE,
        "book",
        64 * _MIB,
        f"{_ROOM}.data.hdf5.reading:read_hdf5",
    ),
    Kind("R data", (".rds", ".rdata", ".rda"), FILE, "book", 32 * _MIB, f"{_ROOM}.data.rdata.reading:read_rdata"),
    Kind(
        "NumPy arrays",
        (".npy", ".npz"),
        FILE,
        "book",
        32 * _MIB,
        f"{_ROOM}.data.arrays:read_array",
        grids=f"{_ROOM}.data.arrays:read_array_grids",
    ),
)
STRUCTURES = (
    JSON,
    *OUTLINES,
    Kind(
        "archives",
        (".zip", ".jar", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"),
        FILE,
        "listing",
        32 * _MIB,
        f"{_ROOM}.listings:read_listing",
    ),
)
MEDIA = (
    Kind(
        "pictures that browsers do not show",
        (
            *(".tif", ".tiff", ".heic", ".heif", ".hif", ".psd", ".jp2", ".j2k", ".jpx"),
            *(".pbm", ".pgm", ".ppm", ".pnm", ".tga", ".pcx"),
        ),
        FILE,
        "picture",
        64 * _MIB,
        f"{_ROOM}.media.pictures:read_picture",
    ),
    Kind("pictures", (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico", ".svg"), BROWSER),
    Kind("sound", (".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".flac", ".aac", ".weba"), BROWSER),
    Kind("video", (".mp4", ".m4v", ".webm", ".ogv", ".mov"), BROWSER),
    Kind("PDF", (".pdf",), BROWSER),
    Kind(
        "models in three dimensions",
        (".stl", ".obj", ".glb"),
        FILE,
        "model",
        64 * _MIB,
        f"{_ROOM}.media.models:read_model",
    ),
)
NAMED_KINDS = (
    Kind("SAS data sets", (".sas7bdat",), NAMED, sentence="This is a SAS data set. SAS, haven in R and pandas in Python open it."),
    Kind("Access databases", (".mdb", ".accdb"), NAMED, sentence="This is a database of Microsoft Access. Access and MDB Viewer open it."),
    Kind("Arrow tables", (".feather", ".arrow"), NAMED, sentence="This is a table of Apache Arrow. arrow in R and pyarrow or pandas in Python open it."),
    Kind("Python pickles", (".pkl", ".pickle", ".joblib"), NAMED, sentence="These are pickled objects of Python. Loading them can run any program: load only what you trust."),
    Kind("raw photographs", (".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef"), NAMED, sentence="This is a raw photograph, as a camera's sensor saw it. darktable and RawTherapee open it, as do Lightroom and Capture One."),
    Kind("microscope images", (".czi", ".lif", ".nd2", ".oib", ".oif", ".vsi", ".svs", ".ndpi", ".lsm"), NAMED, sentence="This is an image of a microscope. Fiji (ImageJ) with Bio-Formats, QuPath and napari open it."),
    Kind("projects of painting programs", (".xcf", ".kra", ".afphoto", ".clip"), NAMED, sentence="This is a project of a painting program: GIMP (.xcf), Krita (.kra), Affinity Photo (.afphoto) or Clip Studio (.clip) opens it."),
    Kind("FITS images", (".fits", ".fit", ".fts"), NAMED, sentence="This is an image or table in FITS. SAOImage DS9 and astropy in Python open it."),
    Kind("shapefiles", (".shp", ".shx", ".dbf"), NAMED, sentence="This is a part of a shapefile, which is whole with its .shp, .shx and .dbf files. QGIS opens it."),
    Kind("medical images", (".nii", ".nii.gz", ".dcm"), NAMED, sentence="This is a medical image. ITK-SNAP and 3D Slicer open it."),
    Kind("packed files", (".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"), NAMED, sentence="This is packed. 7-Zip, The Unarchiver or the tools of Linux unpack it."),
    Kind("films that browsers do not show", (".avi", ".mkv", ".wmv", ".mpg", ".mpeg"), NAMED, sentence="This is a film that browsers do not show. VLC plays it."),
    Kind("documents of iWork", (".pages", ".numbers", ".key"), NAMED, sentence="This is a document of Apple's iWork: Pages, Numbers or Keynote opens it, also at icloud.com."),
    Kind("sequence alignments", (".bam", ".cram"), NAMED, sentence="These are aligned sequences. IGV and samtools open them."),
    Kind("OriginLab projects", (".opj", ".opju"), NAMED, sentence="This is a project of Origin. Origin and Origin Viewer open it."),
    Kind("Minitab, JMP and Prism files", (".mpj", ".mwx", ".jmp", ".pzfx"), NAMED, sentence="This is a project of a program for statistics: Minitab (.mpj, .mwx), JMP (.jmp) or Prism (.pzfx) opens it."),
)  # fmt: skip
KINDS = (*DOCUMENTS, *TABLES, *DATA, *NAMED_KINDS, *STRUCTURES, *MEDIA)

_BY_ENDING = {ending: kind for kind in KINDS for ending in kind.endings}


def kind_of(name: str) -> Kind | None:
    """The kind of a file of this lower-case name, by its longest known ending; None where it has none."""
    suffixes = PurePosixPath(name).suffixes
    endings = ("".join(suffixes[start:]) for start in range(len(suffixes)))
    return next((_BY_ENDING[ending] for ending in endings if ending in _BY_ENDING), None)
