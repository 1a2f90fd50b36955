import copy
import dataclasses
import json
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maskalign
from maskalign import DriftRow, DriftTable, DriftTableError

NAN = float("nan")


@pytest.fixture
def table():
    return DriftTable(
        shifts=[(0, 0), (1.5, -2.25), (NAN, NAN), (40, 3), (6, -9)],
        ncc=[1, 0.9, NAN, 0.1, 0.8],
        overlap=[1, 0.95, NAN, 0.4, 0.9],
        shift_std=[(0, 0), (0.01, 0.02), (NAN, NAN), (1, 2), (0.1, 0.1)],
        peak_ratio=[NAN, 3, NAN, 1.01, np.inf],
        status=["ok", "ok", "blank", "unsure", "ok"],
        reference_frame=[0] * 5,
        residual=[0, 0.05, NAN, 0.5, 0.02],
        map_median=[1, 0.75, NAN, 0.1, 0.5],
        map_share=[1, 0.875, NAN, 0, 0.5],
        scale=(0.2, 0.2),
        units=("µm", "µm"),
        options={"max_shift": 20, "min_overlap": 0.3},
    )


floats = st.floats(allow_nan=True, allow_infinity=True, width=64)


@st.composite
def tables(draw):
    n, ndim = draw(st.integers(1, 5)), draw(st.integers(2, 3))

    def column(*shape):
        size = int(np.prod(shape))
        values = draw(st.lists(floats, min_size=size, max_size=size))
        return np.array(values).reshape(shape)

    words = st.sampled_from(["ok", "blank", "low-overlap", 'what, "ever"'])
    return DriftTable(
        shifts=column(n, ndim),
        ncc=column(n),
        overlap=column(n),
        shift_std=column(n, ndim),
        peak_ratio=column(n),
        status=draw(st.lists(words, min_size=n, max_size=n)),
        reference_frame=draw(st.lists(st.integers(-1, 9), min_size=n, max_size=n)),
        residual=column(n),
        map_median=column(n),
        map_share=column(n),
        scale=draw(st.just(()) | st.just((0.1,) * ndim)),
        units=draw(st.just(()) | st.just(("µm",) * ndim)),
        options=draw(st.just({}) | st.just({"channel": None, "max_shift": (4, 5.5)})),
        version=draw(st.sampled_from(["", "0.0.1", maskalign.__version__])),
    )


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from(["csv", "json"]))
def test_files_give_back_every_bit(tmp_path_factory, table, kind):
    path = tmp_path_factory.mktemp("tables") / f"drift.{kind}"
    getattr(table, f"to_{kind}")(path)
    assert getattr(DriftTable, f"from_{kind}")(path) == table


def test_csv_says_what_the_numbers_mean(table, tmp_path):
    table.to_csv(tmp_path / "drift.csv")
    lines = (tmp_path / "drift.csv").read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert any("axes YX" in line for line in comments)
    assert any("pixels to add to the position" in line for line in comments)
    assert lines[len(comments)].split(",") == [
        "frame", "reference_frame", "shift_y", "shift_x", "ncc", "overlap",
        "shift_std_y", "shift_std_x", "peak_ratio", "residual",
        "map_median", "map_share", "status",
    ]  # fmt: skip
    assert lines[len(comments) + 2] == (
        "1,0,1.5,-2.25,0.9,0.95,0.01,0.02,3.0,0.05,0.75,0.875,ok"
    )


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.parametrize("name", ["residual", "map_median", "map_share"])
def test_files_leave_out_a_column_that_nobody_has(table, tmp_path, name, kind):
    path = tmp_path / f"drift.{kind}"
    without = table.replace(**{name: None})
    getattr(without, f"to_{kind}")(path)
    assert name not in path.read_text(encoding="utf-8")
    assert getattr(DriftTable, f"from_{kind}")(path) == without != table


def test_a_table_knows_what_a_map_says_of_its_frames(table):
    rng = np.random.default_rng(0)
    maps = rng.uniform(-1, 1, (5, 6, 7))
    maps[2] = NAN
    found = maskalign.summarize_map(maps, above=0.25)
    known = table.with_map(found)
    np.testing.assert_array_equal(known.map_median, np.median(maps, axis=(1, 2)))
    np.testing.assert_array_equal(known.map_share, found.share)
    assert known.options == {**table.options, "map_above": 0.25}
    assert (known[1].map_median, known[1].map_share) == (
        np.median(maps[1]),
        found.share[1],
    )
    # Nothing else changes, and a later map takes the place of the first.
    assert (
        known.replace(
            map_median=table.map_median,
            map_share=table.map_share,
            options=table.options,
        )
        == table
    )
    again = maskalign.summarize_map(maps)
    assert known.with_map(again) == table.with_map(again)


