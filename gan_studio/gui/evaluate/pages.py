"""The pages of the Evaluate tab, in this order. A new one is a class in a file of its own, and a line here."""

from __future__ import annotations

from .compare_page import ComparePage
from .doctor_page import DoctorPage
from .numbers import NumbersPage
from .over_time import OverTimePage
from .page import Page

PAGES: tuple[type[Page], ...] = (
    NumbersPage,
    OverTimePage,
    DoctorPage,
    ComparePage,
)
