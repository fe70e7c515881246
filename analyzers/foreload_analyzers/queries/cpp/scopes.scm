((init_declarator declarator: (identifier) @name value: (lambda_expression)) @whole (#set! fact "function"))

((class_specifier name: (_) @name body: (_)) @whole (#set! fact "class"))
((struct_specifier name: (_) @name body: (_)) @whole (#set! fact "class"))

((catch_clause) @whole (#set! fact "rare"))
((throw_statement) @whole (#set! fact "rare"))
