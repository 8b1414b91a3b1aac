"""What both services run on: gunicorn worker and settings, logs, health checks, HTTP responses, metrics, environment.

It knows nothing of either service. Their images carry it beside their own package.
"""
