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
MACRO = "macro"  # `m!(...)`: a call, or what a macro for sequences makes
PART = "part"  # `a[i:j]` without a node of its own for the part: an index with a slice
LITERAL = "literal"  # `T{...}`: items, or a call of T
SEVERAL = "several"  # a list of expressions, which is one where it holds one
FIXED = "fixed"  # a number that does not grow, whatever it is

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
        entries: names of functions that the program starts with.
        pairwise: methods with one argument that choose between it and what they belong to.
        is_typed: variables have declared types.
        implicit_self: members of the object are named without it.
    """

    expressions: Rows
    containers: Mapping[str, str] = field(default_factory=dict[str, str])
    class_kinds: frozenset[str] = frozenset()
    lengths: frozenset[str] = frozenset()
    sized: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()
    pairwise: frozenset[str] = frozenset()
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
    "sizeof_expression": (FIXED, "8"),
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
    sized=frozenset({"malloc", "calloc", "alloca"}),
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
    sized=frozenset({"vector", "deque", "string", "valarray", "basic_string", "malloc", "calloc", "alloca"}),
    entries=frozenset({"main"}),
    is_typed=True,
    implicit_self=True,
)

_ECMASCRIPT: Rows = {
    **_all(NAME, "identifier property_identifier private_property_identifier this super true false null undefined"),
    **_all(NAME, "shorthand_property_identifier shorthand_property_identifier_pattern type_identifier"),
    "number": (NUMBER,),
    **_all(TEXT, "string template_string regex"),
    "call_expression": (CALL, "function", "arguments"),
    "new_expression": (CREATE, "constructor", "arguments"),
    "member_expression": (MEMBER, "object", "property"),
    "subscript_expression": (INDEX,),
    "binary_expression": (BINARY, "left", "operator", "right"),
    "unary_expression": (UNARY, "argument"),
    "ternary_expression": (CHOICE, "consequence", "condition", "alternative"),
    "array": (ITEMS, "list"),
    "object": (ITEMS, "dict"),
    **dict.fromkeys(("array_pattern", "object_pattern", "sequence_expression", "formal_parameters"), (ITEMS, "tuple")),
    **_all(SPREAD, "rest_pattern spread_element"),
    "assignment_expression": (THROUGH, "right"),
    "augmented_assignment_expression": (THROUGH, "right"),
    "update_expression": (THROUGH, "argument"),
    "assignment_pattern": (THROUGH, "left"),
    "required_parameter": (THROUGH, "pattern"),
    "optional_parameter": (THROUGH, "pattern"),
    **_all(THROUGH, "parenthesized_expression await_expression as_expression non_null_expression satisfies_expression"),
}
ECMASCRIPT = NodeKinds(
    expressions=_ECMASCRIPT,
    containers={
        "class_declaration": "body",
        "abstract_class_declaration": "body",
        "export_statement": "declaration",
        "internal_module": "body",
        "module": "body",
        "statement_block": "*",
    },
    class_kinds=frozenset({"class_declaration", "abstract_class_declaration"}),
    lengths=frozenset({"length", "size"}),
    sized=frozenset(
        {"Array", "Float64Array", "Float32Array", "Int32Array", "Uint8Array", "Uint32Array", "Uint8ClampedArray"}
    ),
)

GO = NodeKinds(
    expressions={
        **_all(NAME, "identifier field_identifier type_identifier package_identifier true false nil"),
        **_all(NUMBER, "int_literal float_literal"),
        **_all(TEXT, "interpreted_string_literal raw_string_literal"),
        "rune_literal": (CHARACTER,),
        "call_expression": (CALL, "function", "arguments"),
        "selector_expression": (MEMBER, "operand", "field"),
        "index_expression": (INDEX,),
        "slice_expression": (PART, "operand", "start", "end"),
        "binary_expression": (BINARY, "left", "operator", "right"),
        "unary_expression": (UNARY, "operand"),
        "composite_literal": (LITERAL, "type", "body"),
        "literal_value": (ITEMS, "list"),
        "expression_list": (SEVERAL, "tuple"),
        "type_conversion_expression": (THROUGH, "operand"),
        "type_assertion_expression": (THROUGH, "operand"),
        **_all(THROUGH, "parenthesized_expression literal_element"),
    },
    sized=frozenset({"make"}),
    entries=frozenset({"main"}),
    is_typed=True,
)

RUST = NodeKinds(
    expressions={
        **_all(NAME, "identifier field_identifier type_identifier self super crate boolean_literal"),
        **_all(NUMBER, "integer_literal float_literal"),
        **_all(TEXT, "string_literal raw_string_literal"),
        "char_literal": (CHARACTER,),
        "call_expression": (CALL, "function", "arguments"),
        "field_expression": (MEMBER, "value", "field"),
        **_all(PATH, "scoped_identifier scoped_type_identifier generic_type"),
        "index_expression": (INDEX,),
        "range_expression": (RANGE,),
        "macro_invocation": (MACRO, "macro"),
        "binary_expression": (BINARY, "left", "operator", "right"),
        "unary_expression": (UNARY,),
        "if_expression": (CHOICE, "consequence", "condition", "alternative"),
        "array_expression": (ITEMS, "list"),
        **dict.fromkeys(("tuple_expression", "tuple_pattern", "tuple_struct_pattern"), (ITEMS, "tuple")),
        "closure_parameters": (ITEMS, "tuple"),
        "struct_expression": (CREATE, "name", "body"),
        "generic_function": (THROUGH, "function"),
        "parameter": (THROUGH, "pattern"),
        "let_condition": (THROUGH, "value"),
        "assignment_expression": (THROUGH, "right"),
        "reference_expression": (THROUGH, "value"),
        "type_cast_expression": (THROUGH, "value"),
        **_all(THROUGH, "parenthesized_expression await_expression try_expression mut_pattern ref_pattern"),
        "reference_pattern": (THROUGH,),
    },
    containers={"impl_item": "body", "trait_item": "body", "mod_item": "body", "declaration_list": "*"},
    class_kinds=frozenset({"impl_item", "trait_item"}),
    lengths=frozenset({"len"}),
    pairwise=frozenset({"max", "min"}),
    entries=frozenset({"main"}),
    is_typed=True,
)
