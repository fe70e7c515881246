((for_statement) @whole (#set! fact "count"))
((while_statement condition: (_) @condition body: (_) @body) @whole (#set! fact "loop") (#set! kind "while"))
((do_statement body: (_) @body condition: (_) @condition) @whole (#set! fact "loop") (#set! kind "while"))
((break_statement) @whole (#set! fact "break"))
