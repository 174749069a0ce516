"""Rows that cannot be dealt, test rows beside the source, contracts that are broken."""

import numpy as np
from data_cases import CLASS, GOOD, NPZ, arrays, case, csv

DAYS = [f"2024-01-{day:02},{day},{day % 3}" for day in range(1, 13)]
SERIES = {
    "inputs": "{x: {series: x, length: 3}}",
    "targets": "{y: {series: x, horizon: 2}}",
    "split": "{time: t, validation: 0.2, test: 0.3}",
}


def days(*rows, header="t,x,g"):
    return csv(*rows, header=header)


PARTS = [
    case("too few rows for the parts", csv("1,1"), split="{test: 0.5}"),
    case("equal rows in one part", csv("1,1", "1,2", "1,3"), split="{test: 0.5}"),
    case("no test rows of its own", GOOD, split="{test: given}"),
    case(
        "a stratum of one row",
        csv("1,0", "2,0", "3,0", "4,1"),
        targets=CLASS,
        split="{test: 0.5, stratify: y}",
    ),
    case(
        "a stratum of one row twice",
        csv("1,0", "2,0", "3,0", "4,1", "4,1"),
        targets=CLASS,
        split="{test: 0.5, stratify: y}",
    ),
    case(
        "groups that are missing",
        csv("1,1,a", "2,2,", "3,3,b", "4,4,", header="x,y,g"),
        split="{test: 0.5, group: g}",
    ),
    case(
        "a group for all rows", csv("1,1,a", "2,2,a", header="x,y,g"), split="{test: 0.5, group: g}"
    ),
    case("a column that names no part", GOOD, split="{column: y, test: [9]}"),
    case("a row of two parts", GOOD, split="{column: y, test: [1, 2], validation: [2]}"),
    case("all rows are test rows", csv("1,1", "2,1"), split="{column: y, test: [1]}"),
    case("times that are none", csv("1,1", "2,w", "3,3"), split="{time: y, test: 0.5}"),
    case(
        "a time that is missing",
        csv("1,2024-01-01", "2,", "3,2024-01-02"),
        targets="{y: {number: x}}",
        split="{time: y, test: 0.5}",
    ),
    case(
        "times with an offset and without",
        csv("1,2024-01-01T00:00+01:00", "2,2024-01-02T00:00", "3,2024-01-03T00:00+01:00"),
        targets="{y: {number: x}}",
        split="{time: y, test: 0.5}",
    ),
    case("series that are dealt at random", days(*DAYS), **SERIES | {"split": "{test: 0.5}"}),
    case("series that are too short", days(*DAYS[:6]), **SERIES),
    case(
        "series between gaps",
        days(*DAYS[:4], *DAYS[6:8], *DAYS[10:]),
        **SERIES,
    ),
    case("two rows of one moment", days(*DAYS, DAYS[3]), **SERIES),
    case("rows of one moment", days(*DAYS, DAYS[3], DAYS[3], DAYS[7]), **SERIES),
    case(
        "no usual step",
        days(*(f"{2**i},{i},1" for i in range(9))),
        **SERIES,
    ),
    case(
        "a series that is missing",
        days(*DAYS, "2024-02-01,1,", "2024-02-02,1,"),
        **SERIES | {"inputs": "{x: {series: x, length: 3, group: g}}"},
    ),
    case(
        "a series that begins with a gap",
        days("2024-01-01,,1", *DAYS[1:]),
        **SERIES
        | {"inputs": "{x: {series: x, length: 2, missing: previous}}"}
        | {"targets": "{y: {series: g, horizon: 1}}"},
    ),
    case(
        "a value to forecast that is missing",
        days(*DAYS[:5], "2024-01-06,,1", *DAYS[6:]),
        **SERIES | {"inputs": "{x: {series: g, length: 3}}"},
    ),
]

GIVEN = {"split": "{test: given}", "test": "{csv: b.csv}"}


def given(*rows, header="x,y"):
    return GOOD | {"b.csv": "\n".join([header, *rows]) + "\n"}


AGREED = [
    case("test rows that are nowhere", GOOD, **GIVEN),
    case("test rows of other columns", given("1,2", header="x,z"), **GIVEN),
    case("test rows of columns far off", given("1,2", header="long,other"), **GIVEN),
    case("test rows of words", given("1,2", "w,3"), **GIVEN),
    case("test rows without a value", given(",2", "1,3"), **GIVEN),
    case(
        "test rows of its own, and named",
        {"b.csv": "x,y\n1,2\n"} | arrays(x_train=np.arange(3), x_test=np.arange(3)),
        source=NPZ,
        inputs="{x: {number: x}}",
        **GIVEN,
    ),
    case(
        "test rows of another shape",
        arrays(x=np.zeros((3, 2)), y=np.arange(3))
        | arrays("b.npz", x=np.zeros((3, 4)), y=np.arange(3)),
        source=NPZ,
        inputs="{x: {vector: x, length: 2}}",
        split="{test: given}",
        test="{npz: b.npz}",
    ),
    case(
        "rows that break the contract", csv("1,1", "9,2", "8,3"), expect="{x: {in_range: [0, 5]}}"
    ),
    case(
        "rows that break much of the contract",
        csv("1,a", "9,b", "9,"),
        targets="{z: {number: x}}",
        expect="{x: {in_range: [0, 5], unique: true}, y: {isin: [a], nullable: false}}",
    ),
    case(
        "no regular expression",
        csv("1,a", "2,b"),
        targets="{z: {number: x}}",
        expect='{y: {str_matches: "("}}',
    ),
    case("a contract on a column that is not there", GOOD, expect="{z: {nullable: false}}"),
    case(
        "values of other types",
        csv("1,a", "2.5,b"),
        targets="{z: {number: x}}",
        expect="{x: {dtype: integer}, y: {dtype: number, str_matches: c}}",
    ),
]
