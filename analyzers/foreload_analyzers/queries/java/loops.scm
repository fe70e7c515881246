((for_statement) @whole (#set! fact "count"))

((enhanced_for_statement name: (_) @target value: (_) @over body: (_) @body) @whole (#set! fact "loop") (#set! kind "for"))

((while_statement condition: (_) @condition body: (_) @body) @whole (#set! fact "loop") (#set! kind "while"))
((do_statement body: (_) @body condition: (_) @condition) @whole (#set! fact "loop") (#set! kind "while"))

; A lambda that is run for each item.
((method_invocation object: (_) @over name: (identifier) @_name
    arguments: (argument_list . (lambda_expression parameters: (_) @target body: (_) @body))) @whole
  (#any-of? @_name "forEach" "map" "mapToInt" "mapToLong" "mapToDouble" "mapToObj" "filter" "flatMap" "anyMatch" "allMatch"
    "noneMatch" "removeIf" "replaceAll" "forEachOrdered" "peek")
  (#set! fact "loop") (#set! kind "for"))

((break_statement) @whole (#set! fact "break"))