def test_a_map_of_other_frames_is_refused(table):
    maps = np.zeros((4, 3, 3))
    with pytest.raises(DriftTableError, match="of 4 maps, the drift table has 5 rows"):
        table.with_map(maskalign.summarize_map(maps))
    with pytest.raises(DriftTableError, match="of 1 map, "):
        table.with_map(maskalign.summarize_map(maps[0]))
    with pytest.raises(TypeError, match=r"summarize_map returns.*got ndarray"):
        table.with_map(maps)


def test_three_axes_have_a_column_more(tmp_path):
    DriftTable.from_shifts([(1, 2, 3)]).to_csv(tmp_path / "drift.csv")
    text = (tmp_path / "drift.csv").read_text()
    assert "shift_z,shift_y,shift_x" in text
    assert "shift_std_z" in text


def test_json_is_json(table, tmp_path):
    table.to_json(tmp_path / "drift.json")
    document = json.loads(
        (tmp_path / "drift.json").read_text(),
        parse_constant=lambda word: pytest.fail(f"{word} is not JSON"),
    )
    assert document["columns"]["shift_y"] == [0, 1.5, None, 40, 6]


def test_a_bare_table_of_shifts_is_enough(tmp_path):
    path = tmp_path / "mine.csv"

    path.write_text("shift_x, shift_y\n1,2\n3,4\n")
    found = DriftTable.from_csv(path)
    np.testing.assert_array_equal(found.shifts, [[2, 1], [4, 3]])
    assert found.status.tolist() == ["ok", "ok"]


def test_the_version_that_made_it_is_kept(table, tmp_path):
    assert table.version == maskalign.__version__
    old = table.replace(version="0.0.1")
    for kind in ("csv", "json"):
        path = tmp_path / f"drift.{kind}"
        getattr(old, f"to_{kind}")(path)
        assert getattr(DriftTable, f"from_{kind}")(path).version == "0.0.1"
    assert old != table


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_files_that_do_not_know_of_versions_are_still_read(table, tmp_path, kind):
    path = tmp_path / f"drift.{kind}"
    getattr(table, f"to_{kind}")(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(x for x in lines if "version" not in x), encoding="utf-8")
    assert getattr(DriftTable, f"from_{kind}")(path) == table.replace(version="")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found nothing"),
        ("a,b\n1,2\n", "found a, b"),
        ("shift_y,shift_x\n", "no rows"),
        ("shift_y,shift_x\n1,far\n", "row 0, column shift_x: 'far'"),
        ("frame,shift_y,shift_x\n0,1,2\n2,1,2\n", r"0, 1, 2, .* got \[0, 2\]"),
        ("# options: {oops\nshift_y,shift_x\n1,2\n", "not JSON"),
        ("# scale: 3\nshift_y,shift_x\n1,2\n", "scale, units or options"),
    ],
)
def test_what_is_no_table_says_why(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DriftTableError, match=words) as caught:
        DriftTable.from_csv(path)
    assert "bad.csv" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"columns": {"shift_y": [1], "x": []}}'])
def test_what_is_no_json_table_says_why(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(DriftTableError, match=r"bad\.json"):
        DriftTable.from_json(path)


def test_a_picture_is_no_table(tmp_path):
    path = tmp_path / "drift.png"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DriftTableError, match="not a text file"):
        DriftTable.from_csv(path)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_nothing_is_overwritten_unasked(table, tmp_path, kind):
    path = tmp_path / "drift"
    path.write_text("mine")
    write = getattr(table, f"to_{kind}")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write(path)
    assert path.read_text() == "mine"
    write(path, overwrite=True)
    assert path.read_text() != "mine"


# Repair ------------------------------------------------------------------------------


def test_repair_interpolates_what_is_not_ok(table):
    repaired = table.repaired()
    np.testing.assert_allclose(
        repaired.shifts, [(0, 0), (1.5, -2.25), (3, -4.5), (4.5, -6.75), (6, -9)]
    )
    assert repaired.status.tolist() == table.status.tolist()
    assert np.isnan(repaired.shift_std[[2, 3]]).all()
    assert repaired.repaired() == repaired


def test_what_a_person_has_set_is_used(table):
    by_hand = table.replace(status=["ok", "ok", "blank", "manual", "ok"])
    assert by_hand.ok.tolist() == [True, True, False, True, True]
    np.testing.assert_array_equal(by_hand.repaired().shifts[3], table.shifts[3])
    np.testing.assert_allclose(by_hand.repaired().shifts[2], (20.75, 0.375))
    assert list(by_hand.counts()) == ["ok", "manual", "blank"]


def test_a_word_alone_makes_no_shift_good():
    table = DriftTable([(0, 0), (NAN, 1), (2, 2)], status=["ok", "ok", "manual"])
    assert table.ok.tolist() == [True, False, True]
    np.testing.assert_array_equal(table.repaired().shifts[1], (1, 1))


