((call_expression) @whole (#set! fact "call"))
((macro_invocation) @whole (#set! fact "call"))

((await_expression) @whole (#set! fact "wait"))
((return_expression (_) @value) @whole (#set! fact "return"))
; The last expression of a body is its value.
((function_item body: (block [(identifier) (call_expression) (binary_expression) (struct_expression) (field_expression)
    (tuple_expression) (index_expression) (macro_invocation) (reference_expression) (if_expression) (match_expression)
    (unary_expression) (type_cast_expression)] @value @whole .)) (#set! fact "return"))
