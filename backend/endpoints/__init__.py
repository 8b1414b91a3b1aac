"""Endpoints about this service itself.

To add an endpoint, anywhere in `backend`:

1. In a module of endpoints write a view function, which finds the application's parts by `context()`.
2. Put `@routes.serves(Operation(method, path, summary, answer type, …))` on it: its route and OpenAPI description.
3. A parameter in the path has its type in the module's `Endpoints(…)`.
4. A new module of endpoints is named in `backend.app.FAMILIES`.
"""
