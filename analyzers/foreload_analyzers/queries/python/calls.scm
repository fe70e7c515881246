((call function: (_) @callee arguments: (_) @arguments) @whole (#set! fact "call"))

((await) @whole (#set! fact "wait"))
((yield) @whole (#set! fact "yield"))
((return_statement (_) @value) @whole (#set! fact "return"))
