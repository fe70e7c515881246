((method_invocation) @whole (#set! fact "call"))
((object_creation_expression) @whole (#set! fact "call"))

((return_statement (_) @value) @whole (#set! fact "return"))