def test_repair_holds_the_ends():
    table = DriftTable([(9, 9), (1, 2), (NAN, NAN)], status=["unsure", "ok", "blank"])
    np.testing.assert_array_equal(table.repaired().shifts, [(1, 2)] * 3)


def test_repair_needs_something_to_go_by():
    table = DriftTable([(NAN, NAN)] * 2, status=["blank", "empty"])
    with pytest.raises(DriftTableError, match="1 blank, 1 empty"):
        table.repaired()


def test_inverse_undoes(table):
    np.testing.assert_array_equal(table.inverse().shifts, -table.shifts)
    assert table.inverse().inverse() == table
    np.testing.assert_array_equal(table.drift, -table.shifts)


# Rows and shape ----------------------------------------------------------------------


def test_rows_there_and_back(table):
    rows = list(table)
    row = DriftRow(
        1, 0, (1.5, -2.25), 0.9, 0.95, (0.01, 0.02), 3.0, "ok", 0.05, 0.75, 0.875
    )
    assert rows[1] == row
    assert table[-1] == rows[4]
    again = DriftTable.from_rows(
        rows, scale=table.scale, units=table.units, options=table.options
    )
    assert again == table


def test_a_later_row_replaces_an_earlier_one(table):
    rows = [*table, dataclasses.replace(table[1], status="outlier")]
    assert DriftTable.from_rows(rows).status[1] == "outlier"


def test_missing_rows_are_named(table):
    with pytest.raises(DriftTableError, match=r"\[1, 3\]"):
        DriftTable.from_rows([table[0], table[2], table[4]])
    with pytest.raises(DriftTableError, match="no rows"):
        DriftTable.from_rows([])


def test_rows_take_the_memory_of_their_numbers():
    def rows(n):
        for t in range(n):
            std, status = (t / 7, t / 9), "ok" if t % 3 else "unsure"
            yield DriftRow(t, 0, (t / 2, t / 3), t / 4, t / 5, std, t / 6, status)

    tracemalloc.start()
    table = DriftTable.from_rows(rows(5000))
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    last, known = [*rows(5000)][-1], {"residual": 0, "map_median": 0, "map_share": 0}
    assert dataclasses.replace(table[4999], **known) == dataclasses.replace(
        last, **known
    )
    # Eleven numbers and a word; a row takes five times as much.
    assert now / 5000 < 150
    assert most / 5000 < 500


def test_a_table_stays_as_it_is():
    shifts = np.zeros((3, 2))
    table = DriftTable.from_shifts(shifts)
    shifts[0] = 7
    assert not table.shifts.any()
    with pytest.raises(ValueError, match="read-only"):
        table.shifts[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.ncc = None
    with pytest.raises(TypeError):
        table.options["x"] = 1


def test_a_table_can_be_sent_to_another_process(table):
    for again in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        assert again == table
        assert not again.shifts.flags.writeable
        with pytest.raises(TypeError):
            again.options["x"] = 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shifts": [1, 2]}, r"shape \(2,\)"),
        ({"shifts": np.zeros((0, 2))}, r"\(0, 2\)"),
        ({"shifts": [(1, 2, 3, 4)]}, r"\(1, 4\)"),
        ({"shifts": [("a", "b")]}, "read as numbers"),
        ({"shifts": [(0, 0)], "ncc": [1, 2]}, r"ncc has shape \(2,\)"),
        ({"shifts": [(0, 0)], "shift_std": [1]}, r"shift_std has shape \(1,\)"),
        ({"shifts": [(0, 0)], "scale": (1,)}, "scale="),
    ],
)
def test_columns_that_do_not_fit(fields, words):
    with pytest.raises(DriftTableError, match=words):
        DriftTable(**fields)


def test_a_person_can_read_it(table):
    assert repr(table) == (
        "DriftTable(5 frames, axes yx, largest shift 40.11 px, 3 ok, 1 blank, 1 unsure)"
    )
    assert table.counts() == {"ok": 3, "blank": 1, "unsure": 1}
    assert "1 frame," in repr(DriftTable.from_shifts([(0, 0)]))


@pytest.mark.parametrize(("n_frames", "ndim"), [(5, 2), (5, 3)])
def test_a_table_that_fits(table, n_frames, ndim):
    table.check_fits(n_frames, ndim)


@pytest.mark.parametrize(
    ("n_frames", "ndim", "words"),
    [
        (6, 2, r"5 rows; the movie has 6 frames.*resampled"),
        (4, 3, "5 rows; the movie has 4 frames"),
        (5, 1, "along yx; a frame of the movie has 1 axes"),
    ],
)
def test_a_table_that_does_not_fit_says_how(table, n_frames, ndim, words):
    with pytest.raises(DriftTableError, match=words):
        table.check_fits(n_frames, ndim)


def test_a_table_of_volumes_does_not_fit_images():
    with pytest.raises(DriftTableError, match="along zyx"):
        DriftTable.from_shifts([(0, 0, 0)]).check_fits(1, 2)
