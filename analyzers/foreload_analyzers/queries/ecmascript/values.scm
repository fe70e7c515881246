; What variables hold and how they move.

((variable_declarator) @left @whole (#set! fact "declare"))

((assignment_expression left: (_) @left right: (_) @right) @whole (#set! fact "assign"))
((augmented_assignment_expression left: (_) @left operator: _ @operator right: (_) @right) @whole (#set! fact "update"))
((update_expression argument: (_) @left) @whole (#set! fact "step"))

((call_expression function: (member_expression property: (property_identifier) @_name) arguments: (arguments (_))) @whole
  (#any-of? @_name "includes" "indexOf" "lastIndexOf" "has")
  (#set! fact "membership") (#set! kind "call"))
((binary_expression left: (_) @item operator: "in" right: (_) @container) @whole (#set! fact "membership"))
((call_expression function: (member_expression property: (property_identifier) @_name) arguments: (arguments (_))) @whole
  (#any-of? @_name "slice" "substring" "subarray")
  (#set! fact "slice") (#set! kind "part"))
((call_expression function: (member_expression property: (property_identifier) @_name) arguments: (arguments (_))) @whole
  (#eq? @_name "substr")
  (#set! fact "slice") (#set! kind "count"))
