"""The least that a Flask service can be: what /version is measured against."""

from flask import Flask

app = Flask(__name__)


@app.get("/version")
def version() -> dict[str, str]:
    return {"name": "bare", "version": "1"}
