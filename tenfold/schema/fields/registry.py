"""Every field type: one line each, and nothing else to change for a new one."""

from __future__ import annotations

from tenfold.schema.fields.autodate import AutodateField
from tenfold.schema.fields.bool import BoolField
from tenfold.schema.fields.contract import Field
from tenfold.schema.fields.date import DateField
from tenfold.schema.fields.editor import EditorField
from tenfold.schema.fields.email import EmailField
from tenfold.schema.fields.file import FileField
from tenfold.schema.fields.geo_point import GeoPointField
from tenfold.schema.fields.json import JSONField
from tenfold.schema.fields.number import NumberField
from tenfold.schema.fields.password import PasswordField
from tenfold.schema.fields.relation import RelationField
from tenfold.schema.fields.select import SelectField
from tenfold.schema.fields.text import TextField
from tenfold.schema.fields.url import URLField

AnyField = (
    TextField
    | EditorField
    | NumberField
    | BoolField
    | EmailField
    | URLField
    | DateField
    | AutodateField
    | SelectField
    | FileField
    | RelationField
    | JSONField
    | PasswordField
    | GeoPointField
)
"""For msgspec: decodes a field's JSON by its "type"."""

FIELD_TYPES: dict[str, type[Field]] = {
    str(kind.__struct_config__.tag): kind for kind in AnyField.__args__
}
"""Wire name of the type -> class."""
