"""What kind of program a file is part of, in all languages, and why."""

from __future__ import annotations

import pytest
from foreload_analyzers import Document, analyze

PROGRAMS = [
    (
        "python",
        "from flask import Flask\napp = Flask(__name__)\n@app.route('/')\ndef home():\n return 'x'\n",
        "web_service",
    ),
    (
        "python",
        "import pytest\n@pytest.fixture\ndef one():\n return 1\ndef test_one(one):\n assert one == 1\n",
        "test_suite",
    ),
    ("python", "import pygame\npygame.init()\nscreen = pygame.display.set_mode((9, 9))\n", "game"),
    ("javascript", "const app = require('express')();\napp.get('/', (req, res) => res.send('x'));\n", "web_service"),
    (
        "typescript",
        "import { chromium } from 'playwright';\nconst page = 1;\nawait page.goto('http://x');\n",
        "scraping",
    ),
    ("go", 'package a\nimport "testing"\nfunc TestA(t *testing.T) {\n t.Fatalf("x")\n}\n', "test_suite"),
    ("rust", "use clap::Parser;\nfn main() {\n let args = std::env::args();\n}\n", "cli_tool"),
    (
        "java",
        "import org.springframework.boot.SpringApplication;\n@RestController\nclass A { void f() {} }\n",
        "web_service",
    ),
    ("c", "#include <SDL2/SDL.h>\nint main() {\n SDL_Init(0);\n return 0;\n}\n", "game"),
    (
        "cpp",
        "#include <QtWidgets>\n#include <QApplication>\nint main() { QApplication app; return app.exec(); }\n",
        "gui_desktop",
    ),
]


@pytest.mark.parametrize(("language", "source", "expected"), PROGRAMS)
def test_it_is_told_by_what_is_imported_and_called(language: str, source: str, expected: str) -> None:
    report = analyze(source.encode(), language)
    assert report.application_type == expected
    assert report.application_type_confidence > 0.3
    assert report.notes[0].startswith(f"{expected.replace('_', ' ')}, since it ")


def test_calls_tell_it_where_no_import_is_left() -> None:
    report = analyze(b"model = nn.Linear(2, 1)\nloss.backward()\noptimizer.step()\n", "python")
    assert report.application_type == "ml_training"


def test_the_place_of_a_file_speaks_where_its_text_says_little() -> None:
    text = b"def check(value):\n    return value\n"
    assert analyze(text, "python", "src/tests/test_values.py").application_type == "test_suite"
    assert analyze(text, "python", "dags/load_etl.py").application_type == "data_pipeline"


def test_far_folders_say_nothing() -> None:
    text = b"import numpy as np\nprint(np.linalg.solve(a, b))\n"
    near = analyze(text, "python", "tests/a/b/c/solve.py")
    assert near.application_type == analyze(text, "python", "solve.py").application_type == "scientific"


def test_a_script_with_the_marks_of_cells_is_a_notebook() -> None:
    report = analyze(b"# In[1]:\nimport torch\n\n# In[2]:\ntorch.zeros(3)\n", "python")
    assert report.application_type == "notebook"
    assert analyze(b"import torch\n", "python", "a/train.ipynb").application_type == "notebook"


def test_nothing_known_gives_no_answer() -> None:
    report = analyze(b"x = 1\n", "python")
    assert (report.application_type, report.application_type_confidence, report.notes) == (None, 0.0, ())


def test_an_edit_changes_it_as_a_new_text_would() -> None:
    before, after = b"import os\nx = 1\n", b"import flask\nx = 1\n"
    document = Document("python")
    document.open(before)
    document.report()
    document.edit(7, 9, 12, (0, 7), (0, 9), (0, 12), after)
    fresh = analyze(after, "python")
    assert document.report().application_type == fresh.application_type == "web_service"
    assert document.report().application_type_confidence == fresh.application_type_confidence
