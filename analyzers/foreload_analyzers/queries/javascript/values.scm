((field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @whole (#set! fact "function"))
((field_definition property: (_) @left value: (_) @right) @whole (#set! fact "assign"))
