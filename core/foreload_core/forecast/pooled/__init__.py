"""The pooled forecaster of hours and days: weights over simple forecasts, learned across many environments.

Nothing here is imported before the first forecast that needs it: numpy costs a daemon its first answer.
"""
