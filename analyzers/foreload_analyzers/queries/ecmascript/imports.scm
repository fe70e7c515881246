((import_statement (import_clause (identifier) @alias) source: (_) @module) (#set! fact "import"))
((import_statement (import_clause (namespace_import (identifier) @alias)) source: (_) @module) (#set! fact "import"))
((import_statement (import_clause (named_imports (import_specifier name: (_) @name !alias))) source: (_) @module)
  (#set! fact "import"))
((import_statement (import_clause (named_imports (import_specifier name: (_) @name alias: (_) @alias))) source: (_) @module)
  (#set! fact "import"))
((import_statement . source: (_) @module) (#set! fact "import"))

((variable_declarator name: (identifier) @alias
    value: (call_expression function: (identifier) @_name arguments: (arguments . (string) @module)))
  (#eq? @_name "require") (#set! fact "import"))
((variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @name)
    value: (call_expression function: (identifier) @_name arguments: (arguments . (string) @module)))
  (#eq? @_name "require") (#set! fact "import"))
