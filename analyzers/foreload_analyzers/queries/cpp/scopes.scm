; What encloses other things: functions, classes, branches. A function's name may stand behind pointers and references.

((function_definition declarator: (function_declarator declarator: (_) @name)) @whole (#set! fact "function"))
((function_definition declarator: (_ (function_declarator declarator: (_) @name))) @whole (#set! fact "function"))
((function_definition declarator: (_ (_ (function_declarator declarator: (_) @name)))) @whole (#set! fact "function"))
((init_declarator declarator: (identifier) @name value: (lambda_expression)) @whole (#set! fact "function"))

((class_specifier name: (_) @name body: (_)) @whole (#set! fact "class"))
((struct_specifier name: (_) @name body: (_)) @whole (#set! fact "class"))

((if_statement consequence: (_) @whole) (#set! fact "branch"))
((else_clause [(compound_statement) (expression_statement) (return_statement)]) @whole (#set! fact "branch"))
((case_statement) @whole (#set! fact "branch"))

((catch_clause) @whole (#set! fact "rare"))
((throw_statement) @whole (#set! fact "rare"))
