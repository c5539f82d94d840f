"""Filters, rules and sorts: text -> checked expression. Knows no SQL."""

from tenfold.filters.check import NO_SORT as NO_SORT
from tenfold.filters.check import Checked as Checked
from tenfold.filters.check import CheckedSort as CheckedSort
from tenfold.filters.check import check as check
from tenfold.filters.check import check_sort as check_sort
from tenfold.filters.check import reserved as reserved
from tenfold.filters.errors import FilterError as FilterError
from tenfold.filters.parse import parse as parse
from tenfold.filters.predicate import Predicate as Predicate
from tenfold.filters.sorting import parse_sort as parse_sort
