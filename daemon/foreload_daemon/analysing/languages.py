"""What editors call the languages that are analysed, and their files.

The analysis has the same in its own table. It is told here again because that table comes with the whole analysis,
which must not be loaded while the server answers; a test holds the two together.
"""

from __future__ import annotations

LANGUAGE_IDS = {
    "python": "python",
    "javascript": "javascript",
    "javascriptreact": "javascript",
    "typescript": "typescript",
    "typescriptreact": "tsx",
    "go": "go",
    "rust": "rust",
    "java": "java",
    "c": "c",
    "cpp": "cpp",
}
SUFFIXES = {
    **dict.fromkeys((".py", ".pyi", ".pyw"), "python"),
    **dict.fromkeys((".java",), "java"),
    **dict.fromkeys(
        (
            ".cpp",
            ".cc",
            ".cxx",
            ".c++",
            ".h",
            ".hpp",
            ".hh",
            ".hxx",
            ".h++",
            ".ipp",
            ".tpp",
            ".inl",
            ".cu",
            ".cuh",
            ".ixx",
            ".cppm",
        ),
        "cpp",
    ),
    **dict.fromkeys((".c",), "c"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".es6"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    **dict.fromkeys((".tsx",), "tsx"),
    **dict.fromkeys((".go",), "go"),
    **dict.fromkeys((".rs",), "rust"),
}


def language_of_document(language_id: str, uri: str) -> str | None:
    """The language of a document by what the editor calls it, else by its file name; None: not analysed."""
    known = LANGUAGE_IDS.get(language_id)
    if known is not None:
        return known
    dot = uri.rfind(".")
    return SUFFIXES.get(uri[dot:].lower()) if dot > uri.rfind("/") else None
