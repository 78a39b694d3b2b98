import pytest

from scrubber.stream.settings import Route


@pytest.mark.parametrize(
    ("route", "topic", "own"),
    [
        (Route("named", ("app",)), "app.quarantine", True),
        (Route("named", ("app",)), "other.quarantine", False),
        (Route("open", pattern=r"app\..*"), "app.eu.quarantine", True),
        (Route("open", pattern=r"app\..*"), "web.eu.quarantine", False),
        (Route("fixed", ("app",), quarantine="sealed"), "sealed", True),
        (Route("fixed", ("app",), quarantine="sealed"), "app.quarantine", False),
        (Route("twice", ("a", "b"), quarantine="{topic}-{topic}"), "a-a", True),
        (Route("twice", ("a", "b"), quarantine="{topic}-{topic}"), "a-b", False),
    ],
)
def test_a_route_knows_the_outputs_of_its_own_inputs_from_those_of_others(route, topic, own):
    assert route.writes(route.quarantine, topic) is own
