((for_statement (for_clause) @head) @whole (#set! fact "count"))

((for_statement (range_clause left: (expression_list . (_) @target .) right: (_) @over) body: (_) @body) @whole
  (#set! fact "loop") (#set! kind "places"))
((for_statement (range_clause left: (expression_list (_) (_)) @target right: (_) @over) body: (_) @body) @whole
  (#set! fact "loop") (#set! kind "for"))
((for_statement (range_clause !left right: (_) @over) body: (_) @body) @whole (#set! fact "loop") (#set! kind "for"))

((for_statement . [(binary_expression) (unary_expression) (identifier) (call_expression) (parenthesized_expression)
    (selector_expression) (true)] @condition body: (_) @body) @whole (#set! fact "loop") (#set! kind "while"))
((for_statement . body: (block) @body) @whole (#set! fact "loop") (#set! kind "while"))

((break_statement) @whole (#set! fact "break"))
