"""`anze workflow draw`, and the drawings of the guide: they are what the command prints."""
import pathlib
import re
import subprocess

import pytest
import yaml

PAGES = pathlib.Path(__file__).parents[2] / "sql" / "workflows"
GUIDE = PAGES / "README.md"
KINDS = sorted(page.stem for page in PAGES.glob("*.yaml"))


def draw(binary, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([binary, "workflow", *arguments], capture_output=True, text=True, timeout=30, env={"LC_ALL": "C"})


def page(kind: str) -> dict:
    return yaml.load((PAGES / f"{kind}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)


@pytest.mark.parametrize("kind", KINDS)
def test_the_guide_shows_what_the_command_prints(binary, kind):
    block = re.search(rf"^## .*`{kind}`\n+(?:[^`#].*\n+)*```mermaid\n(.*?)```$", GUIDE.read_text(encoding="utf-8"), re.S | re.M)
    assert block, f"sql/workflows/README.md has no drawing of {kind}"
    assert block[1] == draw(binary, "draw", kind).stdout, f"anze workflow draw {kind} prints another"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form, arrow", [("mermaid", "-->"), ("dot", "->")])
def test_every_way_state_and_clock_of_the_page_is_drawn(binary, kind, form, arrow):
    drawn, said = draw(binary, "draw", kind, "--format", form).stdout, page(kind)
    for state in said["states"]:
        assert state["title_zh"] in drawn and state["code"] in drawn
    for action in said["actions"]:
        assert action["title_zh"] in drawn, action["code"]
        for start in action["from_states"] if "to_state" in action else []:
            assert f"{start} {arrow} {action['to_state']}" in drawn, action["code"]
    started = {clock for action in said["actions"] for clock in action.get("starts", [])}
    for clock in said["clocks"]:
        assert clock["title_zh"] in drawn if "states" in clock else clock["code"] in drawn and clock["code"] in started


def test_going_back_is_drawn_to_every_state_that_the_case_may_have_come_from(binary):
    drawn = draw(binary, "draw", "hazard").stdout
    merge, = (a for a in page("hazard")["actions"] if a["code"] == "merge")
    assert all(f"merged --> {state}: 撤销合并" in drawn for state in merge["from_states"])


def test_a_wrong_kind_lists_them_all_and_wrong_words_show_the_usage(binary):
    wrong = draw(binary, "draw", "nothing")
    assert wrong.returncode == 1 and all(kind in wrong.stderr for kind in KINDS)
    for arguments in ((), ("draw",), ("paint", "hazard"), ("draw", "hazard", "--format", "oil"), ("draw", "hazard", "--size", "9")):
        refused = draw(binary, *arguments)
        assert refused.returncode == 2 and "usage: anze workflow draw" in refused.stderr and not refused.stdout
