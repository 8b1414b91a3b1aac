import urllib.request


def test_the_page_answers(deployed_app):
    assert urllib.request.urlopen(deployed_app.page, timeout=5).status == 200


def test_the_backend_answers_by_its_name_inside_its_pod(deployed_app, vantage):
    assert "version" in vantage("k8-chatroulette-back").get("http://k8-chatroulette-back:3000/version")
