; What variables hold and how they move.

((assignment left: (_) @left right: (_) @right) @whole (#set! fact "assign"))
((named_expression name: (_) @left value: (_) @right) @whole (#set! fact "assign"))
((augmented_assignment left: (_) @left operator: _ @operator right: (_) @right) @whole (#set! fact "update"))
((with_item value: (as_pattern (_) @right alias: (as_pattern_target (_) @left))) @whole (#set! fact "assign"))

((comparison_operator (_) @item operators: ["in" "not in"] . (_) @container) @whole (#set! fact "membership"))
((subscript value: (_) @value subscript: (slice) @range) @whole (#set! fact "slice"))
