; Loops. `over` is what a counted loop walks, `condition` what a conditional one tests.

((for_statement left: (_) @target right: (_) @over body: (block) @body) @whole (#set! fact "loop") (#set! kind "for"))

((while_statement condition: (_) @condition body: (block) @body) @whole (#set! fact "loop") (#set! kind "while"))

((_ (for_in_clause left: (_) @target right: (_) @over)) @whole (#set! fact "loop") (#set! kind "comprehension"))

((break_statement) @whole (#set! fact "break"))
