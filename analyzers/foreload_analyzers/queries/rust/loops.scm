((for_expression pattern: (_) @target value: (_) @over body: (_) @body) @whole (#set! fact "loop") (#set! kind "for"))
((while_expression condition: (_) @condition body: (_) @body) @whole (#set! fact "loop") (#set! kind "while"))
((loop_expression body: (_) @body) @whole (#set! fact "loop") (#set! kind "while"))

; A closure that is run for each item.
((call_expression
    function: (field_expression value: (_) @over field: (field_identifier) @_name)
    arguments: (arguments (closure_expression parameters: (_) @target body: (_) @body) .)) @whole
  (#any-of? @_name "for_each" "map" "filter" "filter_map" "flat_map" "any" "all" "fold" "take_while" "skip_while" "position"
    "find" "find_map" "partition" "max_by_key" "min_by_key" "retain" "scan" "try_for_each" "inspect")
  (#set! fact "loop") (#set! kind "for"))

((break_expression) @whole (#set! fact "break"))
