((call_expression) @whole (#set! fact "call"))
((go_statement (call_expression) @value) @whole (#set! fact "spawn") (#set! kind "go"))

((return_statement (_) @value) @whole (#set! fact "return"))
