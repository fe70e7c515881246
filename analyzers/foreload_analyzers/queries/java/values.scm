; What variables hold and how they move.

((local_variable_declaration type: (_) @type declarator: (_) @left @whole) (#set! fact "declare"))
((field_declaration type: (_) @type declarator: (_) @left @whole) (#set! fact "declare"))
((enhanced_for_statement type: (_) @type name: (_) @left @whole) (#set! fact "declare"))
((resource type: (_) @type name: (_) value: (_)) @left @whole (#set! fact "declare"))

((assignment_expression left: (_) @left operator: "=" right: (_) @right) @whole (#set! fact "assign"))
((assignment_expression left: (_) @left operator: _ @operator right: (_) @right) @whole
  (#not-eq? @operator "=") (#set! fact "update"))
((update_expression (_) @left) @whole (#set! fact "step"))

((method_invocation object: (_) name: (identifier) @_name arguments: (argument_list (_))) @whole
  (#any-of? @_name "contains" "containsKey" "indexOf" "lastIndexOf")
  (#set! fact "membership") (#set! kind "call"))
((method_invocation object: (_) name: (identifier) @_name arguments: (argument_list (_))) @whole
  (#any-of? @_name "substring" "subList" "subSequence")
  (#set! fact "slice") (#set! kind "part"))
