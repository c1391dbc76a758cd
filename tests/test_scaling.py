"""The document of growth says what the figures say."""

from dataclasses import replace

import pytest

from scripts import scaling


@pytest.fixture(scope='module')
def figures() -> scaling.Figures:
    return scaling.Figures.read()


def test_the_document_has_the_tables_that_the_script_writes(figures):
    document = scaling.DOCUMENT.read_text()
    assert scaling.filled(document, figures) == document, 'run python scripts/scaling.py'
    for name in scaling.TABLES:
        assert f'<!-- table: {name} -->' in document


def test_other_figures_make_other_tables(figures):
    document = scaling.DOCUMENT.read_text()
    faster = replace(figures, examples_per_core_s=2 * figures.examples_per_core_s)
    assert scaling.filled(document, faster) != document
    assert faster.core_hours(1000) == pytest.approx(figures.core_hours(1000) / 2)


def test_a_table_that_is_not_known_is_an_error(figures):
    with pytest.raises(KeyError):
        scaling.filled('<!-- table: weather -->\n<!-- end -->', figures)


def test_what_grows_with_clips_grows_in_proportion(figures):
    assert figures.core_hours(3_000_000) == pytest.approx(3 * figures.core_hours(1_000_000))
    without = replace(figures, http_ms=0.0)
    assert without.exact_ms(2000, 'mean') == pytest.approx(2 * without.exact_ms(1000, 'mean'))
    assert figures.milvus_bytes(10, 'mean') < figures.milvus_bytes(10, 'concat')


@pytest.mark.parametrize(
    ('value', 'shown'),
    [(0, '0'), (3.14, '3.1'), (47.6, '48'), (123, '120'), (41_234, '41 k'), (4.1e9, '4.1 G')],
)
def test_numbers_have_two_digits_that_count(value, shown):
    assert scaling._number(value) == shown
