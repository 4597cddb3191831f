#!/usr/bin/env python3
"""Makes the series of this folder from those in statsmodels' wheel (PyPI), all of them in the public domain.

  pip download --no-deps -d wheel statsmodels && python3 data/series/make.py wheel/statsmodels-*.whl

sunspots.csv  yearly sunspot numbers 1700-2008 (National Geophysical Data Center)
el-nino.csv   monthly sea surface temperature of the eastern Pacific 1950-2010, degrees Celsius (NOAA)
co2.csv       weekly carbon dioxide at Mauna Loa 1958-2001, ppm (Keeling and Whorf); missing weeks are empty
nile.csv      yearly volume of the Nile at Aswan 1871-1970, 10^8 m^3
"""
import csv
import datetime
import io
import pathlib
import sys
import zipfile

here = pathlib.Path(__file__).resolve().parent
wheel = zipfile.ZipFile(sys.argv[1])


def rows(name):
    text = wheel.read(f"statsmodels/datasets/{name}/{name}.csv").decode()
    return list(csv.reader(io.StringIO(text)))[1:]


def write(name, column, pairs):
    with open(here / f"{name}.csv", "w") as file:
        print(f"time,{column}", file=file)
        for time, value in pairs:
            print(f"{time},{value}", file=file)


write("sunspots", "sunspots", rows("sunspots"))
write("nile", "volume", rows("nile"))
write(
    "el-nino", "temperature",
    [(f"{int(year) + month / 12:.4f}", value) for year, *values in rows("elnino") for month, value in enumerate(values)])
write("co2", "co2", [(datetime.date(int(d[:4]), int(d[4:6]), int(d[6:])).isoformat() + "T00:00:00Z", value) for d, value in rows("co2")])
