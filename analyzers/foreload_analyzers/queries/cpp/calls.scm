((call_expression) @whole (#set! fact "call"))
((new_expression) @whole (#set! fact "call"))

((return_statement (_) @value) @whole (#set! fact "return"))
((co_yield_statement) @whole (#set! fact "yield"))
