; What encloses other things: functions, classes, branches. A function that is the value of a name goes by that name.

((function_declaration name: (_) @name) @whole (#set! fact "function"))
((generator_function_declaration name: (_) @name) @whole (#set! fact "function"))
((method_definition name: (_) @name) @whole (#set! fact "function"))
((variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)]) @whole
  (#set! fact "function"))
((assignment_expression left: (identifier) @name right: [(arrow_function) (function_expression)]) @whole
  (#set! fact "function"))
((assignment_expression left: (member_expression property: (_) @name) right: [(arrow_function) (function_expression)]) @whole
  (#set! fact "function"))
((pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @whole (#set! fact "function"))

((function_declaration "async") @whole (#set! fact "async"))
((method_definition "async") @whole (#set! fact "async"))
((variable_declarator value: [(arrow_function "async") (function_expression "async")]) @whole (#set! fact "async"))

((class_declaration name: (_) @name) @whole (#set! fact "class"))
((class name: (_) @name) @whole (#set! fact "class"))

((if_statement consequence: (_) @whole) (#set! fact "branch"))
((else_clause [(statement_block) (expression_statement) (return_statement)]) @whole (#set! fact "branch"))
((switch_case) @whole (#set! fact "branch"))
((switch_default) @whole (#set! fact "branch"))

((catch_clause) @whole (#set! fact "rare"))
((throw_statement) @whole (#set! fact "rare"))
