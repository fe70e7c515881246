((public_field_definition name: (_) @name value: [(arrow_function) (function_expression)]) @whole (#set! fact "function"))
((public_field_definition) @left @whole (#set! fact "declare"))
((abstract_class_declaration name: (_) @name) @whole (#set! fact "class"))
