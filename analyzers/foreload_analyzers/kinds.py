"""The kinds of neutral expressions, and what each grammar calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# The kinds of neutral expressions (see expressions.py).
NAME = "name"
NUMBER = "number"
TEXT = "text"
CALL = "call"
MEMBER = "member"
INDEX = "index"
SLICE = "slice"
BINARY = "binary"
UNARY = "unary"
ITEMS = "items"
COMPREHENSION = "comprehension"
KEYWORD = "keyword"
SPREAD = "spread"
CHOICE = "choice"
OTHER = "other"

# Kinds of rows that are read as one of those above.
THROUGH = "through"  # what it holds, in the named field or first
PATH = "path"  # `a::b<T>`: a name, or a member of the path before
CHARACTER = "character"  # a number
CREATE = "create"  # `new T(...)`: a call of T
SHAPE = "shape"  # `new T[n][m]`: a call of `array` with its shape
RANGE = "range"  # `a..b`: a call of `range`
MACRO = "macro"  # `m!(...)`: a call with what stands in it

Rows = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NodeKinds:
    """What a grammar calls things, where a query cannot say it.

    Attributes:
        expressions: node kind -> (kind of expression, then the names of the fields that hold its parts, or a word that
            tells containers apart).
        containers: node kind -> field that holds what is inside, `*` for the node itself; their members are analysed
            and cached one by one.
        class_kinds: those containers that give their name to the functions inside.
        lengths: members and methods without arguments that give a length; they are read as a call of `len`.
        sized: types whose first argument is their number of elements; they are read as a call of `array`.
        indexed: types whose elements cost more than one step to reach by `[]`, which is read as a call of `[]` too.
        entries: names of functions that the program starts with.
        is_typed: variables have declared types.
        implicit_self: members of the object are named without it.
    """

    expressions: Rows
    containers: Mapping[str, str] = field(default_factory=dict[str, str])
    class_kinds: frozenset[str] = frozenset()
    lengths: frozenset[str] = frozenset()
    sized: frozenset[str] = frozenset()
    indexed: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()
    is_typed: bool = False
    implicit_self: bool = False


def _all(kind: str, names: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names.split(), (kind,))


PYTHON = NodeKinds(
    expressions={
        **_all(NAME, "identifier true false none"),
        **_all(NUMBER, "integer float"),
        **_all(TEXT, "string concatenated_string"),
        "call": (CALL, "function", "arguments"),
        "attribute": (MEMBER, "object", "attribute"),
        "subscript": (INDEX, "value"),
        "slice": (SLICE,),
        "binary_operator": (BINARY, "left", "operator", "right"),
        "boolean_operator": (BINARY, "left", "operator", "right"),
        "comparison_operator": (BINARY,),
        "unary_operator": (UNARY, "argument"),
        "not_operator": (UNARY, "argument"),
        "list": (ITEMS, "list"),
        "tuple": (ITEMS, "tuple"),
        "set": (ITEMS, "set"),
        "dictionary": (ITEMS, "dict"),
        "expression_list": (ITEMS, "tuple"),
        "pattern_list": (ITEMS, "tuple"),
        "tuple_pattern": (ITEMS, "tuple"),
        "list_pattern": (ITEMS, "list"),
        "list_comprehension": (COMPREHENSION, "list"),
        "set_comprehension": (COMPREHENSION, "set"),
        "dictionary_comprehension": (COMPREHENSION, "dict"),
        "generator_expression": (COMPREHENSION, "generator"),
        "keyword_argument": (KEYWORD, "name", "value"),
        "list_splat": (SPREAD,),
        "dictionary_splat": (SPREAD,),
        "conditional_expression": (CHOICE,),
        **_all(THROUGH, "parenthesized_expression await as_pattern_target type"),
    },
    containers={"class_definition": "body", "decorated_definition": "definition"},
    class_kinds=frozenset({"class_definition"}),
)

JAVA = NodeKinds(
    expressions={
        **_all(NAME, "identifier this super true false null_literal type_identifier"),
        **_all(NUMBER, "decimal_integer_literal hex_integer_literal octal_integer_literal binary_integer_literal"),
        **_all(NUMBER, "decimal_floating_point_literal hex_floating_point_literal"),
        **_all(TEXT, "string_literal text_block"),
        "character_literal": (CHARACTER,),
        "method_invocation": (CALL, "name", "arguments", "object"),
        "object_creation_expression": (CREATE, "type", "arguments"),
        "array_creation_expression": (SHAPE, "value"),
        "field_access": (MEMBER, "object", "field"),
        "array_access": (INDEX,),
        "binary_expression": (BINARY, "left", "operator", "right"),
        "unary_expression": (UNARY, "operand"),
        "ternary_expression": (CHOICE, "consequence", "condition", "alternative"),
        "array_initializer": (ITEMS, "list"),
        "assignment_expression": (THROUGH, "right"),
        "cast_expression": (THROUGH, "value"),
        **_all(THROUGH, "parenthesized_expression update_expression"),
    },
    containers={
        "class_declaration": "body",
        "interface_declaration": "body",
        "enum_declaration": "body",
        "record_declaration": "body",
        "enum_body_declarations": "*",
    },
    class_kinds=frozenset({"class_declaration", "interface_declaration", "enum_declaration", "record_declaration"}),
    lengths=frozenset({"length", "size"}),
    entries=frozenset({"main"}),
    is_typed=True,
    implicit_self=True,
)

_C_EXPRESSIONS: Rows = {
    **_all(NAME, "identifier field_identifier type_identifier namespace_identifier true false null"),
    "number_literal": (NUMBER,),
    **_all(TEXT, "string_literal concatenated_string raw_string_literal"),
    "char_literal": (CHARACTER,),
    "call_expression": (CALL, "function", "arguments"),
    "field_expression": (MEMBER, "argument", "field"),
    "subscript_expression": (INDEX,),
    "binary_expression": (BINARY, "left", "operator", "right"),
    "unary_expression": (UNARY, "argument"),
    "conditional_expression": (CHOICE, "consequence", "condition", "alternative"),
    "initializer_list": (ITEMS, "list"),
    "assignment_expression": (THROUGH, "right"),
    "cast_expression": (THROUGH, "value"),
    "compound_literal_expression": (THROUGH, "value"),
    "pointer_expression": (THROUGH, "argument"),
    "update_expression": (THROUGH, "argument"),
    "condition_clause": (THROUGH, "value"),
    "comma_expression": (ITEMS, "tuple"),
    **_all(THROUGH, "parenthesized_expression pointer_declarator reference_declarator array_declarator"),
}
_C_CONTAINERS = {
    "linkage_specification": "body",
    "declaration_list": "*",
    **dict.fromkeys(("preproc_ifdef", "preproc_if", "preproc_else", "preproc_elif"), "*"),
}

C = NodeKinds(
    expressions=_C_EXPRESSIONS,
    containers=_C_CONTAINERS,
    entries=frozenset({"main"}),
    is_typed=True,
)

CPP = NodeKinds(
    expressions={
        **_C_EXPRESSIONS,
        "this": (NAME,),
        **_all(PATH, "qualified_identifier template_function template_method template_type"),
        "subscript_argument_list": (THROUGH,),
        "new_expression": (CREATE, "type", "arguments"),
        "structured_binding_declarator": (ITEMS, "tuple"),
    },
    containers={
        **_C_CONTAINERS,
        "namespace_definition": "body",
        "class_specifier": "body",
        "struct_specifier": "body",
        "template_declaration": "*",
    },
    class_kinds=frozenset({"class_specifier", "struct_specifier"}),
    lengths=frozenset({"size", "length"}),
    sized=frozenset({"vector", "deque", "string", "valarray", "basic_string"}),
    indexed=frozenset({"map", "multimap"}),
    entries=frozenset({"main"}),
    is_typed=True,
    implicit_self=True,
)
