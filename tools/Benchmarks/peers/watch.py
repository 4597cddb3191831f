#!/usr/bin/env python3
"""Watches a series with river: forecasts at every row, an anomaly threshold and three tests for change on the residual.

Usage: watch.py SERIES SEASON, from the package's root; one JSON list of {name, rmse, rate}, the errors 1, 3 and 12 rows
ahead. Rows are learnt one by one; forecasts count from row 60 on; a missing value is left out.
"""

import csv
import json
import math
import sys
import time

from river import compose, drift, linear_model, optim, preprocessing, stats, time_series

LEADS = (1, 3, 12)
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
    squares, counts = {lead: 0.0 for lead in LEADS}, {lead: 0 for lead in LEADS}
    waiting = {}
    begin = time.perf_counter()
    for row, y in enumerate(values):
        if row >= 24:
            try:
                forecasts = model.forecast(horizon=12)
            except IndexError:  # Holt-Winters before its seasons are full
                forecasts = [math.nan] * 12
            if row >= 60:
                for lead in LEADS:
                    waiting[row + lead - 1, lead] = forecasts[lead - 1]
            for lead in LEADS:
                late = y - waiting.pop((row, lead), math.nan)
                if math.isfinite(late):
                    squares[lead], counts[lead] = squares[lead] + late * late, counts[lead] + 1
            error = y - forecasts[0]
            if math.isfinite(error):
                for test in tests:
                    test.update(abs(error))
                quantile.update(abs(error))
        model.learn_one(y)
    rate = len(values) / (time.perf_counter() - begin)
    return [math.sqrt(squares[lead] / counts[lead]) for lead in LEADS], rate


result = []
for name, make in [
    ("regression on 12 lags", Lags),
    ("SNARIMAX(12, 1, 0)", lambda: time_series.SNARIMAX(p=12, d=1, q=0, m=season, sp=1)),
    ("Holt-Winters", lambda: time_series.HoltWinters(alpha=0.3, beta=0.1, gamma=0.3, seasonality=season)),
]:
    rmse, rate = watched(make)
    result.append({"name": name, "rmse": rmse, "rate": rate})
print(json.dumps(result))
