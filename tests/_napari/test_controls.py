import pytest
from qtpy.QtWidgets import QListWidget, QVBoxLayout, QWidget

from maskalign._napari.controls import LayerBox, ReferenceChoice, WrappedLabel


@pytest.fixture
def box(viewer, movie):
    viewer.add_image(movie, name="a")
    viewer.add_image(movie, name="b")
    return LayerBox(choices=lambda _: list(viewer.layers))


@pytest.fixture
def choice(qapp):
    shown = ReferenceChoice(lambda: 4)
    shown.limit(6)
    return shown


def test_a_box_holds_on_to_a_renamed_layer(viewer, box):
    box.value = viewer.layers["b"]
    said = []
    box.changed.connect(said.append)
    viewer.layers["b"].name = "c"
    box.reset_choices()
    assert box.value is viewer.layers["c"]
    assert box.current_choice == "c"
    assert said == []


def test_a_box_whose_layer_is_gone_says_so_once(viewer, box):
    box.value = viewer.layers["b"]
    said = []
    box.changed.connect(said.append)
    viewer.layers.remove("b")
    box.reset_choices()
    assert box.value is viewer.layers["a"]
    assert said == [viewer.layers["a"]]


def test_a_box_without_layers_holds_none(viewer, box):
    viewer.layers.clear()
    box.reset_choices()
    assert box.value is None


@pytest.mark.parametrize("value", ["first", 0, 5])
def test_a_script_may_set_first_or_a_number(choice, value):
    choice.value = value
    assert choice.value == value


def test_minus_one_is_the_last_frame(choice):
    choice.value = -1
    assert choice.value == 5


@pytest.mark.parametrize("value", ["last", 6, -7, 1.5, True, None])
def test_what_is_no_frame_is_refused(choice, value):
    choice.value = 3
    with pytest.raises(ValueError, match=r"reference must be|There is no frame"):
        choice.value = value
    assert choice.value == 3


def test_choosing_frame_by_hand_offers_the_one_on_show(choice):
    said = []
    choice.changed.connect(said.append)
    choice["kind"].value = "frame"
    assert choice.value == 4
    choice["number"].value = 2
    choice["kind"].value = "first"
    assert said == [4, 2, "first"]


def test_a_shorter_movie_takes_its_last_frame(choice):
    choice.value = 5
    choice.limit(3)
    assert choice.value == 2


def test_a_long_text_does_not_ask_for_width(qapp):
    label = WrappedLabel(value="word " * 100)
    assert label.native.wordWrap()
    assert label.native.minimumSizeHint().width() < 200


def test_all_lines_of_a_text_are_seen_whatever_else_wants_room(qapp, qtbot):
    label, others = WrappedLabel(), [QListWidget() for _ in range(2)]
    box = QWidget()
    qtbot.addWidget(box)
    layout = QVBoxLayout(box)
    for widget in (others[0], label.native, others[1]):
        layout.addWidget(widget)
    box.resize(200, 260)
    box.show()
    label.value = "word " * 40
    qtbot.wait(50)
    assert label.native.height() >= label.native.heightForWidth(label.native.width())
    box.resize(140, 260)
    qtbot.wait(50)
    assert label.native.height() >= label.native.heightForWidth(label.native.width())
    label.value = "word"
    qtbot.wait(50)
    assert label.native.minimumHeight() < 40


def test_what_lies_below_a_steady_text_stays_where_it_is(qapp, qtbot):
    box = QWidget()
    qtbot.addWidget(box)
    layout = QVBoxLayout(box)
    label, below = WrappedLabel(steady=True), QListWidget()
    for widget in (label.native, below):
        layout.addWidget(widget)
    box.resize(200, 300)
    box.show()
    label.value = "word " * 40
    qtbot.wait(50)
    at = below.y()
    label.value = "word"
    qtbot.wait(50)
    assert below.y() == at
    label.value = ""
    qtbot.wait(50)
    assert below.y() < at
