#!/usr/bin/env python3
"""Watches a series with river: forecasts at every row, an anomaly threshold and three tests for change on the residual.

Usage: watch.py SERIES SEASON, from the package's root; one JSON list of {name, rmse, rate}. Rows are learnt one by one; the
error is that of one row ahead from row 60 on; a missing value is left out.
"""

import csv
import json
import math
import sys
import time

from river import compose, drift, linear_model, optim, preprocessing, stats, time_series

series, season = sys.argv[1], int(sys.argv[2])
with open(f"data/series/{series}.csv") as file:
    values = [float(row[1]) if row[1] else math.nan for row in list(csv.reader(file))[1:]]
values = [value for value in values if not math.isnan(value)]


class Lags:
    """Standardised linear regression on the last twelve values."""

    def __init__(self):
        self.model = preprocessing.TargetStandardScaler(
            compose.Pipeline(preprocessing.StandardScaler(), linear_model.LinearRegression(optimizer=optim.SGD(0.01))))
        self.past = []

    def x(self, past):
        return {k: value for k, value in enumerate(past[-12:])}

    def learn_one(self, y):
        if len(self.past) >= 12:
            self.model.learn_one(self.x(self.past), y)
        self.past = (self.past + [y])[-12:]

    def forecast(self, horizon):
        past = list(self.past)
        if len(past) < 12:
            return [past[-1] if past else 0.0] * horizon
        for _ in range(horizon):
            past.append(self.model.predict_one(self.x(past)))
        return past[-horizon:]


def watched(make):
    model = make()
    tests = [drift.ADWIN(), drift.PageHinkley(), drift.KSWIN(seed=1)]
    quantile = stats.RollingQuantile(0.99, 1000)
    squares, count = 0.0, 0
    begin = time.perf_counter()
    for row, y in enumerate(values):
        if row >= 24:
            error = y - model.forecast(horizon=12)[0]
            if math.isfinite(error):
                if row >= 60:
                    squares, count = squares + error * error, count + 1
                for test in tests:
                    test.update(abs(error))
                quantile.update(abs(error))
        model.learn_one(y)
    return math.sqrt(squares / count), len(values) / (time.perf_counter() - begin)


result = []
for name, make in [
    ("regression on 12 lags", Lags),
    ("SNARIMAX(12, 1, 0)", lambda: time_series.SNARIMAX(p=12, d=1, q=0, m=season, sp=1)),
    ("Holt-Winters", lambda: time_series.HoltWinters(alpha=0.3, beta=0.1, gamma=0.3, seasonality=season)),
]:
    rmse, rate = watched(make)
    result.append({"name": name, "rmse": rmse, "rate": rate})
print(json.dumps(result))
