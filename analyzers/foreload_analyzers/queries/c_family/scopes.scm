; What encloses other things: functions, branches. A function's name may stand behind pointers and references.

((function_definition declarator: (function_declarator declarator: (_) @name)) @whole (#set! fact "function"))
((function_definition declarator: (_ (function_declarator declarator: (_) @name))) @whole (#set! fact "function"))
((function_definition declarator: (_ (_ (function_declarator declarator: (_) @name)))) @whole (#set! fact "function"))

((if_statement consequence: (_) @whole) (#set! fact "branch"))
((else_clause [(compound_statement) (expression_statement) (return_statement)]) @whole (#set! fact "branch"))
((case_statement) @whole (#set! fact "branch"))
