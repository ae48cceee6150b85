"""Which requests of optuna-dashboard's pages may change something."""

from typing import Any

import pytest
from werkzeug.test import Client

REFUSED = [
    ("POST", "/api/studies", "/control"),
    ("POST", "/api/studies/1/rename", "/control"),
    ("DELETE", "/api/studies/1", "smart-tuner delete"),
    ("DELETE", "/api/studies/1/", "smart-tuner delete"),
    ("POST", "/api/studies/1/preference", "/control"),
    ("PUT", "/api/studies/1/preference_feedback_component", "/control"),
    ("POST", "/api/trials/3/tell", "/control"),
    ("POST", "/api/studies/1/1/skip", "/control"),
    ("POST", "/api/artifacts/1", "/control"),
    ("POST", "/api/artifacts/1/1", "/control"),
    ("DELETE", "/api/artifacts/1/1/abcd", "/control"),
    ("POST", "/incompatible-rdb-schema", "/control"),
    ("PUT", "/api/studies/1/note/../../..", "/control"),
]


@pytest.mark.parametrize(("method", "path", "remedy"), REFUSED)
def test_studies_are_not_changed_behind_the_controllers_back(
    site: Client, same_site: dict[str, str], method: str, path: str, remedy: str
) -> None:
    answer = site.open(path, method=method, json={}, headers=same_site)
    assert answer.status_code == 403
    assert remedy in answer.json["reason"]
    assert site.get("/api/studies").json["study_summaries"]


def test_every_route_that_writes_is_refused_or_known(make_site: Any) -> None:
    _, applications = make_site()
    writes = {
        (route.method, route.rule)
        for route in applications.optuna.routes
        if route.method not in ("GET", "HEAD") and "/llm/" not in route.rule
    }
    assert {rule for method, rule in writes if method == "PUT"} == {
        "/api/studies/<study_id:int>/note",
        "/api/studies/<study_id:int>/<trial_id:int>/note",
        "/api/studies/<study_id:int>/preference_feedback_component",
    }


def test_a_running_trial_may_be_given_attributes(
    site: Client, same_site: dict[str, str], study: str
) -> None:
    def give(trial_id: int) -> Any:
        attributes = {"user_attrs": {"heard by": "anna"}}
        path = f"/api/trials/{trial_id}/user-attrs"
        return site.post(path, json=attributes, headers=same_site)

    assert give(3).status_code == 204
    refused = give(1)
    assert refused.status_code == 409
    assert "has ended" in refused.json["reason"]


def test_its_pages_lead_to_ours(site: Client) -> None:
    page = site.get("/dashboard/studies/1")
    assert '<a href="/control">' in page.text
    assert page.text.count("</body>") == 1
    assert int(page.headers["Content-Length"]) == len(page.data)
    assert site.get("/dashboard", headers={"Range": "bytes=0-5"}).status_code == 200
    assert site.head("/dashboard").status_code == 200
    assert site.get("/").location.endswith("/dashboard")
