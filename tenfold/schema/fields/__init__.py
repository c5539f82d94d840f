"""Field types: how each one's values are cast, checked, changed and kept."""

from tenfold.schema.fields.autodate import AutodateField
from tenfold.schema.fields.bool import BoolField
from tenfold.schema.fields.contract import Field, InputField, Storage, Value
from tenfold.schema.fields.date import DateField
from tenfold.schema.fields.editor import EditorField
from tenfold.schema.fields.email import EmailField
from tenfold.schema.fields.file import FileField, NewFile
from tenfold.schema.fields.geo_point import GeoPointField
from tenfold.schema.fields.json import JSONField
from tenfold.schema.fields.number import NumberField
from tenfold.schema.fields.password import PasswordField, PlainPassword
from tenfold.schema.fields.registry import FIELD_TYPES, AnyField
from tenfold.schema.fields.relation import MISSING_RECORDS, RelationField
from tenfold.schema.fields.select import SelectField
from tenfold.schema.fields.text import TextField
from tenfold.schema.fields.url import URLField
from tenfold.schema.values.modifiers import APPEND, AUTOGENERATE, PREPEND, REMOVE

__all__ = [
    "APPEND",
    "AUTOGENERATE",
    "FIELD_TYPES",
    "MISSING_RECORDS",
    "PREPEND",
    "REMOVE",
    "AnyField",
    "AutodateField",
    "BoolField",
    "DateField",
    "EditorField",
    "EmailField",
    "Field",
    "FileField",
    "GeoPointField",
    "InputField",
    "JSONField",
    "NewFile",
    "NumberField",
    "PasswordField",
    "PlainPassword",
    "RelationField",
    "SelectField",
    "Storage",
    "TextField",
    "URLField",
    "Value",
]
