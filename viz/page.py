"""The interactive page: one run on the map of its region, with its figures and series.

``serve`` starts a local server; each browser tab gets a run of its own, which ends with the tab.
Nothing is fetched from anywhere else: the page works without the internet.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import warnings
from pathlib import Path
from typing import Any, cast

# Solara reads its settings while it is imported. Nothing is reported to anybody, and a tab that
# disappears without a word is given up after two minutes, its model with it.
for _name, _value in {
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "ruralflow",
    "SOLARA_THEME_SHOW_BANNER": "False",
}.items():
    os.environ.setdefault(_name, _value)

import solara  # noqa: E402

from model.calendar import month_name  # noqa: E402
from model.errors import InputError  # noqa: E402
from model.scenario import load_scenario, scenario_names  # noqa: E402
from viz import session as run  # noqa: E402
from viz.charts import charts, headlines  # noqa: E402
from viz.map_widget import GridMap, Screen  # noqa: E402
from viz.session import Session, county_outlines  # noqa: E402

HOST = "127.0.0.1"
#: Words for the speed -> months a second; 0 is as fast as it can.
PACES = {"as fast as it can": 0.0, "12 months a second": 12.0, "4 a second": 4.0, "1 a second": 1.0}
_MOST_SEED = 2**63 - 1
_first = {"scenario": "shaoyang"}

_CSS = """
html,body{background:#f6f7f8!important;overflow-y:auto!important}
.v-application{font-family:system-ui,"DejaVu Sans",sans-serif!important}
.rf{display:flex;flex-direction:column;gap:8px;height:100vh;min-height:640px;min-width:1100px;
  padding:8px 12px;box-sizing:border-box;background:#f6f7f8;color:#222}
.rf-top{display:flex;align-items:center;gap:10px}
.rf-top .rf-name{font-size:19px;font-weight:700;letter-spacing:-.3px;margin-right:6px}
.rf-top .v-input{flex:0 0 auto;font-size:13px}
.rf-top .v-btn{text-transform:none;letter-spacing:0}
.rf-time{flex:1 1 auto;min-width:190px}
.rf-when{display:flex;justify-content:space-between;align-items:baseline;font-size:12px;color:#555}
.rf-when b{font-size:18px;color:#222;font-variant-numeric:tabular-nums}
.rf-track{height:6px;border-radius:3px;background:#dfe3e6;overflow:hidden;margin-top:2px}
.rf-track i{display:block;height:100%;background:#0b4a6f}
.rf-cards{display:grid;grid-template-columns:repeat(5,1fr);gap:8px}
.rf-card{background:#fff;border:1px solid #e2e5e8;border-radius:6px;padding:5px 12px 6px}
.rf-card div{display:flex;justify-content:space-between;font-size:12px;color:#555}
.rf-card em{font-style:normal;color:#333}
.rf-card b{font-size:22px;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.rf-card b small{font-size:12px;font-weight:400;color:#555;margin-left:5px}
.rf-main{flex:1 1 auto;min-height:0;display:grid;gap:8px;
  grid-template-columns:minmax(0,1.12fr) minmax(0,1fr)}
.rf-panel{background:#fff;border:1px solid #e2e5e8;border-radius:6px;padding:8px 10px;
  min-height:0;min-width:0;position:relative}
.rf-mapbox{height:100%}.rf-mapbox>*{height:100%}
.rf-charts{display:grid;grid-template:repeat(2,minmax(0,1fr))/repeat(2,minmax(0,1fr));gap:8px;
  min-height:0}
.rf-charts .rf-panel{padding:6px 4px 2px 6px;display:grid;
  grid-template:auto minmax(0,1fr)/minmax(0,1fr) 92px}
.rf-head{grid-column:1/3;font-size:13px;font-weight:650;padding-left:4px}
.rf-head small{font-weight:400;font-size:11.5px;color:#666;margin-left:7px}
.rf-plot{min-width:0;min-height:0}.rf-plot>*,.rf-plot .solara-echarts{height:100%!important}
.rf-key{align-self:center;font-size:11.5px;line-height:1.25}
.rf-key div{border-left:9px solid;padding:0 0 0 5px;margin:5px 0}
.rf-key b{display:block;font-weight:600;font-variant-numeric:tabular-nums;min-height:1.25em}
.rf-wait{position:absolute;inset:40% 12% auto;text-align:center;background:#fff;border:1px solid
  #c9ced3;border-radius:8px;padding:16px 20px;font-size:14px;z-index:5;box-shadow:0 4px 18px #0002}
.rf-wait p{margin:4px 0 0;color:#666;font-size:12.5px}
.rf-wait.bad{border-color:#b3261e;color:#b3261e}
.rf-foot{font-size:11.5px;color:#666;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
"""


def serve(port: int = 8765, scenario: str = "shaoyang", host: str = HOST) -> None:
    """Serve the page until interrupted (Ctrl-C), beginning with ``scenario``: a name or TOML file.

    Raises InputError where the port is taken or the scenario is not valid.
    """
    load_scenario(scenario)
    _check_port(host, port)
    _first["scenario"] = scenario
    os.environ["SOLARA_APP"] = "viz.page"
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="page: %(message)s")
    logging.getLogger("ruralflow.page").setLevel(logging.INFO)
    # the cookie that the warning is about keeps nobody's data: it tells one browser from another
    warnings.filterwarnings("ignore", message="Cookies with samesite=none")
    import uvicorn
    from solara.server.starlette import app

    print(f"ruralflow page: http://{host}:{port}/ (Ctrl-C ends it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(app, host=host, port=port, log_level="error")


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise InputError("page", "--port", port, f"a free port ({reason})") from None


def _tag(name: str, *children: Any, **options: Any) -> Any:
    return solara.v.Html(tag=name, children=list(children), **options)


@solara.component
def Layout(children: list[Any]) -> Any:
    """Show the page and nothing around it."""
    return _tag("div", *children)


@solara.component
def Page() -> None:
    """Show one run: controls, figures, map, series."""
    name = solara.use_reactive(_first["scenario"])
    seed = solara.use_reactive(1)
    pace = solara.use_reactive(next(iter(PACES)))
    begun = solara.use_reactive(0)  # runs begun, so that Reset begins another
    notices = solara.use_reactive(0)
    current: solara.Reactive[Session | None] = solara.use_reactive(None)
    screen = solara.use_ref(cast("Screen | None", None))
    session = current.value
    assert notices.value >= 0  # reading it is what makes a notice draw the page again
    solara.Style(_CSS)
    with _tag("div", class_="rf"):
        _controls(session, name, seed, pace, begun)
        _cards(session)
        with _tag("div", class_="rf-main"):
            with _tag("div", class_="rf-panel"):
                with _tag("div", class_="rf-mapbox"):
                    world = GridMap.element()
                _notice(session)
            _series(session)
        _footnote(session)

    def attach() -> None:
        screen.current = Screen(solara.get_widget(world))

    def begin() -> Any:
        assert screen.current is not None
        created = _new_session(name.value, seed.value, screen.current, notices)
        created.pace = PACES[pace.value]
        current.set(created)
        created.start()
        return created.close

    solara.use_effect(attach, [])  # the map stays the same when the run begins anew
    solara.use_effect(begin, [name.value, seed.value, begun.value])


def _new_session(name: str, seed: int, screen: Screen, notices: Any) -> Session:
    scenario = load_scenario(name)

    def opened(model: Any, places: Any) -> None:
        region = model.region
        seats = [
            {"name": s.name, "x": int(s.col), "y": int(s.row), "prefecture": bool(s.prefecture)}
            for s in region.seats.sort_values("prefecture", ascending=False).itertuples()
        ]
        counties = region.counties["name_en"].tolist()
        borders = county_outlines(model, scenario)
        screen.open(places.owner, region.county, places.minutes, borders, seats, counties)

    return Session(
        scenario,
        seed,
        show=lambda values, month: screen.show(values, month_name(max(month, 0))),
        notice=lambda: notices.set(notices.peek() + 1),
        on_built=opened,
    )


def _controls(session: Session | None, name: Any, seed: Any, pace: Any, begun: Any) -> None:
    built = session is not None and session.state not in (run.BUILDING, run.FAILED, run.CLOSED)
    running = session is not None and session.running
    over = session is not None and session.state == run.DONE
    names = [
        {"text": Path(name).stem, "value": name}
        for name in dict.fromkeys((*scenario_names(), _first["scenario"]))
    ]
    small: dict[str, Any] = {"dense": True, "outlined": True, "hide_details": True}

    def choose_pace(value: str) -> None:
        pace.set(value)
        if session is not None:
            session.pace = PACES[value]

    def toggle() -> None:
        if session is not None:
            session.pause() if running else session.run()

    with _tag("div", class_="rf-top"):
        _tag("div", "ruralflow", class_="rf-name")
        solara.v.Select(
            label="Scenario",
            items=names,
            v_model=name.value,
            on_v_model=name.set,
            **small,
            style_="width:150px",
        )
        _SeedField(seed)
        solara.v.Select(
            label="Speed",
            items=list(PACES),
            v_model=pace.value,
            on_v_model=choose_pace,
            **small,
            style_="width:185px",
        )
        label, icon = ("Pause", "mdi-pause") if running else ("Run", "mdi-play")
        solara.Button(
            label,
            icon_name=icon,
            on_click=toggle,
            color="primary",
            disabled=not built or over,
            classes=["rf-run"],
        )
        solara.Button(
            "Step",
            icon_name="mdi-skip-next",
            outlined=True,
            classes=["rf-step"],
            on_click=session.step if session else None,
            disabled=not built or running or over,
        )
        solara.Button(
            "Reset",
            icon_name="mdi-restart",
            outlined=True,
            classes=["rf-reset"],
            on_click=lambda: begun.set(begun.value + 1),
            disabled=session is None,
        )
        _clock(session)


@solara.component
def _SeedField(seed: Any) -> Any:
    """A whole number, taken on Enter or on leaving the field; all else is refused beside it."""
    text, set_text = solara.use_state(str(seed.value))
    wrong, set_wrong = solara.use_state("")

    def take(*_: Any) -> None:
        word = str(text).strip()
        good = word.isascii() and word.isdecimal() and int(word) <= _MOST_SEED
        set_wrong("" if good else "a whole number from 0")
        if good:
            seed.set(int(word))

    field = solara.v.TextField(
        label=wrong or "Seed",
        error=bool(wrong),
        v_model=text,
        on_v_model=set_text,
        dense=True,
        outlined=True,
        hide_details=True,
        class_="rf-seed",
        style_="width:110px" if not wrong else "width:190px",
    )
    solara.v.use_event(field, "blur", take)
    solara.v.use_event(field, "keyup.enter", take)
    return field


def _clock(session: Session | None) -> None:
    done = session.month + 1 if session else 0
    total = session.months if session else 1
    state = session.state if session else run.BUILDING
    words = {run.DONE: "finished", run.READY: "paused" if done else "ready"}.get(state, state)
    if session is not None and state == run.RUNNING and not session.running:
        words = "finishing the month"
    with _tag("div", class_="rf-time"):
        with _tag("div", class_="rf-when"):
            _tag("b", session.month_name if session else "", class_="rf-month")
            _tag("span", f"{words} · {done} of {total} months", class_="rf-state")
        with _tag("div", class_="rf-track"):
            _tag("i", style_=f"width:{100 * done / total:.1f}%")


def _cards(session: Session | None) -> None:
    with _tag("div", class_="rf-cards"):
        for item in headlines(session) if session else []:
            with _tag("div", class_="rf-card", attributes={"title": item.meaning}):
                _tag("div", _tag("span", item.name), _tag("em", item.change))
                _tag("b", item.value, _tag("small", item.unit))


def _notice(session: Session | None) -> None:
    """Say over the map why there is nothing to see yet, or what went wrong."""
    if session is None or session.state == run.BUILDING:
        with _tag("div", class_="rf-wait"):
            _tag("b", "Making the world of January 2003 …")
            _tag(
                "p",
                "This takes a few seconds. The first start on a machine also compiles the rules: "
                "allow a minute.",
            )
    elif session.state == run.RUNNING and session.month < 0:
        with _tag("div", class_="rf-wait"):
            _tag("b", "The first month …")
            _tag("p", "On the first start the rules are compiled, once per version.")
    elif session.state == run.FAILED:
        with _tag("div", class_="rf-wait bad"):
            _tag("b", "The run stopped: ")
            _tag("p", session.problem)


def _series(session: Session | None) -> None:
    with _tag("div", class_="rf-charts"):
        for chart in charts(session) if session else []:
            with _tag("div", class_="rf-panel"):
                _tag("div", chart.title, _tag("small", chart.unit), class_="rf-head")
                with _tag("div", class_="rf-plot"):
                    solara.FigureEcharts(
                        chart.option, responsive=True, attributes={"style": "height:100%"}
                    )
                with _tag("div", class_="rf-key"):
                    for word, colour, value in chart.legend:
                        _tag("div", word, _tag("b", value), style_=f"border-color:{colour}")


def _footnote(session: Session | None) -> None:
    text = ""
    if session is not None:
        s = session.scenario
        sample = (
            f"1 of {1 / s.sample:,.0f} households is simulated" if s.sample < 1 else "All simulated"
        )
        text = (
            f"{sample}: each cell is shown like the nearest sampled village of its county. "
            f"Money in yuan of 2010; 15 mu are a hectare. Scenario {s.name}: {s.sentence}"
        )
    _tag("div", text, class_="rf-foot")
