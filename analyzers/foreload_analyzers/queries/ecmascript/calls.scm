((call_expression) @whole (#set! fact "call"))
((new_expression) @whole (#set! fact "call"))

((await_expression) @whole (#set! fact "wait"))
((yield_expression) @whole (#set! fact "yield"))
((return_statement (_) @value) @whole (#set! fact "return"))
((variable_declarator value: (arrow_function body: [(identifier) (call_expression) (binary_expression) (ternary_expression)
    (member_expression) (subscript_expression) (array) (new_expression)] @value @whole)) (#set! fact "return"))
