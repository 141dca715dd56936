from __future__ import annotations

from pathlib import Path

import pytest

from tests.imaging import corpus

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "bad_images"


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the corpus of broken files is not beside the checkout"
)
@pytest.mark.filterwarnings("ignore")
def test_every_file_of_the_corpus_gets_its_expected_answer() -> None:
    found, counts, seconds, name = corpus.differences(FOLDER)
    assert found == {}
    assert sum(counts.values()) > 500
    # Two seconds is the promise; a shared machine may need some of it.
    assert seconds < 2, name
