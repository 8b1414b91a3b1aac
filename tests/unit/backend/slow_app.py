"""The backend with one more endpoint, which takes its time: /slow?seconds=N."""

import time

from flask import Flask, request

import backend


def create_app() -> Flask:
    app = backend.create_app()

    @app.get("/slow")
    def slow() -> str:
        time.sleep(float(request.args["seconds"]))
        return "done"

    return app
