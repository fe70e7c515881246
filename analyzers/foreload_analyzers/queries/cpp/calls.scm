((new_expression) @whole (#set! fact "call"))
((co_yield_statement) @whole (#set! fact "yield"))
