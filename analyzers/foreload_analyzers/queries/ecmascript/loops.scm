((for_statement) @whole (#set! fact "count"))
((for_in_statement left: (_) @target right: (_) @over body: (_) @body) @whole (#set! fact "loop") (#set! kind "for"))
((while_statement condition: (_) @condition body: (_) @body) @whole (#set! fact "loop") (#set! kind "while"))
((do_statement body: (_) @body condition: (_) @condition) @whole (#set! fact "loop") (#set! kind "while"))

; A function that is run for each item.
((call_expression
    function: (member_expression object: (_) @over property: (property_identifier) @_name)
    arguments: (arguments . [
      (arrow_function parameters: (_) @target body: (_) @body)
      (arrow_function parameter: (_) @target body: (_) @body)
      (function_expression parameters: (_) @target body: (_) @body)])) @whole
  (#any-of? @_name "forEach" "map" "filter" "some" "every" "find" "findIndex" "findLast" "flatMap" "reduce" "reduceRight")
  (#set! fact "loop") (#set! kind "for"))

((break_statement) @whole (#set! fact "break"))
