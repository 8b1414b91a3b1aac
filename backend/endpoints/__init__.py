"""Every endpoint, one module a family; they find the application's parts by `backend.context`.

To add an endpoint:

1. In the family's module write a view function that returns a Flask response.
2. Put `@routes.serves(method, path, summary, answer type, …)` on it: its route and OpenAPI description.
3. A parameter in the path has its type in the module's `Endpoints(…)`.
4. A new module is named in `backend.app.BLUEPRINTS`.
"""
