"""The pages of the Evaluate tab, in this order. A new one is a class in a file of its own, and a line here."""

from __future__ import annotations

from .classes_page import ClassesPage
from .compare_page import ComparePage
from .doctor_page import DoctorPage
from .map_page import MapPage
from .nearest_page import NearestPage
from .numbers import NumbersPage
from .over_time import OverTimePage
from .page import Page
from .smoothness_page import SmoothnessPage
from .spectrum_page import SpectrumPage

PAGES: tuple[type[Page], ...] = (
    NumbersPage,
    OverTimePage,
    ClassesPage,
    NearestPage,
    MapPage,
    SpectrumPage,
    SmoothnessPage,
    DoctorPage,
    ComparePage,
)
