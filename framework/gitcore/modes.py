"""The modes that a tree's entries have (git-fast-import(1), "Types of files")."""

FILE = 0o100644
EXECUTABLE = 0o100755
FOLDER = 0o040000
SYMLINK = 0o120000
SUBMODULE = 0o160000
