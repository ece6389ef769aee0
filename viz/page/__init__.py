"""The interactive page: two arms of one world side by side, on the map and in figures.

``serve`` starts a local server; each browser tab gets a pair of runs of its own, which ends with
the tab. Nothing is fetched from anywhere else: the page works without the internet.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import warnings

# Solara reads its settings while it is imported. Nothing is reported to anybody, and a tab that
# disappears without a word is given up after two minutes, its models with it.
for _name, _value in {
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "ruralflow",
    "SOLARA_THEME_SHOW_BANNER": "False",
}.items():
    os.environ.setdefault(_name, _value)

import solara  # noqa: E402, F401 - with these settings, before any other module imports it

from model.errors import InputError  # noqa: E402
from model.scenario import load_scenario  # noqa: E402
from model.worlds import keep_worlds  # noqa: E402

HOST = "127.0.0.1"
#: The scenario with which a new tab begins.
first = {"scenario": "shaoyang"}


def serve(port: int = 8765, scenario: str = "shaoyang", host: str = HOST) -> None:
    """Serve the page until interrupted (Ctrl-C), beginning with ``scenario``: a name or TOML file.

    Raises InputError where the port is taken or the scenario is not valid.
    """
    load_scenario(scenario)
    keep_worlds(2)  # both arms, and the next tab, begin in the same world
    _check_port(host, port)
    first["scenario"] = scenario
    os.environ["SOLARA_APP"] = "viz.page.app"
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


__all__ = ["HOST", "serve"]
